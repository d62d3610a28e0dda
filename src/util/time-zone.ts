// Names of the time zone database, resolved with the data that comes with the runtime (spec predicates 10).

/**
 * The name that Intl understands for a zone as written: "" and `UTC` are UTC, `Local` is the zone of the process. Null for an
 * unknown name; letter case counts, although Intl itself would not mind.
 */
export function resolveTimeZone(name: string): string | null {
  if (name === "" || name === "UTC") return "UTC";
  if (name === "Local") return new Intl.DateTimeFormat("en").resolvedOptions().timeZone;
  // Intl and Temporal also take offsets such as +01:00.
  if (!/^[A-Za-z][A-Za-z0-9/_+-]*$/.test(name)) return null;
  try {
    return spelling(name) === name ? name : null;
  } catch {
    return null;
  }
}

/** The name with its letter case put right; throws for an unknown one. */
function spelling(name: string): string {
  if (typeof Temporal !== "undefined") return new Temporal.ZonedDateTime(0n, name).timeZoneId;
  // Without Temporal an alias comes back as what it stands for, and its case cannot be checked.
  const canonical = new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  return canonical.toLowerCase() === name.toLowerCase() ? canonical : name;
}

/** Offset of a zone east of UTC at a time, in milliseconds. */
export function zoneOffsetMs(zone: string, timeMs: number): number {
  const format = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" });
  const text = format.formatToParts(timeMs).find((part) => part.type === "timeZoneName")?.value ?? "GMT";
  // `GMT`, `GMT+01:00`, and with seconds for the local mean times of old: `GMT+00:53:28`.
  const [hours = 0, minutes = 0, seconds = 0] = text.slice(4).split(":").map(Number);
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 * (text[3] === "-" || text[3] === "\u2212" ? -1 : 1);
}
