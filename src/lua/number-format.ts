// `%e`, `%f` and `%g` of C: exact digits of a double, rounded half to even, which JavaScript's own functions do not do on ties. The short way serves
// every number whose shortest form has few digits; the rest is divided out in big integers.

/** A finite number as digits: value = 0.d1d2d3... * 10^point. */
interface Decimal {
  readonly digits: string;
  readonly point: number;
}

/** Smaller numbers have less than 15 digits that count, so the shortest form says nothing about the exact value. */
const SMALLEST_NORMAL = 2.3e-308;

/** At least the digits that tell the number from its neighbours. */
function shortest(n: number): Decimal {
  const [mantissa, exponent] = n.toExponential().split("e") as [string, string];
  return { digits: mantissa.replace(".", ""), point: Number(exponent) + 1 };
}

/** All digits of the exact value of a positive number. */
function exact(n: number): Decimal {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, n);
  const raw = bits.getBigUint64(0);
  const exponentBits = Number((raw >> 52n) & 0x7ffn);
  const fraction = raw & 0xfffffffffffffn;
  const mantissa = exponentBits === 0 ? fraction : fraction | 0x10000000000000n;
  const exponent = (exponentBits === 0 ? 1 : exponentBits) - 1075;
  if (exponent >= 0) {
    const digits = (mantissa << BigInt(exponent)).toString();
    return { digits, point: digits.length };
  }
  // m * 2^-k = m * 5^k * 10^-k
  const digits = (mantissa * 5n ** BigInt(-exponent)).toString();
  return { digits, point: digits.length + exponent };
}

/** The first `count` digits (at least 0 of them), rounded half to even. */
function round(n: number, count: (point: number) => number): Decimal {
  if (n === 0) return { digits: "", point: 1 };
  let decimal = shortest(n);
  let wanted = count(decimal.point);
  if (wanted >= decimal.digits.length && wanted <= 15 && n > SMALLEST_NORMAL) return decimal;
  decimal = exact(n);
  wanted = count(decimal.point);
  if (wanted >= decimal.digits.length) return decimal;
  if (wanted < 0) return { digits: "", point: decimal.point };
  const { digits, point } = decimal;
  const next = digits.charCodeAt(wanted) - 48;
  const isTie = next === 5 && /^0*$/.test(digits.slice(wanted + 1));
  const isOdd = wanted > 0 && (digits.charCodeAt(wanted - 1) - 48) % 2 === 1;
  const kept = digits.slice(0, wanted);
  if (next < 5 || (isTie && !isOdd)) return { digits: kept, point };
  const up = (BigInt(kept === "" ? "0" : kept) + 1n).toString().padStart(wanted, "0");
  return up.length > wanted ? { digits: up, point: point + 1 } : { digits: up, point };
}

function notFinite(n: number): string {
  return Number.isNaN(n) ? "nan" : n < 0 ? "-inf" : "inf";
}

function isNegative(n: number): boolean {
  return n < 0 || (n === 0 && 1 / n < 0);
}

function exponentText(exponent: number): string {
  return `e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** `%.<precision>f`; `alternate` keeps the point (flag `#`). */
export function formatFixed(n: number, precision: number, alternate: boolean): string {
  if (!Number.isFinite(n)) return notFinite(n);
  const { digits, point } = round(Math.abs(n), (at) => at + precision);
  const whole = point <= 0 ? "0" : digits.slice(0, point).padEnd(point, "0");
  const fraction = (point < 0 ? "0".repeat(Math.min(-point, precision)) + digits : digits.slice(Math.max(point, 0)))
    .slice(0, precision)
    .padEnd(precision, "0");
  return `${isNegative(n) ? "-" : ""}${whole}${precision > 0 || alternate ? "." : ""}${fraction}`;
}

/** `%.<precision>e`. */
export function formatExponent(n: number, precision: number, alternate: boolean): string {
  if (!Number.isFinite(n)) return notFinite(n);
  const { digits, point } = round(Math.abs(n), () => precision + 1);
  return scientific(n, digits.padEnd(precision + 1, "0").slice(0, precision + 1), point - 1, alternate);
}

function scientific(n: number, digits: string, exponent: number, alternate: boolean): string {
  const fraction = digits.slice(1);
  const dot = fraction !== "" || alternate ? "." : "";
  return `${isNegative(n) ? "-" : ""}${digits[0]}${dot}${fraction}${exponentText(exponent)}`;
}

/** `%.<precision>g`. */
export function formatGeneral(n: number, precision: number, alternate: boolean): string {
  if (!Number.isFinite(n)) return notFinite(n);
  const wanted = precision === 0 ? 1 : precision;
  const { digits, point } = round(Math.abs(n), () => wanted);
  const exponent = point - 1;
  let shown = digits.padEnd(wanted, "0").slice(0, wanted);
  if (!alternate) shown = withoutZeros(shown);
  if (exponent < -4 || exponent >= wanted) return scientific(n, shown === "" ? "0" : shown, exponent, alternate);
  const sign = isNegative(n) ? "-" : "";
  if (point <= 0) {
    const fraction = shown === "" ? "" : "0".repeat(-point) + shown;
    return `${sign}0${fraction === "" && !alternate ? "" : "."}${fraction}`;
  }
  const fraction = shown.slice(point);
  return `${sign}${shown.slice(0, point).padEnd(point, "0")}${fraction === "" && !alternate ? "" : "."}${fraction}`;
}

function withoutZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === 48) end--;
  return digits.slice(0, end);
}
