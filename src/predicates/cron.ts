// `Cron` (spec predicates 10). The dialect is a small part of the usual one (no steps, names or macros), and a library would accept
// the rest too; so the fields are read here.

import { stringKind } from "../spec/arg-kinds.ts";
import { type ArgKind, one, Refused } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";

/** Allowed values of minute, hour, day of month, month, day of week. */
const BOUNDS = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
] as const;

/** For each field, one entry per value: 1 when it matches. */
type CronMask = readonly Uint8Array[];

const mask: ArgKind<CronMask> = stringKind({
  kind: "cron mask",
  expected: "a cron mask of five fields",
  accepts: ["* * * * *", "* 8-17 * * 1-5", "05,+10 0 1-31 1,2 0-6", "59-0 * * * *", "00000000000005 * * * *"],
  refuses: ["* * * *", "*/5 * * * *", "* 5-7, * * *", "60 * * * *", "* * * JAN *", "* * * * 7", "@daily", "", 1],
  parse(text) {
    const fields = text.split(/\s+/).filter((field) => field !== "");
    if (fields.length !== BOUNDS.length) {
      return new Refused("invalid cron mask expression. expected 5 fields separated by whitespaces");
    }
    const masks: Uint8Array[] = [];
    for (let i = 0; i < BOUNDS.length; i++) {
      const field = parseField(fields[i]!, BOUNDS[i]![0], BOUNDS[i]![1]);
      if (field instanceof Refused) return field;
      masks.push(field);
    }
    return masks;
  },
});

function parseField(field: string, min: number, max: number): Uint8Array | Refused {
  const values = new Uint8Array(max + 1);
  if (field === "*") return values.fill(1);
  for (const item of field.split(",")) {
    const bounds = item.split("-").map((text) => (/^\+?[0-9]+$/.test(text) ? Number(text) : -1));
    if (bounds.length > 2 || !bounds.every((value) => value >= min && value <= max)) {
      return new Refused(`could not parse cron field: ${field}. invalid list item: ${item}: expected ${min} to ${max}`);
    }
    // A range that ends before it begins holds nothing.
    for (let value = bounds[0]!; value <= bounds.at(-1)!; value++) values[value] = 1;
  }
  return values;
}

export const cron = definePredicate({
  name: "Cron",
  summary: "Matches in the minutes that a cron mask names.",
  details:
    "Five fields: minute, hour, day of month, month, day of week (0 is Sunday), each `*` or a list of numbers and ranges. All must match, in the time zone of the process.",
  args: [one("mask", mask)],
  examples: ['office: Cron("* 8-17 * * 1-5") && PathSubtree("/support") -> "http://backend.test";'],
  create:
    ([[minutes, hours, days, months, weekdays]], env) =>
    () => {
      const now = new Date(env.now());
      return (
        minutes![now.getMinutes()] === 1 &&
        hours![now.getHours()] === 1 &&
        days![now.getDate()] === 1 &&
        months![now.getMonth() + 1] === 1 &&
        weekdays![now.getDay()] === 1
      );
    },
});
