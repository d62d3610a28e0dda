// Dates and times of RFC 3339, with or without an offset, as the time predicates take them (spec predicates 10): stricter than
// Date.parse, which accepts other forms and rolls 30 February over.

import { resolveTimeZone, zoneOffsetMs } from "./time-zone.ts";

/** A date and time as written. */
export interface DateTime {
  /** The fields read as if they were UTC, in milliseconds since 1970; a fraction of a millisecond is kept. */
  readonly fieldsMs: number;
  /** Offset east of UTC in milliseconds, null when none is written. */
  readonly offsetMs: number | null;
}

/** Year, month, day, hour of one or two digits, minute, second, fraction, offset. No part can match in two ways. */
const FORM = /^(\d{4})-(\d\d)-(\d\d)T(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)?$/;

/** Reads `2030-01-31T23:59:59.5+02:00`; null when the text or a field of it is not valid. */
export function parseDateTime(text: string): DateTime | null {
  const found = FORM.exec(text);
  if (found === null) return null;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (hour > 23 || minute > 59 || second > 59) return null;
  const date = new Date(0);
  // Date.UTC would take the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  const offset = found[8];
  let offsetMs: number | null = null;
  if (offset === "Z") offsetMs = 0;
  else if (offset !== undefined) {
    const hours = Number(offset.slice(1, 3));
    const minutes = Number(offset.slice(4));
    if (hours > 24 || minutes > 60) return null;
    offsetMs = (hours * 60 + minutes) * 60_000 * (offset[0] === "-" ? -1 : 1);
  }
  const fraction = Number(`0.${found[7] ?? "0"}`) * 1000;
  return { fieldsMs: date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + fraction, offsetMs };
}

/** Milliseconds since 1970 of a time with an offset; null when the text is none. */
export function parseInstant(text: string): number | null {
  const time = parseDateTime(text);
  return time === null || time.offsetMs === null ? null : time.fieldsMs - time.offsetMs;
}

/**
 * Milliseconds since 1970 of a time without offset in a zone of the time zone database; null when either is not valid. A local
 * time that exists twice or not at all is read with one of the two offsets.
 */
export function parseLocalTime(text: string, zone: string): number | null {
  const time = parseDateTime(text);
  const resolved = resolveTimeZone(zone);
  if (time === null || time.offsetMs !== null || resolved === null) return null;
  const guess = time.fieldsMs - zoneOffsetMs(resolved, time.fieldsMs);
  return time.fieldsMs - zoneOffsetMs(resolved, guess);
}
