// Dates of cookies as browsers read them (RFC 6265 5.1.1): tokens in any order, which is wider than HTTP's dates and narrower than
// what Date.parse makes of a text: `Expires=0` is no date, and must not become one in the past.

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/** Delimiters: everything that is no digit, letter, colon, or byte from 0x7f. */
const DELIMITERS = /[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+/;
const FIRST_YEAR = 1601;

/** Milliseconds since 1970; null when the text is no date. */
export function parseCookieDate(text: string): number | null {
  let time: readonly number[] | null = null;
  let day = -1;
  let month = -1;
  let year = -1;
  for (const token of text.split(DELIMITERS)) {
    const clock: RegExpExecArray | null = time === null ? /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?!\d)/.exec(token) : null;
    const number = /^(\d{1,4})(?!\d)/.exec(token)?.[1] ?? "";
    const named = month < 0 ? MONTHS.indexOf(token.slice(0, 3).toLowerCase()) : -1;
    if (clock !== null) time = clock.slice(1).map(Number);
    else if (day < 0 && (number.length === 1 || number.length === 2)) day = Number(number);
    else if (named >= 0) month = named;
    else if (year < 0 && number.length >= 2) year = Number(number);
  }
  if (time === null || day < 1 || month < 0 || year < 0) return null;
  if (year < 70) year += 2000;
  else if (year < 100) year += 1900;
  const [hour, minute, second] = time as [number, number, number];
  if (day > 31 || year < FIRST_YEAR || hour > 23 || minute > 59 || second > 59) return null;
  const ms = Date.UTC(year, month, day, hour, minute, second);
  return new Date(ms).getUTCDate() === day ? ms : null;
}
