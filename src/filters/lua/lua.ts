// lua: runs a script for requests and responses (spec filters 13). This is the declaration; what loads scripts (script-files.ts) and runs them (create-lua.ts)
// is imported only where it is used, as the interpreter costs every thread memory.

import { bytes } from "../../spec/arg-kinds.ts";
import { one, rest } from "../../spec/args.ts";
import { defineFilter, type FilterSpec } from "../../spec/filter.ts";

const NOT_ENABLED = "lua is not enabled: it needs -enable-lua";

export const lua = defineFilter({
  name: "lua",
  summary: "Runs the functions request(ctx, params) and response(ctx, params) of a Lua 5.1 script.",
  details:
    "The script is a file when its name ends in .lua, else the text itself; one that cannot be loaded or has neither function makes the route invalid. An error in a function is logged, and the request goes on. The guide docs/guides/lua.md tells what a script can do.",
  args: [one("script", bytes), rest("params", bytes)],
  options: ["enable-lua", "lua-modules", "lua-sources", "lua-max-instructions", "lua-max-memory"],
  examples: [
    {
      route:
        '* -> lua("function request(ctx, params) ctx.request.header[params.name] = ctx.request.method end", "name=X-Method") -> "http://backend.test"',
      expect: { backend: { headers: { "x-method": "GET" } } },
    },
    {
      route:
        "* -> lua(\"function request(ctx) ctx.serve({status_code = 403, header = {['content-type'] = 'text/plain'}, body = 'denied'}) end\") -> <shunt>",
      expect: { status: 403, headers: { "content-type": "text/plain" }, body: "denied" },
    },
  ],
  create() {
    throw new Error(NOT_ENABLED);
  },
});

/** The filter with what loads or runs its scripts. */
export function luaWith(parts: Partial<Pick<FilterSpec, "check" | "create">>): FilterSpec {
  return { ...lua, ...parts };
}

/** The filter for a proxy without -enable-lua. */
export function forbiddenLua(): FilterSpec {
  return luaWith({ check: () => NOT_ENABLED });
}
