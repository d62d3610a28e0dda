// Reads fields of JSON with the types that they must have, and keeps the first fault: callers read everything and ask once. A field
// is found by its exact name, else by its name in any case (spec kubernetes 3); null counts as absent.

import { parseInstant } from "../util/rfc3339.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

const none: readonly never[] = Object.freeze([]);
const noTexts: ReadonlyMap<string, string> = new Map();

export class JsonFields {
  /** "" while all fields were as they must be, else the path of the first that was not, what was expected, and what was got. */
  fault = "";
  /** Where paths begin. */
  #root: JsonObject | null = null;

  /** The document, `what` in messages; null: absent, or no object. Everything else is read from it. */
  whole(value: unknown, what: string): JsonObject | null {
    this.#root = this.#object(value, () => what);
    return this.#root;
  }

  /** null: absent, or of the wrong type. */
  part(of: JsonObject | null, name: string): JsonObject | null {
    return this.#object(find(of, name), () => this.#path(of, name));
  }

  text(of: JsonObject | null, name: string): string {
    return this.#text(find(of, name), () => this.#path(of, name));
  }

  /** 0 when absent. */
  integer(of: JsonObject | null, name: string): number {
    const value = find(of, name) ?? 0;
    if (Number.isSafeInteger(value)) return value as number;
    this.#refuse(this.#path(of, name), "an integer", value);
    return 0;
  }

  /** null when absent. */
  integerOrText(of: JsonObject | null, name: string): number | string | null {
    const value = find(of, name) ?? null;
    if (value === null || typeof value === "string" || Number.isSafeInteger(value)) return value as number | string;
    this.#refuse(this.#path(of, name), "an integer or a string", value);
    return null;
  }

  /** null when absent. */
  flag(of: JsonObject | null, name: string): boolean | null {
    const value = find(of, name) ?? null;
    if (value === null || typeof value === "boolean") return value;
    this.#refuse(this.#path(of, name), "true or false", value);
    return null;
  }

  /** A time of RFC 3339 as written, "" when absent. */
  time(of: JsonObject | null, name: string): string {
    const value = this.text(of, name);
    if (value === "" || parseInstant(value) !== null) return value;
    if (this.fault === "")
      this.fault = `${this.#path(of, name)}: expected a time of RFC 3339, got ${value.slice(0, 40)}`;
    return "";
  }

  isAbsent(of: JsonObject | null, name: string): boolean {
    return (find(of, name) ?? null) === null;
  }

  /** The strings of a list; null entries are "". */
  texts(of: JsonObject | null, name: string): readonly string[] {
    const items = this.#list(of, name);
    return items.length === 0 ? none : items.map((item, i) => this.#text(item, () => `${this.#path(of, name)}[${i}]`));
  }

  /** The objects of a list; null entries are left out. */
  parts(of: JsonObject | null, name: string): readonly JsonObject[] {
    const parts = this.partsOrNull(of, name);
    return parts.includes(null) ? parts.filter((part) => part !== null) : (parts as readonly JsonObject[]);
  }

  partsOrNull(of: JsonObject | null, name: string): readonly (JsonObject | null)[] {
    const items = this.#list(of, name);
    return items.length === 0
      ? none
      : items.map((item, i) => this.#object(item, () => `${this.#path(of, name)}[${i}]`));
  }

  textMap(of: JsonObject | null, name: string): ReadonlyMap<string, string> {
    const part = this.part(of, name);
    if (part === null) return noTexts;
    const keys = Object.keys(part);
    return keys.length === 0
      ? noTexts
      : new Map(keys.map((key) => [key, this.#text(part[key], () => this.#path(part, key))]));
  }

  #object(value: unknown, path: () => string): JsonObject | null {
    if (value === null || value === undefined) return null;
    if (isJsonObject(value)) return value;
    this.#refuse(path(), "an object", value);
    return null;
  }

  #text(value: unknown, path: () => string): string {
    if (typeof value === "string") return value;
    if (value !== null && value !== undefined) this.#refuse(path(), "a string", value);
    return "";
  }

  #list(of: JsonObject | null, name: string): readonly unknown[] {
    const value = find(of, name) ?? none;
    if (Array.isArray(value)) return value;
    this.#refuse(this.#path(of, name), "a list", value);
    return none;
  }

  #refuse(path: string, expected: string, value: unknown): void {
    const got = Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`;
    if (this.fault === "") this.fault = `${path}: expected ${expected}, got ${got}`;
  }

  /** Looked for only when something is wrong: nobody notes the way down. */
  #path(of: JsonObject | null, name: string): string {
    return withKey(this.#root === null || of === null ? "" : (pathTo(of, this.#root, "") ?? ""), name);
  }
}

/** How `wanted` is reached from a value that is itself at `path`; null when it is not. */
function pathTo(wanted: JsonObject, value: unknown, path: string): string | null {
  if (value === wanted) return path;
  if (typeof value !== "object" || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    const found = pathTo(wanted, inner, Array.isArray(value) ? `${path}[${key}]` : withKey(path, key));
    if (found !== null) return found;
  }
  return null;
}

function withKey(path: string, key: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function find(of: JsonObject | null, name: string): unknown {
  if (of === null) return undefined;
  if (Object.hasOwn(of, name)) return of[name];
  for (const key in of) {
    if (key.length === name.length && key.toLowerCase() === name.toLowerCase() && Object.hasOwn(of, key))
      return of[key];
  }
  return undefined;
}
