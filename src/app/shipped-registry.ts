// The filters and predicates that ship: for the proxy, and for commands that check routes without running them.

import { filterSpecs } from "../filters/index.ts";
import { luaWith } from "../filters/lua/lua.ts";
import { predicateSpecs } from "../predicates/index.ts";
import type { LuaOptions } from "../spec/env.ts";
import { Registry } from "../spec/registry.ts";

/** `lua`: the flags that say what lua() may do; null when routes are only checked. */
export function shippedRegistry(disabledFilters: readonly string[] = [], lua: LuaOptions | null = null): Registry {
  const filters = lua === null ? filterSpecs : filterSpecs.map((spec) => (spec.name === "lua" ? luaWith(lua) : spec));
  return new Registry(filters, predicateSpecs, disabledFilters);
}
