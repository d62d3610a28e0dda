// The basic library (reference manual 5.1, section 5.1) without what reads files. `print` and `sleep` belong to it and are given by the host.

import {
  anyArg,
  checkResults,
  functionArg,
  intArg,
  numberArg,
  optionalInt,
  optionalString,
  stringArg,
  tableArg,
  wrongType,
} from "./arguments.ts";
import type { Library } from "./library.ts";
import { load } from "./load.ts";
import type { Machine } from "./machine.ts";
import { parseNumber, trim } from "./number-text.ts";
import { display, isTrue, metamethod, rawSet } from "./operations.ts";
import { LuaTable } from "./table.ts";
import {
  BadArgument,
  Call,
  Closure,
  Failure,
  isFunction,
  LuaError,
  Native,
  type Steps,
  typeName,
  type Value,
} from "./value.ts";

/** `next` as one step of a traversal. */
function next(args: Value[], m: Machine): Value[] | undefined {
  const table = tableArg(args, 0);
  const at = table.after(args[1]);
  if (at < 0) throw m.fault("invalid key to 'next'");
  return at === 0 ? undefined : [table.keyAt(at), table.valueAt(at)];
}

const nextFunction = new Native("next", next);

const ipairsStep = new Native("ipairs_iter", (args) => {
  const table = args[0] as LuaTable;
  const i = (args[1] as number) + 1;
  const value = table.getNumber(i);
  return value === undefined ? undefined : [i, value];
});

function* protectedCall(fn: Value, args: Value[], handler: Value): Steps {
  try {
    return [true, ...(yield new Call(fn, args))];
  } catch (error) {
    if (!(error instanceof LuaError)) throw error;
    return [false, ...(handler === undefined ? [error.value] : yield new Call(handler, [error.value]))];
  }
}

function compileText(m: Machine, text: string, name: string): Value[] {
  // A byte of source costs about as much as ten instructions.
  m.charge(500 + text.length * 10);
  m.alloc(500 + text.length * 20);
  if (text.charCodeAt(0) === 27) return [undefined, `${name}: precompiled code is refused`];
  const loaded = load(text, name);
  return typeof loaded === "string" ? [undefined, loaded] : [new Closure(loaded, [], m.globals)];
}

/** The function that getfenv and setfenv speak of: a function, or the one at a level. */
function functionAt(m: Machine, args: Value[], isOptional: boolean): Value {
  const v = args[0];
  if (isFunction(v)) return v;
  const level = isOptional ? optionalInt(args, 0, 1) : intArg(args, 0);
  if (level < 0) throw new BadArgument(1, "level must be non-negative");
  if (level === 0) return undefined;
  if (m.isBeyond(level)) throw new BadArgument(1, "invalid level");
  const frame = m.frameAt(level);
  if (frame === null) throw new Failure(`no function environment for tail call at level ${level}`);
  return frame.closure ?? undefined;
}

function convert(args: Value[]): Value {
  const base = optionalInt(args, 1, 10);
  if (base === 10) {
    const v = anyArg(args, 0);
    return typeof v === "number" ? v : typeof v === "string" ? parseNumber(v) : undefined;
  }
  const text = trim(stringArg(args, 0)).toLowerCase();
  if (base < 2 || base > 36) throw new BadArgument(2, "base out of range");
  const negative = text[0] === "-";
  let digits = negative || text[0] === "+" ? text.slice(1) : text;
  if (base === 16 && digits.startsWith("0x")) digits = digits.slice(2);
  if (digits === "") return undefined;
  let value = 0;
  for (const c of digits) {
    const digit = Number.parseInt(c, 36);
    if (Number.isNaN(digit) || digit >= base) return undefined;
    value = value * base + digit;
  }
  return negative ? 2 ** 64 - value : value;
}

