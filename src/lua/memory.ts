// How much memory the values of a machine take, about: a walk over all that a script can reach. Called when as much was allocated as the limit leaves, so its cost
// stands against the work of filling that. A string counts for each reference up to LONG bytes, a longer one once.

import { Coroutine, LUA } from "./coroutine.ts";
import type { Machine } from "./machine.ts";
import { LuaTable } from "./table.ts";
import { Box, Closure, type Value } from "./value.ts";

const LONG = 64;

export function measure(m: Machine): number {
  const seen = new Set<unknown>();
  const open: (LuaTable | Closure | Coroutine | Box)[] = [];
  let bytes = 0;

  const visit = (v: Value | Box | null | undefined): void => {
    if (typeof v === "string") {
      if (v.length <= LONG) bytes += v.length;
      else if (!seen.has(v)) {
        seen.add(v);
        bytes += v.length;
      }
    } else if (v instanceof LuaTable || v instanceof Closure || v instanceof Coroutine || v instanceof Box) {
      if (seen.has(v)) return;
      seen.add(v);
      open.push(v);
    }
  };

  visit(m.globals);
  visit(m.loaded);
  visit(m.stringMeta);
  visit(m.main);
  for (let co: Coroutine | null = m.current; co !== null; co = co.parent) visit(co);
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    if (item instanceof LuaTable) {
      bytes += 96 + item.length * 16 + (item.size - item.length) * 40;
      visit(item.meta);
      for (let at = item.after(undefined); at > 0; ) {
        const key = item.keyAt(at);
        visit(key);
        visit(item.valueAt(at));
        at = item.after(key);
      }
    } else if (item instanceof Closure) {
      bytes += 80 + item.boxes.length * 8;
      visit(item.env);
      for (const box of item.boxes) visit(box);
    } else if (item instanceof Box) {
      bytes += 32;
      visit(item.v);
    } else {
      bytes += 256 + item.stack.length * 8 + item.frames.length * 96;
      visit(item.body);
      const { end } = item;
      for (let i = 0; i < end; i++) visit(item.stack[i]);
      for (let i = 0; i < item.depth; i++) {
        const frame = item.frames[i]!;
        if (frame.kind !== LUA) continue;
        visit(frame.closure);
        for (const value of frame.varargs ?? []) visit(value);
      }
    }
  }
  return bytes;
}
