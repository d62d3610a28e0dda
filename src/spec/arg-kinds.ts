// The kinds of arguments that filters and predicates declare (style 5). Lenient forms of the language live here and nowhere else:
// a duration as a number of milliseconds, a whole number written with a fraction. A filter gets values that are right.

import type { Arg } from "../eskip/route.ts";
import { canonicalName } from "../http/headers.ts";
import { toByteString } from "../util/bytes.ts";
import { CidrError, CidrSet } from "../util/cidr.ts";
import { DurationError, parseDuration } from "../util/duration.ts";
import { type CompiledRegexp, compileRegexp, RegexpError } from "../util/regexp.ts";
import { type Expansion, parseExpansion } from "../util/regexp-expansion.ts";
import { parseInstant } from "../util/rfc3339.ts";
import { type ArgKind, Refused } from "./args.ts";
import { Template } from "./template.ts";

const refused = new Refused();

/** A kind over strings; a number is refused without a look. */
export function stringKind<T>(kind: Omit<ArgKind<T>, "parse"> & { parse(text: string): T | Refused }): ArgKind<T> {
  return { ...kind, parse: (value: Arg) => (typeof value === "string" ? kind.parse(value) : refused) };
}

/** A kind over numbers; a string is refused without a look. */
export function numberKind<T>(kind: Omit<ArgKind<T>, "parse"> & { parse(value: number): T | Refused }): ArgKind<T> {
  return { ...kind, parse: (value: Arg) => (typeof value === "number" ? kind.parse(value) : refused) };
}

/** Anything; for arguments that are ignored. */
export const any: ArgKind<Arg> = {
  kind: "any",
  expected: "anything",
  accepts: ["text", "", 1, -1.5],
  refuses: [],
  parse: (value) => value,
};

/** A string as Unicode text, also "". */
export const string: ArgKind<string> = stringKind({
  kind: "string",
  expected: "a string",
  accepts: ["text", "", "h\u00e9"],
  refuses: [1],
  parse: (text) => text,
});

/** A string as the byte string of its UTF-8 form, for comparing with and sending on the wire. */
export const bytes: ArgKind<string> = stringKind({
  kind: "string",
  expected: "a string",
  accepts: ["text", "", "h\u00e9"],
  refuses: [1],
  parse: toByteString,
});

/** Unicode text of at least one character. */
export const nonEmptyString: ArgKind<string> = stringKind({
  kind: "non-empty string",
  expected: "a non-empty string",
  accepts: ["text"],
  refuses: ["", 1],
  parse: (text) => (text === "" ? refused : text),
});

/** A byte string of at least one byte. */
export const nonEmptyBytes: ArgKind<string> = stringKind({
  kind: "non-empty string",
  expected: "a non-empty string",
  accepts: ["text", "h\u00e9"],
  refuses: ["", 1],
  parse: (text) => (text === "" ? refused : toByteString(text)),
});

/** Any number. */
export const number: ArgKind<number> = numberKind({
  kind: "number",
  expected: "a number",
  accepts: [0, 1.5, -3],
  refuses: ["1", ""],
  parse: (value) => value,
});

/** A number between two bounds, both allowed. */
export function numberBetween(min: number, max: number): ArgKind<number> {
  return numberKind({
    kind: "number",
    expected: `a number from ${min} to ${max}`,
    accepts: [min, max],
    refuses: [min - 0.5, max + 0.5, String(min)],
    parse: (value) => (value >= min && value <= max ? value : refused),
  });
}

/** A number whose fraction is cut off towards zero: `418.9` is 418. */
export const int: ArgKind<number> = numberKind({
  kind: "int",
  expected: "a whole number",
  accepts: [0, 7, -7, 418.9],
  refuses: ["7", ""],
  parse: truncate,
});

/** A number without a fraction. */
export const wholeNumber: ArgKind<number> = numberKind({
  kind: "whole number",
  expected: "a whole number",
  accepts: [0, 7, -7],
  refuses: [1.5, "7", ""],
  parse: (value) => (Number.isInteger(value) ? value : refused),
});

/** As `int`, not below zero after cutting. */
export const nonNegativeInt: ArgKind<number> = intBetween(0, Number.POSITIVE_INFINITY);

/** A whole number between two bounds, both allowed, after cutting the fraction. */
export function intBetween(min: number, max: number): ArgKind<number> {
  const hasMax = max !== Number.POSITIVE_INFINITY;
  return numberKind({
    kind: "int",
    expected: hasMax ? `a whole number from ${min} to ${max}` : `a whole number of at least ${min}`,
    accepts: hasMax ? [min, max] : [min, min + 1, min + 1.5],
    refuses: hasMax ? [min - 1, max + 1, String(min)] : [min - 1, String(min)],
    parse: (value) => (truncate(value) >= min && truncate(value) <= max ? truncate(value) : refused),
  });
}

/** Milliseconds, written as a duration string such as `1m30s`; may be negative. */
export const duration: ArgKind<number> = stringKind({
  kind: "duration",
  expected: "a duration",
  accepts: ["1s", "0", "1h2m3.5s", "-1.5s", "250ms"],
  refuses: ["", "1", "1d", "1 s", "s", 5],
  parse: durationMs,
});

