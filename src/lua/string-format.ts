// string.format (reference manual 5.1, section 5.4): C's conversions with flags, width and precision of at most two digits.

import { numberArg, stringArg } from "./arguments.ts";
import { formatExponent, formatFixed, formatGeneral } from "./number-format.ts";
import { BadArgument, Failure, type Value } from "./value.ts";

interface Spec {
  readonly flags: string;
  readonly width: number;
  /** -1 when not given. */
  readonly precision: number;
}

const SPEC = /([-+ #0]*)(\d{0,3})(?:\.(\d{0,3}))?/y;

export function format(args: readonly Value[]): string {
  const pattern = stringArg(args, 0);
  let out = "";
  let next = 0;
  for (let i = 0; ; ) {
    const percent = pattern.indexOf("%", i);
    if (percent < 0) return out + pattern.slice(i);
    out += pattern.slice(i, percent);
    if (pattern[percent + 1] === "%") {
      out += "%";
      i = percent + 2;
      continue;
    }
    SPEC.lastIndex = percent + 1;
    const found = SPEC.exec(pattern)!;
    const [, flags = "", width = "", precision] = found;
    if (flags.length > 5) throw new Failure("invalid format (repeated flags)");
    if (width.length > 2 || (precision ?? "").length > 2)
      throw new Failure("invalid format (width or precision too long)");
    const at = percent + 1 + found[0].length;
    const spec = { flags, width: Number(width), precision: precision === undefined ? -1 : Number(precision) };
    if (++next >= args.length && pattern[at] !== undefined && "cdiuoxXeEfgGqs".includes(pattern[at])) {
      throw new BadArgument(next + 1, "no value");
    }
    out += convert(pattern[at] ?? "", spec, args, next);
    i = at + 1;
  }
}

function convert(conversion: string, spec: Spec, args: readonly Value[], i: number): string {
  switch (conversion) {
    case "c":
      return pad(String.fromCharCode(Math.trunc(numberArg(args, i)) & 255), {
        ...spec,
        flags: spec.flags.replaceAll("0", ""),
      });
    case "d":
    case "i":
      return integer(BigInt.asIntN(64, whole(numberArg(args, i))), spec);
    case "u":
      return unsigned(numberArg(args, i), 10, spec, false);
    case "o":
      return unsigned(numberArg(args, i), 8, spec, false);
    case "x":
      return unsigned(numberArg(args, i), 16, spec, false);
    case "X":
      return unsigned(numberArg(args, i), 16, spec, true);
    case "e":
    case "E":
    case "f":
    case "g":
    case "G":
      return real(conversion, numberArg(args, i), spec);
    case "q":
      return quoted(stringArg(args, i));
    case "s": {
      const text = stringArg(args, i);
      return pad(spec.precision >= 0 ? text.slice(0, spec.precision) : text, {
        ...spec,
        flags: spec.flags.replaceAll("0", ""),
      });
    }
    default:
      throw new Failure(`invalid option '%${conversion}' to 'format'`);
  }
}

/** A number as C casts it to a 64-bit integer: what is out of range is the smallest one. */
function whole(n: number): bigint {
  if (!Number.isFinite(n) || n >= 2 ** 64 || n < -(2 ** 63)) return -(2n ** 63n);
  return BigInt(Math.trunc(n));
}

function integer(n: bigint, spec: Spec): string {
  const digits = (n < 0n ? -n : n).toString().padStart(spec.precision, "0");
  const shown = spec.precision === 0 && n === 0n ? "" : digits;
  const sign = n < 0n ? "-" : spec.flags.includes("+") ? "+" : spec.flags.includes(" ") ? " " : "";
  return padNumber(sign, shown, spec, spec.precision < 0);
}

function unsigned(value: number, radix: number, spec: Spec, isUpper: boolean): string {
  const n = BigInt.asUintN(64, whole(value));
  let digits = n.toString(radix).padStart(spec.precision, "0");
  if (spec.precision === 0 && n === 0n) digits = "";
  if (isUpper) digits = digits.toUpperCase();
  let prefix = "";
  if (spec.flags.includes("#") && n !== 0n) {
    if (radix === 16) prefix = isUpper ? "0X" : "0x";
    else if (radix === 8 && digits[0] !== "0") digits = `0${digits}`;
  }
  return padNumber(prefix, digits, spec, spec.precision < 0);
}

function real(conversion: string, n: number, spec: Spec): string {
  const precision = spec.precision < 0 ? 6 : spec.precision;
  const alternate = spec.flags.includes("#");
  const lower = conversion.toLowerCase();
  let text =
    lower === "e"
      ? formatExponent(n, precision, alternate)
      : lower === "f"
        ? formatFixed(n, precision, alternate)
        : formatGeneral(n, precision, alternate);
  if (lower !== conversion) text = text.toUpperCase();
  const isNegative = text[0] === "-";
  const sign = isNegative ? "-" : spec.flags.includes("+") ? "+" : spec.flags.includes(" ") ? " " : "";
  return padNumber(sign, isNegative ? text.slice(1) : text, spec, Number.isFinite(n));
}

/** Zeros go between the sign and the digits. */
function padNumber(sign: string, digits: string, spec: Spec, allowsZeros: boolean): string {
  const isZero = allowsZeros && spec.flags.includes("0") && !spec.flags.includes("-");
  return isZero ? sign + digits.padStart(spec.width - sign.length, "0") : pad(sign + digits, spec);
}

function pad(text: string, spec: Spec): string {
  return spec.flags.includes("-") ? text.padEnd(spec.width) : text.padStart(spec.width);
}

function quoted(text: string): string {
  const body = text.replace(/["\\\n\r\0]/g, (c) => (c === "\r" ? "\\r" : c === "\0" ? "\\000" : `\\${c}`));
  return `"${body}"`;
}
