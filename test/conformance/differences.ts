// How the filter vectors compare messages: each function gives "" or the first difference as a sentence.

import { createHash } from "node:crypto";
import { brotliDecompressSync, gunzipSync, inflateRawSync, zstdDecompressSync } from "node:zlib";
import type { Fields, Message } from "./socket-reader.ts";
import { valuesOf } from "./socket-reader.ts";

/** A value, or { match: regexp }, or { any: true }; lists of them. */
export type Pattern = unknown;

export interface WantedBody {
  readonly body?: Pattern;
  readonly body_b64?: string;
  readonly body_length?: number;
  readonly body_sha256?: string;
  readonly body_prefix?: string;
}

export interface WantedResponse extends WantedBody {
  readonly status?: number;
  readonly accepted?: boolean;
  readonly error?: unknown;
  readonly headers?: Readonly<Record<string, Pattern>>;
  readonly header_names?: readonly string[];
  readonly framing?: Pattern;
  readonly content_length?: Pattern;
  readonly complete?: boolean;
  readonly min_ms?: number;
  readonly body_encoding?: string;
  readonly body_decoded?: Pattern;
}

export interface WantedRequest extends WantedBody {
  readonly method?: Pattern;
  readonly target?: Pattern;
  readonly framing?: Pattern;
  readonly headers?: Readonly<Record<string, Pattern>>;
  readonly header_names?: readonly string[];
}

const RESPONSE_DROPS = ["date", "connection", "transfer-encoding", "content-length"];
const REQUEST_DROPS = ["connection", "transfer-encoding", "content-length"];

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isLike(want: Pattern, got: unknown): boolean {
  if (isRecord(want) && "any" in want) return true;
  if (isRecord(want) && typeof want.match === "string") {
    return typeof got === "string" && new RegExp(want.match, "u").test(got);
  }
  if (Array.isArray(want)) {
    return Array.isArray(got) && want.length === got.length && want.every((one, i) => isLike(one, got[i]));
  }
  return want === got;
}

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 160 ? `${text.slice(0, 160)}...` : text;
};

function fieldDifference(want: Readonly<Record<string, Pattern>>, fields: Fields, drops: readonly string[]): string {
  const got = new Map<string, string[]>();
  for (const [name, value] of fields) {
    const key = name.toLowerCase();
    if (!drops.includes(key)) got.set(key, [...(got.get(key) ?? []), value]);
  }
  for (const [name, pattern] of Object.entries(want)) {
    const values = got.get(name);
    if (values === undefined && isRecord(pattern) && "any" in pattern) continue;
    if (values === undefined) return `header ${name} is missing, expected ${show(pattern)}`;
    if (!isLike(pattern, values)) return `header ${name} is ${show(values)}, expected ${show(pattern)}`;
    got.delete(name);
  }
  for (const [name, values] of got) if (!(name in want)) return `header ${name} is too much: ${show(values)}`;
  return "";
}

function nameDifference(want: readonly string[], fields: Fields, drops: readonly string[]): string {
  const got = fields.map(([name]) => name).filter((name) => !drops.includes(name.toLowerCase()));
  return isLike([...want].sort(), got.sort()) ? "" : `header names ${show(got)}, expected ${show(want)}`;
}

function bodyDifference(want: WantedBody, body: Buffer): string {
  const text = body.toString("utf8");
  if (want.body !== undefined && !isLike(want.body, text)) return `body ${show(text)}, expected ${show(want.body)}`;
  if (want.body_b64 !== undefined && !body.equals(Buffer.from(want.body_b64, "base64"))) return `body ${show(text)}`;
  if (want.body_length !== undefined && body.length !== want.body_length) {
    return `${body.length} bytes of body, expected ${want.body_length}`;
  }
  if (want.body_sha256 !== undefined && createHash("sha256").update(body).digest("hex") !== want.body_sha256) {
    return `another body: ${show(text)}`;
  }
  if (want.body_prefix !== undefined && !text.startsWith(want.body_prefix)) {
    return `body begins with ${show(text)}, expected ${show(want.body_prefix)}`;
  }
  return "";
}

