// What operators do beyond the fast cases of the interpreter loop: coercions, metamethods, the messages of errors (reference manual 5.1, 2.2.1, 2.5, 2.8).

import type { Machine } from "./machine.ts";
import { numberText, parseNumber } from "./number-text.ts";
import * as op from "./opcodes.ts";
import { LuaTable } from "./table.ts";
import { isFunction, typeName, type Value } from "./value.ts";

/** `__index` and `__newindex` chains longer than this are taken for circles. */
const MAX_CHAIN = 100;

export const ARITHMETIC_EVENTS: Readonly<Record<number, string>> = {
  [op.ADD]: "__add",
  [op.SUB]: "__sub",
  [op.MUL]: "__mul",
  [op.DIV]: "__div",
  [op.MOD]: "__mod",
  [op.POW]: "__pow",
  [op.UNM]: "__unm",
};

/** The number that a value is or, for a string, reads as. */
export function toNumber(v: Value): number | undefined {
  if (typeof v === "number") return v;
  return typeof v === "string" ? parseNumber(v) : undefined;
}

/** The string that a value is or, for a number, is written as. */
export function toText(v: Value): string | undefined {
  if (typeof v === "string") return v;
  return typeof v === "number" ? numberText(v) : undefined;
}

export function metamethod(m: Machine, v: Value, event: string): Value {
  const meta = v instanceof LuaTable ? v.meta : typeof v === "string" ? m.stringMeta : undefined;
  return meta?.getHashed(event);
}

/** v[key] with metamethods. `operand` says which operand of the instruction v is, for the message. */
export function index(m: Machine, v: Value, key: Value): Value {
  let object = v;
  for (let i = 0; i < MAX_CHAIN; i++) {
    let handler: Value;
    if (object instanceof LuaTable) {
      const value = object.get(key);
      if (value !== undefined || object.meta === undefined) return value;
      handler = object.meta.getHashed("__index");
      if (handler === undefined) return undefined;
    } else {
      handler = metamethod(m, object, "__index");
      if (handler === undefined) throw m.typeFault("index", object, object === v ? 0 : -1);
    }
    if (isFunction(handler)) return m.callFirst(handler, [object, key]);
    object = handler;
  }
  throw m.fault("loop in gettable");
}

/** v[key] = value with metamethods. */
export function setIndex(m: Machine, v: Value, key: Value, value: Value): void {
  let object = v;
  for (let i = 0; i < MAX_CHAIN; i++) {
    let handler: Value;
    if (object instanceof LuaTable) {
      const { meta } = object;
      handler = meta === undefined ? undefined : meta.getHashed("__newindex");
      if (handler === undefined || object.get(key) !== undefined) {
        rawSet(m, object, key, value);
        return;
      }
    } else {
      handler = metamethod(m, object, "__newindex");
      if (handler === undefined) throw m.typeFault("index", object, object === v ? 0 : -1);
    }
    if (isFunction(handler)) {
      m.call(handler, [object, key, value]);
      return;
    }
    object = handler;
  }
  throw m.fault("loop in settable");
}

export function rawSet(m: Machine, table: LuaTable, key: Value, value: Value): void {
  if (key === undefined) throw m.fault("table index is nil");
  if (Number.isNaN(key)) throw m.fault("table index is NaN");
  if (table.set(key, value)) m.alloc(40);
}

export function arithmetic(m: Machine, operation: number, x: Value, y: Value): Value {
  const a = toNumber(x);
  const b = a === undefined ? undefined : toNumber(y);
  if (a !== undefined && b !== undefined) {
    switch (operation) {
      case op.ADD:
        return a + b;
      case op.SUB:
        return a - b;
      case op.MUL:
        return a * b;
      case op.DIV:
        return a / b;
      case op.MOD:
        return modulo(a, b);
      case op.POW:
        return power(a, b);
      default:
        return -a;
    }
  }
  const event = ARITHMETIC_EVENTS[operation]!;
  const handler = metamethod(m, x, event) ?? metamethod(m, y, event);
  if (handler !== undefined) return m.callFirst(handler, [x, y]);
  // Told of the operand that is wrong, the left one first.
  const isLeft = toNumber(x) === undefined;
  throw m.typeFault("perform arithmetic on", isLeft ? x : y, isLeft || operation === op.UNM ? 0 : 1);
}

