// Compares what a run of a proxy vector showed with what it expects (`comparison` in the format key): "" or the first difference
// as a sentence.

import { fits, isSame, isSameLine } from "./placeholders.ts";
import type { RequestEntry } from "./raw-backend.ts";
import type { Field } from "./wire.ts";

/** An expected or observed client entry: a response, or what another step showed. */
export type ClientEntry = Readonly<Record<string, unknown>>;

export interface Expectation {
  readonly client: readonly ClientEntry[];
  readonly backend: Readonly<Record<string, readonly RequestEntry[]>>;
  readonly backend_connections?: Readonly<Record<string, number>>;
  readonly access_log?: readonly string[];
  readonly access_log_stderr?: readonly string[];
  readonly app_log?: readonly string[];
  readonly stdout?: string;
}

export interface Observation {
  readonly client: readonly ClientEntry[];
  readonly backend: Readonly<Record<string, readonly RequestEntry[]>>;
  readonly connections: Readonly<Record<string, number>>;
  readonly accessLog: readonly string[];
  readonly stderr: readonly string[];
  readonly stdout: string;
}

const ERROR_LINE = /level=(?:error|warning|fatal|panic)|"level":"(?:error|warning|fatal|panic)"/;

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 220 ? `${text.slice(0, 217)}...` : text;
}

function byName(fields: readonly Field[], dropped: ReadonlySet<string>): Map<string, string[]> {
  const table = new Map<string, string[]>();
  for (const [name, value] of fields) {
    const key = name.toLowerCase();
    if (dropped.has(key) || (key === "connection" && value.toLowerCase() === "keep-alive")) continue;
    table.set(key, [...(table.get(key) ?? []), value]);
  }
  return table;
}

const nothing: ReadonlySet<string> = new Set();
const framingFields: ReadonlySet<string> = new Set(["content-length", "transfer-encoding"]);

function fieldDifference(want: readonly Field[], got: readonly Field[], dropped = nothing): string {
  const wanted = byName(want, dropped);
  const found = byName(got, dropped);
  for (const [name, values] of wanted) {
    const others = found.get(name);
    if (others === undefined && name !== "date") return `header ${name} is missing, expected ${show(values)}`;
    if (others !== undefined && !isSame(values, others))
      return `header ${name} is ${show(others)}, expected ${show(values)}`;
  }
  for (const [name, values] of found) {
    if (!wanted.has(name) && name !== "date") return `header ${name} is too much: ${show(values)}`;
  }
  return "";
}

/** Compares the given keys of two records; keys that only one of them has are a difference, unless they are free. */
function recordDifference(
  want: Readonly<Record<string, unknown>>,
  got: Readonly<Record<string, unknown>>,
  keys: Iterable<string>,
  dropped = nothing,
): string {
  for (const key of keys) {
    const a = want[key];
    const b = got[key];
    if (a === undefined && b === undefined) continue;
    if (a === undefined) return `${key} is ${show(b)}, nothing expected`;
    if (b === undefined) return `no ${key} in ${show(got)}, expected ${show(a)}`;
    let difference = "";
    if (key === "headers" || key === "trailers") difference = fieldDifference(a as Field[], b as Field[], dropped);
    else if (key === "informational") difference = informationalDifference(a as Informational[], b as Informational[]);
    else if (!isSame(a, b)) difference = `is ${show(b)}, expected ${show(a)}`;
    if (difference !== "") return `${key}: ${difference}`;
  }
  return "";
}

interface Informational {
  readonly status: number;
  readonly headers: Field[];
}

function informationalDifference(want: readonly Informational[], got: readonly Informational[]): string {
  if (want.length !== got.length || want.some((one, i) => one.status !== got[i]!.status)) return show(got);
  return firstOf(want.map((one, i) => fieldDifference(one.headers, got[i]!.headers)));
}

const firstOf = (texts: readonly string[]): string => texts.find((text) => text !== "") ?? "";

function entryDifference(want: ClientEntry, given: ClientEntry): string {
  const free = new Set(["reason", "informative", ...((want.informative as string[] | undefined) ?? [])]);
  let got = given;
  const json = "json" in want;
  if (json) {
    for (const key of ["body", "framing"]) free.add(key);
    try {
      got = { ...given, json: JSON.parse(String(given.body)) };
    } catch {
      return `body is not JSON: ${show(given.body)}`;
    }
  }
  if (want.status === null && !("partial" in want)) free.add("partial");
  const keys = new Set(["status", "framing", ...Object.keys(want).sort(), ...Object.keys(got).sort()]);
  return recordDifference(want, got, keys.difference(free), json ? framingFields : nothing);
}

