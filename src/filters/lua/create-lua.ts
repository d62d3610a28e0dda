// What makes the instances of lua(); imported only in workers with -enable-lua.

import type { Filter, FilterSpec } from "../../spec/filter.ts";
import { ScriptFilter } from "./script-filter.ts";
import type { ScriptTexts } from "./script-texts.ts";

/** For routes whose scripts the main thread has loaded. */
export function createLua(texts: ScriptTexts): FilterSpec["create"] {
  return (values, env): Filter => {
    const [script, params] = values as [script: string, params: readonly string[]];
    const filter = new ScriptFilter(script, params, env, texts);
    return {
      ...(filter.has("request") && { request: (ctx) => filter.request(ctx) }),
      ...(filter.has("response") && { response: (ctx) => filter.response(ctx) }),
      close: () => filter.close(),
    };
  };
}
