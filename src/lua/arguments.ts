// Reading the arguments of native functions, with the messages of Lua's auxiliary library. `i` is the position from 0.

import { numberText } from "./number-text.ts";
import { toNumber } from "./operations.ts";
import { LuaTable } from "./table.ts";
import { BadArgument, Closure, Failure, Native, typeName, type Value } from "./value.ts";

/** Refuses argument `i`: what was expected, what was got. */
export function wrongType(args: readonly Value[], i: number, expected: string): BadArgument {
  const got = i < args.length ? typeName(args[i]) : "no value";
  return new BadArgument(i + 1, `${expected} expected, got ${got}`);
}

export function anyArg(args: readonly Value[], i: number): Value {
  if (i >= args.length) throw new BadArgument(i + 1, "value expected");
  return args[i];
}

export function tableArg(args: readonly Value[], i: number): LuaTable {
  const v = args[i];
  if (v instanceof LuaTable) return v;
  throw wrongType(args, i, "table");
}

export function functionArg(args: readonly Value[], i: number): Closure | Native {
  const v = args[i];
  if (v instanceof Closure || v instanceof Native) return v;
  throw wrongType(args, i, "function");
}

export function numberArg(args: readonly Value[], i: number): number {
  const v = args[i];
  if (typeof v === "number") return v;
  const n = toNumber(v);
  if (n === undefined) throw wrongType(args, i, "number");
  return n;
}

/** A number cut to a whole one. */
export function intArg(args: readonly Value[], i: number): number {
  const n = Math.trunc(numberArg(args, i));
  return Number.isNaN(n) ? 0 : n;
}

export function optionalInt(args: readonly Value[], i: number, fallback: number): number {
  return args[i] === undefined ? fallback : intArg(args, i);
}

export function stringArg(args: readonly Value[], i: number): string {
  const v = args[i];
  if (typeof v === "string") return v;
  if (typeof v === "number") return numberText(v);
  throw wrongType(args, i, "string");
}

export function optionalString(args: readonly Value[], i: number, fallback: string): string {
  return args[i] === undefined ? fallback : stringArg(args, i);
}

/** More results than a script can sensibly use are refused, as they would fill the stack. */
export const MAX_RESULTS = 8000;

export function checkResults(count: number, message: string): void {
  if (count >= MAX_RESULTS) throw new Failure(message);
}
