// The first argument of `request` and `response`: tables that speak for the request that the machine serves at the moment. They are made once for a machine;
// a script that keeps them beyond its request gets an error.

import type { Machine } from "../../lua/machine.ts";
import { toText } from "../../lua/operations.ts";
import { LuaTable } from "../../lua/table.ts";
import { Failure, Native, type Value } from "../../lua/value.ts";
import type { FilterContext } from "../../spec/context.ts";
import { answeringTable } from "./header-table.ts";
import { encodeJson, JsonError } from "./json-module.ts";
import { requestTable, responseTable } from "./request-table.ts";
import { stateBagTable } from "./state-bag-table.ts";

export class ScriptContext {
  /** The request that is served; null between requests. */
  current: FilterContext | null = null;
  readonly #meta: LuaTable;

  constructor() {
    const context = (): FilterContext => {
      if (this.current === null) throw new Failure("the request is over");
      return this.current;
    };
    const response = responseTable(context);
    const parts = new Map<Value, Value>([
      ["request", requestTable(context)],
      ["state_bag", stateBagTable(context)],
      ["path_param", pathParamTable(context)],
      ["serve", new Native("serve", (args, m) => serve(context(), args, m))],
    ]);
    this.#meta = answeringTable({
      __index(args) {
        const key = args[1];
        if (key !== "response") return parts.get(key);
        if (!context().hasResponse) throw new Failure("the response is there in the response phase only");
        return response;
      },
    }).meta!;
  }

  /** A new table, so that what a script writes into it is gone with the request. */
  table(): LuaTable {
    const table = new LuaTable();
    table.meta = this.#meta;
    return table;
  }
}

function pathParamTable(context: () => FilterContext): LuaTable {
  return answeringTable({
    __index: (args) => context().pathParam(toText(args[1]) ?? "") || undefined,
    __newindex: () => [],
  });
}

/** `serve{status_code=, header=, body=}`: nothing for success, a text for what is no table. */
function serve(ctx: FilterContext, args: readonly Value[], m: Machine): Value | Value[] {
  const [response] = args;
  if (!(response instanceof LuaTable)) return "unsupported type, need a table";
  const status = response.get("status_code");
  const headers: [string, string][] = [];
  const given = response.get("header");
  if (given instanceof LuaTable) {
    m.charge(given.size);
    for (let at = given.after(undefined); at > 0; at = given.after(given.keyAt(at))) {
      const name = toText(given.keyAt(at));
      const value = toText(given.valueAt(at));
      if (name !== undefined && value !== undefined) headers.push([name, value]);
    }
  }
  let body: string;
  try {
    body = bodyText(response.get("body"), m);
  } catch (cause) {
    if (cause instanceof JsonError) return cause.message;
    throw cause;
  }
  ctx.serve(typeof status === "number" ? Math.trunc(status) : 0, headers, body);
  return [];
}

function bodyText(body: Value, m: Machine): string {
  return body instanceof LuaTable ? encodeJson(m, body) : (toText(body) ?? "");
}
