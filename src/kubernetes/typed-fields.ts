// Reads fields of JSON with the types that they must have, and keeps the first fault: callers read everything and ask once. A field
// is found by its exact name, else by its name in any case (spec kubernetes 3); null counts as absent.

export type JsonObject = Readonly<Record<string, unknown>>;

export class JsonFields {
  /** "" while all fields were as they must be. */
  fault = "";

  /** null: absent, or of the wrong type. */
  whole(value: unknown, name: string): JsonObject | null {
    if (value === null || value === undefined) return null;
    if (isJsonObject(value)) return value;
    this.#refuse(name, "an object", value);
    return null;
  }

  part(of: JsonObject | null, name: string): JsonObject | null {
    return this.whole(find(of, name), name);
  }

  text(of: JsonObject | null, name: string): string {
    return this.#textOf(find(of, name), name);
  }

  /** 0 when absent. */
  integer(of: JsonObject | null, name: string): number {
    const value = find(of, name);
    if (value === null || value === undefined) return 0;
    if (Number.isSafeInteger(value)) return value as number;
    this.#refuse(name, "an integer", value);
    return 0;
  }

  /** null when absent. */
  integerOrText(of: JsonObject | null, name: string): number | string | null {
    const value = find(of, name);
    if (value === null || value === undefined) return null;
    if (typeof value === "string" || Number.isSafeInteger(value)) return value as number | string;
    this.#refuse(name, "an integer or a string", value);
    return null;
  }

  /** null when absent. */
  flag(of: JsonObject | null, name: string): boolean | null {
    const value = find(of, name);
    if (value === null || value === undefined) return null;
    if (typeof value === "boolean") return value;
    this.#refuse(name, "true or false", value);
    return null;
  }

  isAbsent(of: JsonObject | null, name: string): boolean {
    const value = find(of, name);
    return value === null || value === undefined;
  }

  texts(of: JsonObject | null, name: string): readonly string[] {
    return this.items(of, name).map((item) => this.#textOf(item, name));
  }

  items(of: JsonObject | null, name: string): readonly unknown[] {
    const value = find(of, name);
    if (value === null || value === undefined) return none;
    if (Array.isArray(value)) return value;
    this.#refuse(name, "a list", value);
    return none;
  }

  /** The objects of a list; null entries are left out. */
  parts(of: JsonObject | null, name: string): readonly JsonObject[] {
    return this.items(of, name).flatMap((item) => this.whole(item, name) ?? none);
  }

  textMap(of: JsonObject | null, name: string): ReadonlyMap<string, string> {
    const entries = Object.entries(this.part(of, name) ?? {});
    return new Map(entries.map(([key, value]) => [key, this.#textOf(value, name)]));
  }

  #textOf(value: unknown, name: string): string {
    if (typeof value === "string") return value;
    if (value !== null && value !== undefined) this.#refuse(name, "a string", value);
    return "";
  }

  #refuse(name: string, expected: string, value: unknown): void {
    const got = Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`;
    if (this.fault === "") this.fault = `${name}: expected ${expected}, got ${got}`;
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const none: readonly never[] = Object.freeze([]);

function find(of: JsonObject | null, name: string): unknown {
  if (of === null) return undefined;
  if (Object.hasOwn(of, name)) return of[name];
  const lower = name.toLowerCase();
  const key = Object.keys(of).find((candidate) => candidate.toLowerCase() === lower);
  return key === undefined ? undefined : of[key];
}
