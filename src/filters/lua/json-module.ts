// The module json of scripts (spec filters 13): an empty table is a list, tables with keys 1..n are lists, tables with string keys objects; all else is an error.

import { anyArg, stringArg } from "../../lua/arguments.ts";
import type { Library } from "../../lua/library.ts";
import type { Machine } from "../../lua/machine.ts";
import { LuaTable } from "../../lua/table.ts";
import { typeName, type Value } from "../../lua/value.ts";
import { fromByteString, toByteString } from "../../util/bytes.ts";

const MAX_DEPTH = 100;

/** What cannot be written as JSON. */
export class JsonError {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** The JSON text of a value as a byte string, object keys sorted; throws JsonError. */
export function encodeJson(m: Machine, value: Value): string {
  const text = toByteString(encode(m, value, 0));
  m.alloc(text.length + 24);
  return text;
}

function encode(m: Machine, value: Value, depth: number): string {
  m.charge(2);
  if (value === undefined) return "null";
  if (typeof value === "boolean") return String(value);
  if (typeof value === "string") return quote(m, value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new JsonError(`unsupported value: ${value}`);
    return JSON.stringify(value);
  }
  if (!(value instanceof LuaTable)) throw new JsonError(`cannot encode ${typeName(value)} to JSON`);
  if (depth >= MAX_DEPTH) throw new JsonError("cannot encode recursively nested tables to JSON");
  return encodeTable(m, value, depth);
}

function encodeTable(m: Machine, table: LuaTable, depth: number): string {
  const fields: [string, Value][] = [];
  let items = 0;
  for (let at = table.after(undefined); at > 0; at = table.after(table.keyAt(at))) {
    const key = table.keyAt(at);
    if (typeof key === "string") fields.push([key, table.valueAt(at)]);
    else if (typeof key === "number") items++;
    else throw new JsonError("cannot encode mixed or invalid key types");
    if (items > 0 && fields.length > 0) throw new JsonError("cannot encode mixed or invalid key types");
  }
  if (items !== table.length) throw new JsonError("cannot encode sparse array");
  if (fields.length === 0) {
    let out = "[";
    for (let i = 1; i <= items; i++) {
      const item = table.getNumber(i);
      if (item === undefined) throw new JsonError("cannot encode sparse array");
      out += (i > 1 ? "," : "") + encode(m, item, depth + 1);
      if (out.length > m.limits.memoryBytes) m.alloc(out.length);
    }
    return `${out}]`;
  }
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, item]) => `${quote(m, key)}:${encode(m, item, depth + 1)}`).join(",")}}`;
}

/** With the escapes that let the text stand in a page of HTML. */
function quote(m: Machine, bytes: string): string {
  m.charge(bytes.length >> 3);
  m.alloc(bytes.length);
  return JSON.stringify(fromByteString(bytes)).replace(
    /[&<>\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function decode(m: Machine, value: unknown, depth: number): Value {
  m.charge(2);
  if (value === null || value === undefined) return undefined;
  if (typeof value === "string") return toByteString(value.toWellFormed());
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (depth >= MAX_DEPTH) throw new JsonError(`nested deeper than ${MAX_DEPTH}`);
  const table = new LuaTable();
  m.alloc(96);
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) table.setNumber(i + 1, decode(m, item, depth + 1));
    m.alloc(value.length * 16);
    return table;
  }
  for (const [key, item] of Object.entries(value)) {
    m.alloc(40 + key.length);
    table.set(toByteString(key.toWellFormed()), decode(m, item, depth + 1));
  }
  return table;
}

export const jsonModule: Library = {
  name: "json",
  functions: {
    encode(args, m) {
      try {
        return encodeJson(m, anyArg(args, 0));
      } catch (cause) {
        if (cause instanceof JsonError) return [undefined, cause.message];
        throw cause;
      }
    },
    decode(args, m) {
      const text = stringArg(args, 0);
      m.charge(text.length >> 2);
      m.alloc(text.length * 4);
      try {
        return decode(m, JSON.parse(fromByteString(text)), 0);
      } catch (cause) {
        if (!(cause instanceof JsonError || cause instanceof SyntaxError || cause instanceof RangeError)) throw cause;
        return [undefined, toByteString(cause.message)];
      }
    },
  },
};
