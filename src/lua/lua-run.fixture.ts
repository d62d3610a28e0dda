// Runs a program as the command `lua5.1` would as far as programs/ needs it: print and io.write collect what they are given.

import { createMachine } from "./interpreter.ts";
import { load } from "./load.ts";
import type { Machine } from "./machine.ts";
import { display } from "./operations.ts";
import { LuaTable } from "./table.ts";
import { Closure, LimitReached, LuaError, Native, type Value } from "./value.ts";

export const LIMITS = { instructions: 20_000_000, memoryBytes: 64 << 20 };

export interface Finished {
  /** What the program printed. */
  readonly output: string;
  /** The error that ended it, "" for none. */
  readonly error: string;
}

export function testMachine(write: (text: string) => void = () => {}, limits = LIMITS): Machine {
  const m = createMachine({
    limits,
    isAllowed: () => true,
    hasLibrary: () => true,
    globals: {
      print(args, machine) {
        write(`${args.map((v) => display(machine, v)).join("\t")}\n`);
        return [];
      },
    },
    preload: [],
    findModule: () => "",
  });
  const io = new LuaTable();
  io.set(
    "write",
    new Native("write", (args, machine) => {
      write(args.map((v) => display(machine, v)).join(""));
      return [];
    }),
  );
  m.globals.set("io", io);
  return m;
}

/** Runs a chunk to its end; `name` is the name of the chunk. */
export async function runProgram(text: string, name: string, limits = LIMITS): Promise<Finished> {
  let output = "";
  const m = testMachine((piece) => {
    output += piece;
  }, limits);
  const proto = load(text, name);
  if (typeof proto === "string") return { output, error: proto };
  try {
    await m.run(new Closure(proto, [], m.globals), []);
    return { output, error: "" };
  } catch (cause) {
    return { output, error: errorText(m, cause) };
  }
}

export function errorText(m: Machine, cause: unknown): string {
  if (cause instanceof LuaError) return String(display(m, cause.value));
  if (cause instanceof LimitReached) return cause.message;
  throw cause;
}

/** The values of a chunk as text, or its error. */
export function evaluate(text: string, m = testMachine()): string {
  const proto = load(text, "=t");
  if (typeof proto === "string") return proto;
  try {
    return m
      .runNow(new Closure(proto, [], m.globals), [])
      .map((v: Value) => String(display(m, v)))
      .join(" ");
  } catch (cause) {
    return errorText(m, cause);
  }
}
