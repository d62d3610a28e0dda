// The values of Lua 5.1 as JavaScript values: nil is undefined, booleans and numbers are themselves, strings are byte strings
// (util/bytes.ts); tables, functions and coroutines are objects of the classes here and in table.ts.

import type { Coroutine } from "./coroutine.ts";
import type { Machine } from "./machine.ts";
import type { Proto } from "./proto.ts";
import { LuaTable } from "./table.ts";

export type Value = undefined | boolean | number | string | LuaTable | Closure | Native | Coroutine;

/** What a local variable lives in that an inner function refers to: made anew each time its declaration runs. */
export class Box {
  v: Value;
  constructor(v: Value) {
    this.v = v;
  }
}

/** A Lua function: its code, its variables from outside, its environment. */
export class Closure {
  readonly proto: Proto;
  readonly boxes: readonly Box[];
  env: LuaTable;
  constructor(proto: Proto, boxes: readonly Box[], env: LuaTable) {
    this.proto = proto;
    this.boxes = boxes;
    this.env = env;
  }
}

/** A call that a generator asks the machine for; what `yield` gives back are its results. */
export class Call {
  readonly fn: Value;
  readonly args: Value[];
  constructor(fn: Value, args: Value[]) {
    this.fn = fn;
    this.args = args;
  }
}

export type Steps = Generator<Call, Value[], Value[]>;

/**
 * A function of the host. `args` belongs to it. It gives one value, or several as an array; a promise of either, which holds the script and not the
 * worker; or, when it calls Lua functions, a generator that asks for the calls one by one.
 */
export type NativeCode = (args: Value[], machine: Machine) => Value | Value[] | Promise<Value | Value[]> | Steps;

export class Native {
  readonly name: string;
  readonly code: NativeCode;
  constructor(name: string, code: NativeCode) {
    this.name = name;
    this.code = code;
  }
}

/** An error of a script on its way to pcall: any value, mostly a text with its position. */
export class LuaError {
  readonly value: Value;
  constructor(value: Value) {
    this.value = value;
  }
}

/** A native function refuses an argument; the machine puts name and position to it. `index` is one-based. */
export class BadArgument {
  readonly index: number;
  readonly message: string;
  constructor(index: number, message: string) {
    this.index = index;
    this.message = message;
  }
}

/** A native function fails with a text; the machine puts the position of its caller in front. */
export class Failure {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** A limit of the host is reached. No pcall catches it. */
export class LimitReached {
  readonly message: string;
  /** True when the memory of the machine is full, so that it is of no use any more. */
  readonly memory: boolean;
  constructor(message: string, memory: boolean) {
    this.message = message;
    this.memory = memory;
  }
}

export function isFunction(v: Value): v is Closure | Native {
  return v instanceof Closure || v instanceof Native;
}

/** The name of the type as `type()` gives it. */
export function typeName(v: Value): string {
  if (v === undefined) return "nil";
  if (v instanceof LuaTable) return "table";
  if (isFunction(v)) return "function";
  return typeof v === "object" ? "thread" : typeof v;
}
