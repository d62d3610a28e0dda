// Argument kinds: the one place where an eskip argument is turned into what a filter or predicate works with. A declaration
// lists kinds; checks, error texts, the reference page and the wrong-argument tests are derived from the list.
// A kind is pure: it may be asked 800,000 times at load without creating anything that must be closed.

import type { Arg } from "../eskip/route.ts";

/** Why an argument was refused; `message` says what is wrong beyond the expectation (a regexp error, a range), or is "". */
export class Refused {
  readonly message: string;
  constructor(message = "") {
    this.message = message;
  }
}

export interface ArgKind<T> {
  /** Name in the reference page, e.g. `duration`. */
  readonly kind: string;
  /** Completes "expected ..." in errors, e.g. `a header name`. */
  readonly expected: string;
  /** Arguments that are accepted and refused: the generated tests use them. */
  readonly accepts: readonly Arg[];
  readonly refuses: readonly Arg[];
  parse(value: Arg): T | Refused;
}

/** How often an argument may stand: exactly once, at most once at the end, or any number (at least `min`) at the end. */
type Occurs = "one" | "optional" | "rest";

/** An argument of a declaration: its name in docs and errors, its kind, how often it may stand. */
export interface ArgSpec<T, O extends Occurs = Occurs> {
  readonly name: string;
  readonly kind: ArgKind<T>;
  readonly occurs: O;
  /** Smallest number of values of a `rest` argument. */
  readonly min: number;
}

export type AnyArgSpec = ArgSpec<unknown>;

/** The values that `create` gets for a list of argument specs. */
export type ArgValues<S extends readonly AnyArgSpec[]> = {
  [K in keyof S]: S[K] extends ArgSpec<infer T, infer O>
    ? O extends "rest"
      ? readonly T[]
      : O extends "optional"
        ? T | undefined
        : T
    : never;
};

/** One required argument. */
export function one<T>(name: string, kind: ArgKind<T>): ArgSpec<T, "one"> {
  return { name, kind, occurs: "one", min: 1 };
}

/** One argument that may be left out; only others of this sort may follow it. */
export function optional<T>(name: string, kind: ArgKind<T>): ArgSpec<T, "optional"> {
  return { name, kind, occurs: "optional", min: 0 };
}

/** All remaining arguments, at least `min`. Must be the last of the list. */
export function rest<T>(name: string, kind: ArgKind<T>, min = 0): ArgSpec<T, "rest"> {
  return { name, kind, occurs: "rest", min };
}

/** What is wrong with a list of arguments. `index` is zero based, -1 when the number of arguments is wrong. */
export interface ArgError {
  readonly index: number;
  readonly message: string;
}

export type CheckedArgs = { readonly values: readonly unknown[] } | { readonly error: ArgError };

/** Checks arguments against a declaration and gives the values for `create`. */
export function checkArgs(specs: readonly AnyArgSpec[], args: readonly Arg[]): CheckedArgs {
  let min = 0;
  let max = 0;
  for (const spec of specs) {
    min += spec.min;
    max = spec.occurs === "rest" ? Number.POSITIVE_INFINITY : max + 1;
  }
  if (args.length < min || args.length > max) {
    return { error: { index: -1, message: `expected ${countText(min, max)}, got ${args.length}` } };
  }
  const values: unknown[] = [];
  for (let i = 0; i < specs.length; i++) {
    const spec = specs[i]!;
    if (spec.occurs === "rest") {
      const list: unknown[] = [];
      for (let k = i; k < args.length; k++) {
        const value = spec.kind.parse(args[k]!);
        if (value instanceof Refused) return { error: argError(spec, k, args[k]!, value) };
        list.push(value);
      }
      values.push(list);
      break;
    }
    if (i >= args.length) {
      values.push(undefined);
      continue;
    }
    const value = spec.kind.parse(args[i]!);
    if (value instanceof Refused) return { error: argError(spec, i, args[i]!, value) };
    values.push(value);
  }
  return { values };
}

function argError(spec: AnyArgSpec, index: number, got: Arg, refused: Refused): ArgError {
  const detail = refused.message === "" ? "" : ` (${refused.message})`;
  return {
    index,
    message: `argument ${index + 1} "${spec.name}": expected ${spec.kind.expected}, got ${JSON.stringify(got)}${detail}`,
  };
}

function countText(min: number, max: number): string {
  if (max === Number.POSITIVE_INFINITY) return `at least ${min} argument${min === 1 ? "" : "s"}`;
  if (min === max) return min === 0 ? "no arguments" : `${min} argument${min === 1 ? "" : "s"}`;
  return `${min} to ${max} arguments`;
}
