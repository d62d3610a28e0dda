// What a host uses of Lua: a machine with the libraries that it allows. Everything that a script can reach is made here; nothing of the process is.

import { baseLibrary } from "./base-library.ts";
import { coroutineLibrary } from "./coroutine-library.ts";
import { fill, type Library } from "./library.ts";
import { type Limits, Machine } from "./machine.ts";
import { mathLibrary } from "./math-library.ts";
import { osLibrary } from "./os-library.ts";
import { type FindModule, packageLibrary } from "./package-library.ts";
import { stringLibrary } from "./string-library.ts";
import { LuaTable } from "./table.ts";
import { tableLibrary } from "./table-library.ts";
import { Native, type NativeCode } from "./value.ts";

/** The standard libraries that a script can have; `base` are the globals. */
export const STANDARD: readonly string[] = ["base", "package", "table", "os", "string", "math", "coroutine"];

export interface InterpreterOptions {
  readonly limits: Limits;
  /** Whether a symbol of a standard library is there. */
  isAllowed(library: string, symbol: string): boolean;
  /** Whether a library is there at all: one without symbols has no table. */
  hasLibrary(library: string): boolean;
  /** Functions of the host beside those of the basic library: print, sleep. */
  readonly globals: Readonly<Record<string, NativeCode>>;
  /** Modules that `require` finds without a file. */
  readonly preload: readonly Library[];
  readonly findModule: FindModule;
}

export function createMachine(options: InterpreterOptions): Machine {
  const m = new Machine(options.limits);
  const preload = new LuaTable();
  for (const library of options.preload) {
    preload.set(
      library.name,
      new Native(library.name, () => {
        const table = new LuaTable();
        fill(table, library, () => true);
        return table;
      }),
    );
  }
  const libraries = [
    packageLibrary(preload, options.findModule),
    tableLibrary,
    osLibrary,
    stringLibrary,
    mathLibrary,
    coroutineLibrary,
  ];
  if (options.hasLibrary("base")) {
    const base = { ...baseLibrary, functions: { ...baseLibrary.functions, ...options.globals } };
    fill(m.globals, base, (symbol) => options.isAllowed("base", symbol));
    if (options.isAllowed("base", "_G")) m.globals.set("_G", m.globals);
    m.loaded.set("_G", m.globals);
  }
  for (const library of libraries) {
    if (!options.hasLibrary(library.name)) continue;
    const table = new LuaTable();
    fill(table, library, () => true);
    m.globals.set(library.name, table);
    m.loaded.set(library.name, table);
    library.open?.(m, table);
    // Taken away again, so that a library may add what it likes when it opens.
    for (let at = table.after(undefined); at > 0; ) {
      const key = table.keyAt(at);
      if (typeof key === "string" && !options.isAllowed(library.name, key)) table.set(key, undefined);
      at = table.after(key);
    }
  }
  return m;
}
