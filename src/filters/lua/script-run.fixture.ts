// Runs scripts without a proxy, for the tests of this folder.

import { FakeContext, type FakeEnv, type FakeRequest, fakeEnv } from "../../../test/support/fake-context.ts";
import type { LuaOptions } from "../../spec/env.ts";
import { toByteString } from "../../util/bytes.ts";
import { readProgram } from "./read-program.ts";
import { ScriptFilter } from "./script-filter.ts";
import { ScriptTexts } from "./script-texts.ts";

export const OPTIONS: LuaOptions = fakeEnv().options.lua;

export function envWith(options: Partial<LuaOptions>): FakeEnv {
  const env = fakeEnv();
  return { ...env, options: { ...env.options, lua: { ...OPTIONS, ...options } } };
}

export interface Run {
  readonly ctx: FakeContext;
  readonly env: FakeEnv;
}

/** What the main thread would have given to the workers. */
export function textsOf(script: string, env: FakeEnv): ScriptTexts {
  const { program, standsAlone } = readProgram(toByteString(script), env.options.lua);
  return new ScriptTexts(standsAlone || typeof program === "string" ? [] : [program]);
}

/** Runs `request` of a script over one request. */
export async function run(
  script: string,
  given: FakeRequest = {},
  params: readonly string[] = [],
  env = fakeEnv(),
): Promise<Run> {
  const ctx = new FakeContext(given);
  const filter = new ScriptFilter(toByteString(script), params, env, textsOf(script, env));
  await filter.request(ctx);
  filter.close();
  return { ctx, env };
}

/** What an expression of a script is: it comes back in a header. */
export async function valueOf(expression: string, given: FakeRequest = {}, env = fakeEnv()): Promise<string> {
  const script = `local function text(...) local t = {...} for i = 1, select("#", ...) do t[i] = tostring(t[i]) end return table.concat(t, "|") end function request(c, p) c.request.header.Out = text(${expression}) end`;
  const { ctx } = await run(script, given, [], env);
  return ctx.request.headers.get("Out") ?? env.logged.join("\n");
}
