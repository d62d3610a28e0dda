// lua: runs a script for requests and responses (spec filters 13).

import { bytes } from "../../spec/arg-kinds.ts";
import { one, rest } from "../../spec/args.ts";
import type { LuaOptions } from "../../spec/env.ts";
import { defineFilter, type FilterSpec } from "../../spec/filter.ts";
import { Script } from "./script.ts";
import { hostFunctions, ScriptFilter, sourceOf } from "./script-filter.ts";
import { sourceProblem } from "./sources.ts";

/** For commands that check routes without the flags of a proxy. */
const DEFAULTS: LuaOptions = {
  enabled: true,
  modules: [],
  sources: [],
  maxInstructions: 5_000_000,
  maxMemoryBytes: 16 << 20,
};

/** Verdicts over inline scripts that are remembered, so that a table full of equal ones is checked once. */
const REMEMBERED = 1000;

/** Loads the script as a proxy with these flags would, and gives what is wrong with it. */
function scriptCheck(options: LuaOptions): (script: string) => string {
  const verdicts = new Map<string, string>();
  const globals = hostFunctions(() => {});
  return (script) => {
    const problem = sourceProblem(script, options);
    if (problem !== "") return problem;
    const source = sourceOf(script, options);
    if (typeof source === "string") return source;
    const known = verdicts.get(source.text);
    if (known !== undefined) return known;
    const opened = Script.open(source, options, globals);
    const verdict = typeof opened === "string" ? opened : "";
    if (verdicts.size >= REMEMBERED) verdicts.clear();
    // What modules from files say today says nothing of tomorrow.
    if (!source.text.includes("require")) verdicts.set(source.text, verdict);
    return verdict;
  };
}

const checkByDefault = scriptCheck(DEFAULTS);

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
  check: ([script]) => checkByDefault(script),
  create([script, params], env) {
    const filter = new ScriptFilter(script, params, env);
    const close = (): void => filter.close();
    return {
      ...(filter.has("request") && { request: (ctx) => filter.request(ctx) }),
      ...(filter.has("response") && { response: (ctx) => filter.response(ctx) }),
      close,
    };
  },
});

/** The filter for a process with these flags: they say whether and which scripts are allowed. */
export function luaWith(options: LuaOptions): FilterSpec {
  const check = scriptCheck(options);
  return { ...lua, check: (values) => check(values[0] as string) };
}
