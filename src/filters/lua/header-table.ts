// Headers as a script sees them (spec filters 13): `h[name]`, `h.add`, `h.values`, `h()`. The table itself is empty; its metamethods work on the headers of the
// request that the machine serves at the moment.

import type { Headers } from "../../http/headers.ts";
import { stringArg } from "../../lua/arguments.ts";
import { toText } from "../../lua/operations.ts";
import { LuaTable } from "../../lua/table.ts";
import { Native, type NativeCode, type Value } from "../../lua/value.ts";

/** A table without fields whose metamethods answer; its metatable cannot be reached. */
export function answeringTable(handlers: Readonly<Record<string, NativeCode>>): LuaTable {
  const table = new LuaTable();
  table.meta = new LuaTable();
  for (const [event, code] of Object.entries(handlers)) table.meta.set(event, new Native(event, code));
  table.meta.set("__metatable", "protected");
  return table;
}

/** An iterator over pairs. */
export function iterator(pairs: readonly (readonly [string, string])[]): Native {
  let next = 0;
  return new Native("iterator", () => {
    const pair = pairs[next++];
    return pair === undefined ? undefined : [pair[0], pair[1]];
  });
}

/** Those that are no headers in the table: they belong to the message itself. */
function isFraming(name: string): boolean {
  return (name.length === 4 && /^host$/i.test(name)) || (name.length === 17 && /^transfer-encoding$/i.test(name));
}

/** What an assigned value means: text, "" for one of another type; undefined deletes. */
function assigned(value: Value): string | undefined {
  if (value === undefined || value === "") return undefined;
  return toText(value) ?? "";
}

export function headerTable(headers: () => Headers): LuaTable {
  const add = new Native("add", (args) => {
    const [name, value] = [stringArg(args, 0), stringArg(args, 1)];
    if (name !== "" && value !== "" && !isFraming(name)) headers().append(name, value);
    return [];
  });
  const values = new Native("values", (args, m) => {
    const name = stringArg(args, 0);
    const list = isFraming(name) ? [] : headers().getAll(name);
    const table = new LuaTable();
    table.setList(1, list);
    m.alloc(96 + list.length * 16);
    return table;
  });
  return answeringTable({
    __index(args) {
      const name = toText(args[1]) ?? "";
      if (name === "add") return add;
      if (name === "values") return values;
      return isFraming(name) ? "" : (headers().get(name) ?? "");
    },
    __newindex(args) {
      const name = toText(args[1]) ?? "";
      if (name === "" || isFraming(name)) return [];
      const text = assigned(args[2]);
      if (text === undefined) headers().delete(name);
      else headers().set(name, text);
      return [];
    },
    __call() {
      const first = new Map<string, [string, string]>();
      headers().forEach((name, value) => {
        const key = name.toLowerCase();
        if (!first.has(key) && !isFraming(name)) first.set(key, [name, value]);
      });
      return iterator([...first.values()]);
    },
  });
}