/** What a backend saw is compared where the vector says something about it. */
function requestDifference(want: RequestEntry, got: RequestEntry): string {
  const optional = ["framing", "body", "tunnel", "after"].filter((key) => key in want);
  const keys = ["line", "headers", ...optional, "trailers", "incomplete", "params", "stdin"];
  return recordDifference({ ...want }, { ...got }, keys);
}

/** Takes partners out of two lists, order free; what is left of both. */
function unpaired<A, B>(wanted: readonly A[], found: readonly B[], equal: (a: A, b: B) => boolean): [A[], B[]] {
  const left = [...found];
  const missing = wanted.filter((want) => {
    const at = left.findIndex((one) => equal(want, one));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return [missing, left];
}

function listDifference<A, B>(
  name: string,
  wanted: readonly A[],
  found: readonly B[],
  difference: (a: A, b: B) => string,
  unordered: boolean,
): string {
  if (wanted.length !== found.length)
    return `${name}: ${found.length} entries, expected ${wanted.length}: ${show(found.at(-1))}`;
  const [a, b] = unordered ? unpaired(wanted, found, (x, y) => difference(x, y) === "") : [wanted, found];
  const first = firstOf(a.map((one, i) => difference(one, b[i]!)));
  return first === "" ? "" : `${name}: ${first}`;
}

function linesDifference(name: string, wanted: readonly string[], found: readonly string[]): string {
  const [missing, left] = unpaired(wanted, found, isSameLine);
  if (missing.length > 0) return `${name}: ${show(left[0])}, expected ${show(missing[0])}`;
  return left.length > 0 ? `${name}: too much: ${show(left[0])}` : "";
}

/** The requests of all backends in one list that does not tell them apart. */
function anyBackend(requests: Observation["backend"], addresses: readonly string[]): RequestEntry[] {
  let text = JSON.stringify(Object.values(requests).flat());
  for (const address of addresses) text = text.replaceAll(address, "{backend}");
  return JSON.parse(text);
}

export function clientDifference(e: Expectation, seen: readonly ClientEntry[], unordered: boolean): string {
  return listDifference("client", e.client, seen, entryDifference, unordered);
}

/** `addresses`: host:port of the backends, for runs in which the choice among them is random. */
export function difference(
  e: Expectation,
  seen: Observation,
  unordered: boolean,
  addresses: readonly string[],
): string {
  const client = clientDifference(e, seen.client, unordered);
  if (client !== "") return client;
  const names = [...new Set([...Object.keys(e.backend), ...Object.keys(seen.backend)])].sort();
  const requests = unordered
    ? listDifference(
        "backends",
        anyBackend(e.backend, addresses),
        anyBackend(seen.backend, addresses),
        requestDifference,
        true,
      )
    : firstOf(
        names.map((n) =>
          listDifference(`backend ${n}`, e.backend[n] ?? [], seen.backend[n] ?? [], requestDifference, false),
        ),
      );
  if (requests !== "") return requests;
  for (const [name, count] of Object.entries(e.backend_connections ?? {})) {
    if (seen.connections[name] !== count) return `${seen.connections[name]} connections to ${name}, expected ${count}`;
  }
  return firstOf([
    e.access_log === undefined ? "" : linesDifference("access log", e.access_log, seen.accessLog),
    e.access_log_stderr === undefined
      ? ""
      : linesDifference(
          "access log on stderr",
          e.access_log_stderr,
          seen.stderr.filter((line) => line.includes(" - - [")),
        ),
    e.app_log === undefined ? "" : appLogDifference(e.app_log, seen.stderr),
    e.stdout === undefined || fits(e.stdout, seen.stdout)
      ? ""
      : `stdout ${show(seen.stdout)}, expected ${show(e.stdout)}`,
  ]);
}

/** The expected lines must be there, and no other warning or error. */
function appLogDifference(wanted: readonly string[], stderr: readonly string[]): string {
  const [missing, left] = unpaired(wanted, stderr, isSameLine);
  const faults = left.filter((line) => ERROR_LINE.test(line));
  if (missing.length > 0) return `application log: ${show(faults[0] ?? left.at(-1))}, expected ${show(missing[0])}`;
  return faults.length > 0 ? `application log: too much: ${show(faults[0])}` : "";
}
