// Dates in headers (RFC 9110 5.6.7): the value of Date, made once per second and without a timer, one instance per worker; and the
// reading of what others send, in the three formats that there are.

export class HttpDate {
  #second = Number.NaN;
  #text = "";

  /** The date of `nowMs` (milliseconds since the epoch) as `Sun, 06 Nov 1994 08:49:37 GMT`. */
  at(nowMs: number): string {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = new Date(second * 1000).toUTCString();
    }
    return this.#text;
  }
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const IMF_FIXDATE = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
const RFC_850 = /^[A-Z][a-z]{5,8}, (\d{2})-([A-Z][a-z]{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/;

/** Milliseconds since 1970; NaN for what is no date. */
export function parseHttpDate(text: string): number {
  const imf = IMF_FIXDATE.exec(text);
  if (imf !== null) return moment(Number(imf[3]), imf[2]!, imf[1]!, imf[4]!, imf[5]!, imf[6]!);
  const old = RFC_850.exec(text);
  if (old !== null) return moment(fullYear(Number(old[3])), old[2]!, old[1]!, old[4]!, old[5]!, old[6]!);
  const c = ASCTIME.exec(text);
  return c === null ? Number.NaN : moment(Number(c[6]), c[1]!, c[2]!, c[3]!, c[4]!, c[5]!);
}

/** A year of two digits that would be more than 50 years ahead is one of the past. */
function fullYear(two: number): number {
  const now = new Date().getUTCFullYear();
  const year = now - (now % 100) + two;
  return year > now + 50 ? year - 100 : year;
}

function moment(year: number, monthName: string, ...rest: [string, string, string, string]): number {
  const [day, hour, minute, second] = rest.map(Number) as [number, number, number, number];
  const month = MONTHS.indexOf(monthName);
  if (month < 0 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return Number.NaN;
  return Date.UTC(year, month, day, hour, minute, second);
}