/** Milliseconds, written as a duration string of which only values above zero make sense. */
export const positiveDuration: ArgKind<number> = stringKind({
  kind: "duration",
  expected: "a duration above zero",
  accepts: ["1s", "1h2m3.5s"],
  refuses: ["", "0", "0s", "-1s", "1d", 5],
  parse: (text) => {
    const ms = durationMs(text);
    return typeof ms === "number" && ms <= 0 ? refused : ms;
  },
});

/** Milliseconds: a number of them (fraction cut) or a duration string; not negative. */
export const durationOrMs: ArgKind<number> = {
  kind: "duration or milliseconds",
  expected: "a duration or a number of milliseconds, not negative",
  accepts: ["1s", "0", 0, 250, 1.9],
  refuses: ["", "1", "1d", "-1s", -1],
  parse: (value) => {
    const ms = typeof value === "number" ? truncate(value) : durationMs(value);
    return typeof ms === "number" && ms < 0 ? refused : ms;
  },
};

function durationMs(text: string): number | Refused {
  const ms = parseDuration(text);
  return ms instanceof DurationError ? new Refused(ms.message) : ms;
}

/** An RE2 pattern. */
export const regexp: ArgKind<CompiledRegexp> = stringKind({
  kind: "regexp",
  expected: "a regular expression",
  accepts: ["^a+$", "", "(?i)x"],
  refuses: ["[a", "(?=a)", "a{1001}", 1],
  parse: compile,
});

/** An RE2 pattern of at least one character. */
export const nonEmptyRegexp: ArgKind<CompiledRegexp> = stringKind({
  kind: "non-empty regexp",
  expected: "a non-empty regular expression",
  accepts: ["^a+$", "(?i)x"],
  refuses: ["", "[a", "(?=a)", 1],
  parse: (text) => (text === "" ? refused : compile(text)),
});

function compile(pattern: string): CompiledRegexp | Refused {
  const compiled = compileRegexp(pattern);
  return compiled instanceof RegexpError ? new Refused(compiled.message) : compiled;
}

/** Replacement text for the matches of a regexp: `$1`, `${name}`, `$$`. */
export const expansion: ArgKind<Expansion> = stringKind({
  kind: "expansion",
  expected: "a replacement text",
  accepts: ["$1", "", "a$$b"],
  refuses: [1],
  parse: parseExpansion,
});

/** A status code; the fraction is cut and the range is not looked at here (spec filters 3.5). */
export const status: ArgKind<number> = numberKind({
  kind: "status",
  expected: "a status code",
  accepts: [200, 404.7, 0, 999],
  refuses: ["200", ""],
  parse: truncate,
});

/** A header name in canonical form (`X-Flow-Id`) as a byte string. */
export const headerName: ArgKind<string> = stringKind({
  kind: "header name",
  expected: "a header name",
  accepts: ["X-Flow-Id", "host", ""],
  refuses: [1],
  parse: (text) => canonicalName(toByteString(text)),
});

/** A header value as a byte string. */
export const headerValue: ArgKind<string> = stringKind({
  kind: "header value",
  expected: "a header value",
  accepts: ["text", "", "h\u00e9"],
  refuses: [1],
  parse: toByteString,
});

/** An IP address or a range of them; the set holds just this one. */
export const cidr: ArgKind<CidrSet> = stringKind({
  kind: "cidr",
  expected: "an IP address or a range",
  accepts: ["10.0.0.77/8", "127.0.0.1", "::1", "2001:db8::/32", "0.0.0.0/0"],
  refuses: ["1.2.3.4/33", "1.2.3", "0.0.0.0", "::", "[::1]", "x", "127.0.0.1/08", "1.2.3.4:80", "", 1],
  parse: (text) => {
    const set = new CidrSet();
    const error = set.add(text);
    return error instanceof CidrError ? new Refused(`failed to parse cidr: ${error.message}`) : set;
  },
});

/** A time with an offset in the form of RFC 3339, as milliseconds since 1970. */
export const timeRfc3339: ArgKind<number> = stringKind({
  kind: "time",
  expected: "a time such as 2030-01-31T23:59:59Z",
  accepts: ["2030-01-31T23:59:59Z", "2030-01-31T23:59:59.5+02:00"],
  refuses: ["2030-01-31T23:59:59", "2030-01-31", "2001-02-29T00:00:00Z", "2001-01-01t00:00:00z", "", 1],
  parse: (text) => parseInstant(text) ?? refused,
});

/** One of the given strings, exactly so. */
export function oneOf<const T extends string>(...choices: readonly T[]): ArgKind<T> {
  return stringKind({
    kind: `one of ${choices.join(", ")}`,
    expected: `one of ${choices.map((choice) => JSON.stringify(choice)).join(", ")}`,
    accepts: choices,
    refuses: ["no such choice", 1],
    parse: (text) => choices.find((choice) => choice === text) ?? refused,
  });
}

/** Text with placeholders such as `${request.host}`. */
export const template: ArgKind<Template> = stringKind({
  kind: "template",
  expected: "a template",
  accepts: ["text", "", "/${id}", "${request.header.X-Id}"],
  refuses: [1],
  parse: (text) => new Template(text),
});

/** Cuts the fraction; -0 becomes 0. */
function truncate(value: number): number {
  return Math.trunc(value) + 0;
}
