// coroutine (reference manual 5.1, section 5.2). Unlike there a coroutine may yield across pcall, sort and gsub.

import { wrongType } from "./arguments.ts";
import { Coroutine } from "./coroutine.ts";
import type { Library } from "./library.ts";
import type { Machine } from "./machine.ts";
import { BadArgument, Closure, Native, type Value } from "./value.ts";

function create(m: Machine, args: Value[]): Coroutine {
  const [fn] = args;
  if (!(fn instanceof Closure)) throw new BadArgument(1, "Lua function expected");
  m.alloc(1024);
  return new Coroutine(fn);
}

function coroutineArg(args: Value[]): Coroutine {
  const [co] = args;
  if (co instanceof Coroutine) return co;
  throw args.length === 0 ? wrongType(args, 0, "coroutine") : new BadArgument(1, "coroutine expected");
}

export const coroutineLibrary: Library = {
  name: "coroutine",
  functions: {
    create: (args, m) => create(m, args),
    resume: (args, m) => m.resume(coroutineArg(args), args.slice(1), false),
    running: (_args, m) => (m.current === m.main ? undefined : m.current),
    status: (args) => coroutineArg(args).status,
    wrap(args, m) {
      const co = create(m, args);
      return new Native("wrap", (given) => m.resume(co, given, true));
    },
    yield: (args, m) => m.yield(args),
  },
};