const decoders: Readonly<Record<string, (data: Buffer) => Buffer>> = {
  gzip: gunzipSync,
  deflate: inflateRawSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};

export function responseDifference(want: WantedResponse, got: Message | null, elapsedMs: number): string {
  if (want.error !== undefined) return got === null ? "" : `a response ${got.start[1]}, expected none`;
  if (got === null) return "no response";
  const status = Number(got.start[1]);
  if (status !== want.status) return `status ${status}, expected ${want.status}`;
  if (want.accepted !== undefined) return "";
  const fields = fieldDifference(want.headers ?? {}, got.fields, RESPONSE_DROPS);
  if (fields !== "") return fields;
  if (want.header_names !== undefined) {
    const names = nameDifference(want.header_names, got.fields, RESPONSE_DROPS);
    if (names !== "") return names;
  }
  if (want.framing !== undefined && !isLike(want.framing, got.framing)) {
    return `framing ${got.framing}, expected ${show(want.framing)}`;
  }
  const length = valuesOf(got.fields, "content-length")[0];
  if (want.content_length !== undefined && !isLike(want.content_length, Number(length))) {
    return `Content-Length ${length}, expected ${show(want.content_length)}`;
  }
  if (want.body_prefix === undefined && (want.complete ?? true) !== got.complete) {
    return got.complete ? "a complete body, expected a cut one" : `the body is cut after ${got.body.length} bytes`;
  }
  if (want.min_ms !== undefined && elapsedMs < want.min_ms) {
    return `ended after ${elapsedMs.toFixed()} ms, expected at least ${want.min_ms}`;
  }
  if (want.body_encoding === undefined) return bodyDifference(want, got.body);
  try {
    return bodyDifference({ body: want.body_decoded }, decoders[want.body_encoding]!(got.body));
  } catch (error) {
    return `${want.body_encoding} body: ${String(error)}`;
  }
}

function requestDifference(want: WantedRequest, got: Message): string {
  if (want.method !== undefined && !isLike(want.method, got.start[0])) return `method ${got.start[0]}`;
  if (want.target !== undefined && !isLike(want.target, got.start[1])) {
    return `target ${got.start[1]}, expected ${show(want.target)}`;
  }
  if (want.framing !== undefined && !isLike(want.framing, got.framing)) return `framing ${got.framing}`;
  const fields = want.headers === undefined ? "" : fieldDifference(want.headers, got.fields, REQUEST_DROPS);
  if (fields !== "") return fields;
  const names = want.header_names === undefined ? "" : nameDifference(want.header_names, got.fields, REQUEST_DROPS);
  return names === "" ? bodyDifference(want, got.body) : names;
}

/** Order counts only among requests that do not run in parallel, so any order is taken when the given one does not fit. */
export function requestsDifference(wanted: readonly WantedRequest[], seen: readonly Message[]): string {
  if (wanted.length !== seen.length) return `${seen.length} backend requests, expected ${wanted.length}`;
  const first = wanted.map((want, i) => requestDifference(want, seen[i]!)).find((text) => text !== "");
  if (first === undefined) return "";
  return unmatched(wanted, seen, (want, got) => requestDifference(want, got) === "") === -1 ? "" : `backend: ${first}`;
}

/** Lines of a log against lines that must be there, in any order. */
export function linesDifference(
  wanted: readonly Readonly<Record<string, Pattern>>[],
  got: readonly Readonly<Record<string, unknown>>[],
): string {
  if (got.length !== wanted.length) return `${got.length} log lines, expected ${wanted.length}: ${show(got)}`;
  const fits = (want: Readonly<Record<string, Pattern>>, line: Readonly<Record<string, unknown>>): boolean =>
    Object.entries(want).every(([key, value]) => isLike(value, line[key]));
  const missing = unmatched(wanted, got, fits);
  return missing === -1 ? "" : `no log line ${show(wanted[missing])} in ${show(got)}`;
}

/** Index of the first wanted one that is left when each takes one that fits; -1 when none is. */
function unmatched<A, B>(wanted: readonly A[], got: readonly B[], fits: (want: A, got: B) => boolean): number {
  const left = [...got];
  return wanted.findIndex((want) => {
    const at = left.findIndex((one) => fits(want, one));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
