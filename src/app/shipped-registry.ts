// The filters and predicates that ship: for the proxy, and for commands that check routes without running them.

import { filterSpecs } from "../filters/index.ts";
import { luaWith } from "../filters/lua/lua.ts";
import { predicateSpecs } from "../predicates/index.ts";
import type { FilterSpec } from "../spec/filter.ts";
import { Registry } from "../spec/registry.ts";

/** `lua`: the filter with what loads or runs its scripts; without it only its arguments are checked. */
export function shippedRegistry(disabledFilters: readonly string[] = [], lua?: FilterSpec): Registry {
  const filters = lua === undefined ? filterSpecs : filterSpecs.map((spec) => (spec.name === lua.name ? lua : spec));
  return new Registry(filters, predicateSpecs, disabledFilters);
}

/** The same with a check of scripts, for commands that check routes and run none. */
export async function checkingRegistry(disabledFilters: readonly string[]): Promise<Registry> {
  const { COMMAND_OPTIONS, ScriptFiles } = await import("../filters/lua/script-files.ts");
  return shippedRegistry(disabledFilters, luaWith({ check: new ScriptFiles(COMMAND_OPTIONS).check }));
}