/** a - floor(a / b) * b, as Lua defines it. */
export function modulo(a: number, b: number): number {
  return a - Math.floor(a / b) * b;
}

/** C's pow: where JavaScript says NaN for 1 and an infinite or missing exponent, C says 1. */
export function power(a: number, b: number): number {
  return a === 1 || (a === -1 && (b === Number.POSITIVE_INFINITY || b === Number.NEGATIVE_INFINITY)) ? 1 : a ** b;
}

/** Equality of values that are not the same: only tables with the same `__eq` can be. */
export function equal(m: Machine, x: Value, y: Value): boolean {
  if (x === y) return true;
  if (!(x instanceof LuaTable && y instanceof LuaTable)) return false;
  const handler = x.meta?.getHashed("__eq");
  if (handler === undefined || handler !== y.meta?.getHashed("__eq")) return false;
  return isTrue(m.callFirst(handler, [x, y]));
}

export function isTrue(v: Value): boolean {
  return v !== undefined && v !== false;
}

export function lessThan(m: Machine, x: Value, y: Value): boolean {
  if (typeof x === "number" && typeof y === "number") return x < y;
  if (typeof x === "string" && typeof y === "string") return x < y;
  const result = compareEvent(m, x, y, "__lt");
  if (result === undefined) throw compareFault(m, x, y);
  return result;
}

export function lessEqual(m: Machine, x: Value, y: Value): boolean {
  if (typeof x === "number" && typeof y === "number") return x <= y;
  if (typeof x === "string" && typeof y === "string") return x <= y;
  const result = compareEvent(m, x, y, "__le");
  if (result !== undefined) return result;
  const swapped = compareEvent(m, y, x, "__lt");
  if (swapped === undefined) throw compareFault(m, x, y);
  return !swapped;
}

/** undefined: both have no such metamethod, or not the same one. */
function compareEvent(m: Machine, x: Value, y: Value, event: string): boolean | undefined {
  if (!(x instanceof LuaTable && y instanceof LuaTable)) return undefined;
  const handler = metamethod(m, x, event);
  if (handler === undefined || handler !== metamethod(m, y, event)) return undefined;
  return isTrue(m.callFirst(handler, [x, y]));
}

function compareFault(m: Machine, x: Value, y: Value): unknown {
  const [a, b] = [typeName(x), typeName(y)];
  return m.fault(a === b ? `attempt to compare two ${a} values` : `attempt to compare ${a} with ${b}`);
}

/** The values from `first` to `last` of a stack, joined from the right. */
export function concat(m: Machine, stack: readonly Value[], first: number, last: number): Value {
  let right = stack[last];
  for (let i = last - 1; i >= first; i--) {
    const left = stack[i];
    const a = toText(left);
    const b = toText(right);
    if (a !== undefined && b !== undefined) {
      right = a + b;
      m.alloc(right.length + 24);
      continue;
    }
    const handler = metamethod(m, left, "__concat") ?? metamethod(m, right, "__concat");
    if (handler === undefined) {
      throw m.typeFault("concatenate", a === undefined ? left : right, a === undefined ? i - first : i + 1 - first);
    }
    right = m.callFirst(handler, [left, right]);
  }
  return right;
}

export function length(m: Machine, v: Value): number {
  if (typeof v === "string") return v.length;
  if (v instanceof LuaTable) return v.length;
  throw m.typeFault("get length of", v, 0);
}

/** `tostring`: with `__tostring`. */
export function display(m: Machine, v: Value): Value {
  const handler = metamethod(m, v, "__tostring");
  if (handler !== undefined) return m.callFirst(handler, [v]);
  return plainText(m, v);
}

/** Text of a value without metamethods. */
export function plainText(m: Machine, v: Value): string {
  if (v === undefined) return "nil";
  if (typeof v === "string") return v;
  if (typeof v === "number") return numberText(v);
  if (typeof v === "boolean") return v ? "true" : "false";
  return m.address(v);
}
