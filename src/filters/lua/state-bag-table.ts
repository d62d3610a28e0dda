// The state bag as a script sees it (spec filters 4 and 13): strings, numbers and tables. A table is copied on its way in and out, as the script that reads it may
// run in another machine; what has a field of its own in the context is found under its key all the same.

import type { Machine } from "../../lua/machine.ts";
import { toText } from "../../lua/operations.ts";
import { LuaTable } from "../../lua/table.ts";
import type { Value } from "../../lua/value.ts";
import type { FilterContext } from "../../spec/context.ts";
import { answeringTable } from "./header-table.ts";

const MAX_DEPTH = 20;

type TextField = "dynamicUrl" | "dynamicHost" | "dynamicScheme" | "hashKey" | "fastCgiFilename" | "backendSpanName";

const TEXT_FIELDS: ReadonlyMap<string, TextField> = new Map([
  ["backend:dynamic:url", "dynamicUrl"],
  ["backend:dynamic:host", "dynamicHost"],
  ["backend:dynamic:scheme", "dynamicScheme"],
  ["consistentHashKey", "hashKey"],
  ["fastCgiFilename", "fastCgiFilename"],
  ["statebag:opentracing:proxy:span", "backendSpanName"],
]);
const BALANCE_FACTOR = "consistentHashBalanceFactor";
/** Their values are durations, which a script neither reads nor writes. */
const DURATIONS: ReadonlySet<string> = new Set(["backend:timeout", "read:timeout", "write:timeout"]);

function toScript(m: Machine, value: unknown, depth: number): Value {
  if (typeof value === "string" || typeof value === "number") return value;
  if (!(value instanceof Map) || depth > MAX_DEPTH) return undefined;
  const table = new LuaTable();
  m.alloc(96 + value.size * 40);
  for (const [key, item] of value) {
    const copy = typeof item === "boolean" ? item : toScript(m, item, depth + 1);
    if (copy !== undefined && (typeof key === "string" || typeof key === "number")) table.set(key, copy);
  }
  return table;
}

function fromScript(m: Machine, table: LuaTable, depth: number): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>();
  m.charge(table.size);
  for (let at = table.after(undefined); at > 0; ) {
    const key = table.keyAt(at);
    const value = table.valueAt(at);
    at = table.after(key);
    if (typeof key !== "string" && typeof key !== "number") continue;
    if (value instanceof LuaTable) {
      if (depth < MAX_DEPTH) map.set(key, fromScript(m, value, depth + 1));
    } else if (typeof value !== "object") map.set(key, value);
  }
  return map;
}

export function stateBagTable(context: () => FilterContext): LuaTable {
  return answeringTable({
    __index(args, m) {
      const key = toText(args[1]) ?? "";
      const ctx = context();
      const field = TEXT_FIELDS.get(key);
      if (field !== undefined) return ctx[field] || undefined;
      if (key === BALANCE_FACTOR) return ctx.hashBalanceFactor || undefined;
      return toScript(m, ctx.stateBag.get(key), 0);
    },
    __newindex(args, m) {
      const key = toText(args[1]);
      const value = args[2];
      if (key === undefined || DURATIONS.has(key)) return [];
      const ctx = context();
      const field = TEXT_FIELDS.get(key);
      if (field !== undefined) {
        if (typeof value === "string") ctx[field] = value;
      } else if (key === BALANCE_FACTOR) {
        if (typeof value === "number") ctx.hashBalanceFactor = value;
      } else if (typeof value === "string" || typeof value === "number") ctx.stateBag.set(key, value);
      else if (value instanceof LuaTable) ctx.stateBag.set(key, fromScript(m, value, 0));
      return [];
    },
  });
}
