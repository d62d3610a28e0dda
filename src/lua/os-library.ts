// os (reference manual 5.1, section 5.8) reduced to time and date: a script in the proxy has no business with processes, files and the environment.

import { numberArg, optionalString, tableArg } from "./arguments.ts";
import type { Library } from "./library.ts";
import { toNumber } from "./operations.ts";
import { LuaTable } from "./table.ts";
import { Failure, type Value } from "./value.ts";

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const DAY_MS = 86_400_000;

/** Fields of a time in local time or UTC. */
interface Broken {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly min: number;
  readonly sec: number;
  readonly weekday: number;
  readonly yearday: number;
  readonly isDst: boolean;
  readonly zone: string;
}

function broken(seconds: number, utc: boolean): Broken {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) throw new Failure("time is out of range");
  const offset = utc ? 0 : -date.getTimezoneOffset();
  const shown = new Date(date.getTime() + offset * 60_000);
  const year = shown.getUTCFullYear();
  const winter = Math.max(new Date(year, 0, 1).getTimezoneOffset(), new Date(year, 6, 1).getTimezoneOffset());
  return {
    year,
    month: shown.getUTCMonth(),
    day: shown.getUTCDate(),
    hour: shown.getUTCHours(),
    min: shown.getUTCMinutes(),
    sec: shown.getUTCSeconds(),
    weekday: shown.getUTCDay(),
    yearday: Math.floor((shown.getTime() - Date.UTC(year, 0, 1)) / DAY_MS),
    isDst: !utc && date.getTimezoneOffset() < winter,
    zone: utc ? "GMT" : `${offset < 0 ? "-" : "+"}${two(Math.abs(offset) / 60)}${two(Math.abs(offset) % 60)}`,
  };
}

function two(n: number): string {
  return String(Math.floor(n)).padStart(2, "0");
}

/** The conversions of C's strftime in the C locale. */
const CONVERSIONS: Readonly<Record<string, (t: Broken) => string>> = {
  a: (t) => DAYS[t.weekday]!.slice(0, 3),
  A: (t) => DAYS[t.weekday]!,
  b: (t) => MONTHS[t.month]!.slice(0, 3),
  B: (t) => MONTHS[t.month]!,
  c: (t) => strftime("%a %b ", t) + String(t.day).padStart(2) + strftime(" %H:%M:%S %Y", t),
  d: (t) => two(t.day),
  D: (t) => strftime("%m/%d/%y", t),
  F: (t) => strftime("%Y-%m-%d", t),
  H: (t) => two(t.hour),
  I: (t) => two(t.hour % 12 === 0 ? 12 : t.hour % 12),
  j: (t) => String(t.yearday + 1).padStart(3, "0"),
  m: (t) => two(t.month + 1),
  M: (t) => two(t.min),
  p: (t) => (t.hour < 12 ? "AM" : "PM"),
  S: (t) => two(t.sec),
  T: (t) => strftime("%H:%M:%S", t),
  U: (t) => two((t.yearday + 7 - t.weekday) / 7),
  w: (t) => String(t.weekday),
  W: (t) => two((t.yearday + 7 - ((t.weekday + 6) % 7)) / 7),
  x: (t) => strftime("%m/%d/%y", t),
  X: (t) => strftime("%H:%M:%S", t),
  y: (t) => two(t.year % 100),
  Y: (t) => String(t.year),
  Z: (t) => t.zone,
  "%": () => "%",
};

function strftime(format: string, t: Broken): string {
  return format.replace(/%(.)/gs, (whole, conversion: string) => CONVERSIONS[conversion]?.(t) ?? whole);
}

function date(args: Value[]): Value {
  const given = optionalString(args, 0, "%c");
  const seconds = args[1] === undefined ? Date.now() / 1000 : numberArg(args, 1);
  const utc = given[0] === "!";
  const format = utc ? given.slice(1) : given;
  const t = broken(Math.trunc(seconds), utc);
  if (!format.startsWith("*t")) return strftime(format, t);
  const table = new LuaTable();
  const { year, hour, min, sec } = t;
  const fields = { sec, min, hour, day: t.day, month: t.month + 1, year, wday: t.weekday + 1, yday: t.yearday + 1 };
  for (const [name, value] of Object.entries(fields)) table.set(name, value);
  table.set("isdst", t.isDst);
  return table;
}

function time(args: Value[]): Value {
  if (args[0] === undefined) return Math.floor(Date.now() / 1000);
  const table = tableArg(args, 0);
  const field = (name: string, fallback: number | undefined): number => {
    const value = toNumber(table.get(name)) ?? fallback;
    if (value === undefined) throw new Failure(`field '${name}' missing in date table`);
    return Math.trunc(value);
  };
  const [sec, min, hour] = [field("sec", 0), field("min", 0), field("hour", 12)];
  const ms = new Date(
    field("year", undefined),
    field("month", undefined) - 1,
    field("day", undefined),
    hour,
    min,
    sec,
  ).getTime();
  return Number.isNaN(ms) ? undefined : ms / 1000;
}

export const osLibrary: Library = {
  name: "os",
  functions: {
    clock: () => performance.now() / 1000,
    date,
    difftime: (args) => numberArg(args, 0) - (args[1] === undefined ? 0 : numberArg(args, 1)),
    time,
  },
};
