// package, require and module (reference manual 5.1, section 5.3). There are no paths to search: what is not preloaded comes from the host, which may have
// the text of a module or not.

import { stringArg } from "./arguments.ts";
import type { Library } from "./library.ts";
import { load } from "./load.ts";
import type { Machine } from "./machine.ts";
import { isTrue } from "./operations.ts";
import type { ChunkText } from "./program-text.ts";
import { LuaTable } from "./table.ts";
import { Call, Closure, Failure, LuaError, Native, type Steps, type Value } from "./value.ts";

/** A string says why there is none. */
export type FindModule = (name: string) => ChunkText | string;

/** Stands in package.loaded while a module is being loaded. */
const LOADING = new LuaTable();

function* requireModule(m: Machine, name: string, preload: LuaTable, find: FindModule): Steps {
  const known = m.loaded.get(name);
  if (known === LOADING) throw new Failure(`loop or previous error loading module '${name}'`);
  if (isTrue(known)) return [known];
  const loader = preload.get(name) ?? moduleLoader(m, name, find);
  m.loaded.set(name, LOADING);
  const [result] = yield new Call(loader, [name]);
  if (result !== undefined) m.loaded.set(name, result);
  else if (m.loaded.get(name) === LOADING) m.loaded.set(name, true);
  return [m.loaded.get(name)];
}

function moduleLoader(m: Machine, name: string, find: FindModule): Value {
  const found = find(name);
  if (typeof found === "string") {
    throw new Failure(
      `module '${name}' not found:\n\tno field package.preload['${name}']${found === "" ? "" : `\n\t${found}`}`,
    );
  }
  const proto = load(found.text, found.chunkName);
  if (typeof proto === "string") throw new LuaError(`error loading module '${name}' from file:\n\t${proto}`);
  return new Closure(proto, [], m.globals);
}

/** The table under a dotted name below the globals, made when it is not there; undefined when a part is something else. */
function globalTable(m: Machine, name: string): LuaTable | undefined {
  let table = m.globals;
  for (const part of name.split(".")) {
    let inner = table.get(part);
    if (inner === undefined) {
      inner = new LuaTable();
      m.alloc(96);
      table.set(part, inner);
    }
    if (!(inner instanceof LuaTable)) return undefined;
    table = inner;
  }
  return table;
}

function defineModule(args: Value[], m: Machine): Steps {
  const name = stringArg(args, 0);
  const known = m.loaded.get(name);
  const table = known instanceof LuaTable && known !== LOADING ? known : globalTable(m, name);
  if (table === undefined) throw new Failure(`name conflict for module '${name}'`);
  m.loaded.set(name, table);
  if (table.get("_NAME") === undefined) {
    table.set("_M", table);
    table.set("_NAME", name);
    table.set("_PACKAGE", name.slice(0, name.lastIndexOf(".") + 1));
  }
  const caller = m.frameAt(1)?.closure;
  if (caller === null || caller === undefined) throw new Failure("'module' not called from a Lua function");
  caller.env = table;
  return (function* (): Steps {
    for (const option of args.slice(1)) yield new Call(option, [table]);
    return [];
  })();
}

/** `require` and `module` are globals; `isWanted` says which of the library's symbols there are. */
export function packageLibrary(preload: LuaTable, find: FindModule): Library {
  return {
    name: "package",
    functions: {
      seeall(args, m) {
        const [table] = args;
        if (!(table instanceof LuaTable)) throw new Failure("bad argument #1 to 'seeall' (table expected)");
        table.meta ??= new LuaTable();
        table.meta.set("__index", m.globals);
        return [];
      },
    },
    values: { path: "", cpath: "", config: "/\n;\n?\n!\n-\n" },
    open(m, table) {
      table.set("loaded", m.loaded);
      table.set("preload", preload);
      m.globals.set("require", new Native("require", (args) => requireModule(m, stringArg(args, 0), preload, find)));
      m.globals.set("module", new Native("module", defineModule));
    },
  };
}
