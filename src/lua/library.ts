// Libraries as data: a name and its native functions. What of it a script sees is decided in interpreter.ts.

import type { Machine } from "./machine.ts";
import type { LuaTable } from "./table.ts";
import { Native, type NativeCode, type Value } from "./value.ts";

export interface Library {
  readonly name: string;
  readonly functions: Readonly<Record<string, NativeCode>>;
  /** Values that are no functions. */
  readonly values?: Readonly<Record<string, Value>>;
  /** Runs when the library was opened: what belongs to it beyond its table. */
  open?(machine: Machine, table: LuaTable): void;
}

/** The functions of a library as values: they hold nothing of a machine, so all machines share them. */
const shared = new WeakMap<NativeCode, Native>();

function nativeOf(name: string, code: NativeCode): Native {
  let native = shared.get(code);
  if (native === undefined) {
    native = new Native(name, code);
    shared.set(code, native);
  }
  return native;
}

/** Fills a table with the functions that `isWanted` lets through. */
export function fill(table: LuaTable, library: Library, isWanted: (symbol: string) => boolean): void {
  for (const [name, code] of Object.entries(library.functions)) {
    if (isWanted(name)) table.set(name, nativeOf(name, code));
  }
  for (const [name, value] of Object.entries(library.values ?? {})) if (isWanted(name)) table.set(name, value);
}
