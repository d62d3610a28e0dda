// table (reference manual 5.1, section 5.5). Functions of the script are called through a generator, so that they may wait and yield.

import { functionArg, intArg, optionalInt, optionalString, tableArg } from "./arguments.ts";
import type { Library } from "./library.ts";
import type { Machine } from "./machine.ts";
import { isTrue, lessThan, toText } from "./operations.ts";
import type { LuaTable } from "./table.ts";
import { Call, Failure, type Steps, typeName, type Value } from "./value.ts";

function concat(args: Value[], m: Machine): string {
  const table = tableArg(args, 0);
  const separator = optionalString(args, 1, "");
  const first = optionalInt(args, 2, 1);
  const last = optionalInt(args, 3, table.length);
  let out = "";
  for (let i = first; i <= last; i++) {
    const value = table.getNumber(i);
    const text = toText(value);
    if (text === undefined) {
      throw new Failure(`invalid value (${typeName(value)}) at index ${i} in table for 'concat'`);
    }
    m.charge(1);
    if (i > first) out += separator;
    out += text;
    if (out.length > m.limits.memoryBytes) m.alloc(out.length);
  }
  m.alloc(out.length + 24);
  return out;
}

function insert(args: Value[], m: Machine): Value[] {
  const table = tableArg(args, 0);
  const end = table.length + 1;
  m.alloc(16);
  if (args.length === 2) table.setNumber(end, args[1]);
  else if (args.length === 3) {
    const at = intArg(args, 1);
    if (at >= 1 && at <= end) {
      m.charge(1 + ((end - at) >> 5));
      table.insert(at, args[2]);
    } else {
      // Beyond the end the new border is there; before the start all values move.
      m.charge(Math.max(0, end - at));
      for (let i = end; i > at; i--) table.setNumber(i, table.getNumber(i - 1));
      table.setNumber(at, args[2]);
    }
  } else throw new Failure("wrong number of arguments to 'insert'");
  return [];
}

function remove(args: Value[], m: Machine): Value | Value[] {
  const table = tableArg(args, 0);
  const { length } = table;
  const at = optionalInt(args, 1, length);
  if (at < 1 || at > length) return [];
  m.charge(1 + ((length - at) >> 5));
  return table.remove(at);
}

/** Merge sort: stable, and a comparison that contradicts itself costs nothing but the order. */
function* sortWith(m: Machine, table: LuaTable, compare: Value): Steps {
  const values = table.array.slice();
  const { length } = values;
  m.alloc(length * 32);
  let from = values;
  let to = new Array<Value>(length);
  for (let width = 1; width < length; width *= 2) {
    for (let start = 0; start < length; start += 2 * width) {
      const middle = Math.min(start + width, length);
      const end = Math.min(start + 2 * width, length);
      let left = start;
      let right = middle;
      for (let k = start; k < end; k++) {
        let takesRight = left >= middle;
        if (!takesRight && right < end) {
          m.charge(1);
          if (from[left] === undefined || from[right] === undefined || compare === undefined) {
            takesRight = lessThan(m, from[right], from[left]);
          } else takesRight = isTrue((yield new Call(compare, [from[right], from[left]]))[0]);
        }
        to[k] = takesRight ? from[right++] : from[left++];
      }
    }
    [from, to] = [to, from];
  }
  for (let i = 0; i < length; i++) table.setNumber(i + 1, from[i]);
  return [];
}

/** Numbers alone, or strings alone, need no call back. */
function sortPlain(m: Machine, table: LuaTable): boolean {
  const { array } = table;
  const kind = typeof array[0];
  if (kind !== "number" && kind !== "string") return false;
  for (const value of array) if (typeof value !== kind || Number.isNaN(value)) return false;
  m.charge(array.length * 2);
  array.sort((a, b) => (a! < b! ? -1 : a! > b! ? 1 : 0));
  return true;
}

export const tableLibrary: Library = {
  name: "table",
  functions: {
    concat,
    foreach(args) {
      const table = tableArg(args, 0);
      const fn = functionArg(args, 1);
      return (function* (): Steps {
        for (let at = table.after(undefined); at > 0; ) {
          const key = table.keyAt(at);
          const [result] = yield new Call(fn, [key, table.valueAt(at)]);
          if (result !== undefined) return [result];
          at = table.after(key);
        }
        return [];
      })();
    },
    foreachi(args) {
      const table = tableArg(args, 0);
      const fn = functionArg(args, 1);
      return (function* (): Steps {
        const { length } = table;
        for (let i = 1; i <= length; i++) {
          const [result] = yield new Call(fn, [i, table.getNumber(i)]);
          if (result !== undefined) return [result];
        }
        return [];
      })();
    },
    getn: (args) => tableArg(args, 0).length,
    insert,
    maxn(args, m) {
      const table = tableArg(args, 0);
      m.charge(table.size);
      let max = 0;
      for (let at = table.after(undefined); at > 0; ) {
        const key = table.keyAt(at);
        if (typeof key === "number" && key > max) max = key;
        at = table.after(key);
      }
      return max;
    },
    remove,
    setn() {
      throw new Failure("'setn' is obsolete");
    },
    sort(args, m) {
      const table = tableArg(args, 0);
      if (args[1] !== undefined) functionArg(args, 1);
      if (args[1] === undefined && sortPlain(m, table)) return [];
      return sortWith(m, table, args[1]);
    },
  },
};