export const baseLibrary: Library = {
  name: "base",
  values: { _VERSION: "Lua 5.1" },
  functions: {
    assert(args) {
      if (isTrue(anyArg(args, 0))) return args;
      throw new Failure(optionalString(args, 1, "assertion failed!"));
    },
    collectgarbage(args, m) {
      const option = optionalString(args, 0, "collect");
      switch (option) {
        case "count": {
          m.charge(1000);
          const bytes = m.usedBytes;
          return [bytes / 1024];
        }
        case "step":
          return true;
        case "collect":
        case "stop":
        case "restart":
        case "setpause":
        case "setstepmul":
          return 0;
        default:
          throw new BadArgument(1, `invalid option '${option}'`);
      }
    },
    error(args, m) {
      const [value] = args;
      const level = optionalInt(args, 1, 1);
      if (typeof value === "string" && level > 0) throw new LuaError(m.where(level) + value);
      throw new LuaError(typeof value === "number" && level > 0 ? m.where(level) + stringArg(args, 0) : value);
    },
    getfenv(args, m) {
      const fn = functionAt(m, args, true);
      return fn instanceof Closure ? fn.env : m.globals;
    },
    getmetatable(args, m) {
      const v = anyArg(args, 0);
      const guard = metamethod(m, v, "__metatable");
      if (guard !== undefined) return guard;
      return v instanceof LuaTable ? v.meta : typeof v === "string" ? m.stringMeta : undefined;
    },
    ipairs: (args) => [ipairsStep, tableArg(args, 0), 0],
    load(args, m) {
      const reader = functionArg(args, 0);
      const name = optionalString(args, 1, "=(load)");
      return (function* (): Steps {
        const pieces: string[] = [];
        for (;;) {
          const [piece] = yield new Call(reader, []);
          if (piece === undefined || piece === "") break;
          if (typeof piece !== "string") throw new LuaError("reader function must return a string");
          m.alloc(piece.length + 40);
          pieces.push(piece);
        }
        return compileText(m, pieces.join(""), name);
      })();
    },
    loadstring(args, m) {
      const text = stringArg(args, 0);
      return compileText(m, text, optionalString(args, 1, text));
    },
    next,
    pairs: (args) => [nextFunction, tableArg(args, 0), undefined],
    pcall(args) {
      const fn = anyArg(args, 0);
      return protectedCall(fn, args.slice(1), undefined);
    },
    rawequal: (args) => anyArg(args, 0) === anyArg(args, 1),
    rawget: (args) => tableArg(args, 0).get(anyArg(args, 1)),
    rawset(args, m) {
      const table = tableArg(args, 0);
      anyArg(args, 1);
      anyArg(args, 2);
      rawSet(m, table, args[1], args[2]);
      return table;
    },
    select(args) {
      if (args[0] === "#") return args.length - 1;
      const n = intArg(args, 0);
      const from = n < 0 ? args.length + n : n;
      if (from < 1) throw new BadArgument(1, "index out of range");
      return args.slice(from);
    },
    setfenv(args, m) {
      const env = tableArg(args, 1);
      const isThread = !isFunction(args[0]) && numberArg(args, 0) === 0;
      const fn = functionAt(m, args, false);
      // The environment of the thread itself is only what chunks that are loaded later begin with: it stays.
      if (isThread) return [];
      if (!(fn instanceof Closure)) throw new Failure("'setfenv' cannot change environment of given object");
      fn.env = env;
      return fn as Value;
    },
    setmetatable(args) {
      const table = tableArg(args, 0);
      const meta = args[1];
      if (args.length < 2 || (meta !== undefined && !(meta instanceof LuaTable))) {
        throw new BadArgument(2, "nil or table expected");
      }
      if (table.meta?.getHashed("__metatable") !== undefined) throw new Failure("cannot change a protected metatable");
      table.meta = meta;
      return table;
    },
    tonumber: convert,
    tostring: (args, m) => display(m, anyArg(args, 0)),
    type: (args) => typeName(anyArg(args, 0)),
    unpack(args, m) {
      const table = tableArg(args, 0);
      const first = optionalInt(args, 1, 1);
      const last = optionalInt(args, 2, table.length);
      if (last < first) return [];
      checkResults(last - first + 1, "too many results to unpack");
      m.charge(last - first);
      const values: Value[] = [];
      for (let i = first; i <= last; i++) values.push(table.getNumber(i));
      return values;
    },
    xpcall(args) {
      if (args.length < 2) throw wrongType(args, 1, "value");
      return protectedCall(args[0], [], args[1]);
    },
  },
};
