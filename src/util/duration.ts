// Durations as users write them in routes, flags and files: `1h30m`, `250ms`, `-1.5s` (spec filters 2). Inside the product a
// duration is a number of milliseconds; fractions of a millisecond are kept.

const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  "\u00b5s": 1e3,
  "\u03bcs": 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Longest duration that can be written: 2^63 nanoseconds, about 292 years. */
const MAX_NANOSECONDS = 2 ** 63;

/** Why a text is no duration. */
export class DurationError {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/**
 * Milliseconds of a duration: an optional sign and decimal numbers that each have a unit (`ns`, `us`, `ms`, `s`, `m`, `h`);
 * `0` needs no unit. No days, no blanks.
 */
export function parseDuration(text: string): number | DurationError {
  const invalid = () => new DurationError(`invalid duration ${JSON.stringify(text)}`);
  let at = 0;
  let negative = false;
  if (text[0] === "-" || text[0] === "+") {
    negative = text[0] === "-";
    at = 1;
  }
  if (text.slice(at) === "0") return 0;
  if (at === text.length) return invalid();
  let total = 0;
  while (at < text.length) {
    const start = at;
    while (isDigit(text.charCodeAt(at))) at++;
    const whole = text.slice(start, at);
    let fraction = "";
    if (text[at] === ".") {
      const from = ++at;
      while (isDigit(text.charCodeAt(at))) at++;
      fraction = text.slice(from, at);
    }
    if (whole === "" && fraction === "") return invalid();
    const unitStart = at;
    while (at < text.length && text[at] !== "." && !isDigit(text.charCodeAt(at))) at++;
    const unit = text.slice(unitStart, at);
    if (unit === "") return new DurationError(`missing unit in duration ${JSON.stringify(text)}`);
    if (!Object.hasOwn(NANOSECONDS, unit)) {
      return new DurationError(`unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`);
    }
    const scale = NANOSECONDS[unit]!;
    // As a whole number first: 0.06624 * 1e9 would fall just short of the nanosecond that is meant.
    const digits = fraction.slice(0, 12);
    total += Number(whole) * scale + Math.floor((Number(digits) * scale) / 10 ** digits.length);
    if (!(total < MAX_NANOSECONDS)) return invalid();
  }
  const ms = total / 1e6;
  return negative && ms !== 0 ? -ms : ms;
}

/** A number of milliseconds as text, with the largest units first: `1m30s`, `1.5s`, `20ms`, `0s`. */
export function formatDuration(ms: number): string {
  const total = Math.round(Math.abs(ms) * 1e6);
  const sign = ms < 0 && total > 0 ? "-" : "";
  if (total === 0) return "0s";
  if (total < 1e3) return `${sign}${total}ns`;
  if (total < 1e6) return `${sign}${decimal(total, 1e3)}\u00b5s`;
  if (total < 1e9) return `${sign}${decimal(total, 1e6)}ms`;
  const hours = Math.floor(total / 3600e9);
  const minutes = Math.floor((total % 3600e9) / 60e9);
  const seconds = decimal(total % 60e9, 1e9);
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}s`;
  if (minutes > 0) return `${sign}${minutes}m${seconds}s`;
  return `${sign}${seconds}s`;
}

/** `value / scale` as a decimal without trailing zeros; both are whole numbers, the scale a power of ten. */
function decimal(value: number, scale: number): string {
  const whole = Math.floor(value / scale);
  const rest = value % scale;
  if (rest === 0) return String(whole);
  const digits = String(rest).padStart(String(scale).length - 1, "0");
  let end = digits.length;
  while (digits[end - 1] === "0") end--;
  return `${whole}.${digits.slice(0, end)}`;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
