// The common part of After, Before and Between (spec predicates 10): a time is a number of seconds, a string with an offset, or a
// string without one together with a location. The forms cannot be mixed.

import { stringKind } from "../spec/arg-kinds.ts";
import { type ArgKind, Refused } from "../spec/args.ts";
import { parseDateTime, parseInstant, parseLocalTime } from "../util/rfc3339.ts";
import { resolveTimeZone } from "../util/time-zone.ts";

/** A time as written: whether it needs a location or an offset is a rule between arguments. */
export const time: ArgKind<number | string> = {
  kind: "time",
  expected: "a time such as 2030-01-31T23:59:59Z or seconds since 1970",
  accepts: [1893456000, -1.5, "2030-01-31T23:59:59Z", "2030-01-31T23:59:59+02:00"],
  refuses: ["x", "", "2001-01-01", "2001-02-29T00:00:00Z", "2001-01-01 00:00:00Z", "946684800"],
  parse: (value) => (typeof value === "number" || parseDateTime(value) !== null ? value : new Refused()),
};

export const location: ArgKind<string> = stringKind({
  kind: "location",
  expected: "a name of the time zone database",
  accepts: ["Europe/Berlin", "UTC", ""],
  refuses: ["Mars/Base", "europe/berlin", "+01:00", 1],
  parse: (text) => (resolveTimeZone(text) === null ? new Refused() : text),
});

export const TIME_DETAILS =
  "A time is a number of seconds since 1970, a string with an offset (`2030-01-31T23:59:59+02:00`), or a string without one and, as the last argument, a time zone (`Europe/Berlin`).";

/** Milliseconds since 1970, null when the form of the time does not go with the location. */
export function resolveTime(value: number | string, zone: string | undefined): number | null {
  if (typeof value === "number") return zone === undefined ? Math.trunc(value) * 1000 : null;
  return zone === undefined ? parseInstant(value) : parseLocalTime(value, zone);
}

/** What is wrong with times and location together, "" for nothing. */
export function timesProblem(times: readonly (number | string)[], zone: string | undefined): string {
  if (new Set(times.map((value) => typeof value)).size > 1) return "numbers and strings cannot be mixed";
  for (const value of times) {
    if (resolveTime(value, zone) !== null) continue;
    return zone === undefined ? "a time needs an offset or a location" : "a time with a location has no offset";
  }
  return "";
}

/** The time of arguments that `timesProblem` found nothing wrong with. */
export function resolvedTime(value: number | string, zone: string | undefined): number {
  return resolveTime(value, zone) ?? Number.NaN;
}
