// The filters and predicates that ship: for the proxy, and for commands that check routes without running them.

import { filterSpecs } from "../filters/index.ts";
import { predicateSpecs } from "../predicates/index.ts";
import { Registry } from "../spec/registry.ts";

export function shippedRegistry(disabledFilters: readonly string[] = []): Registry {
  return new Registry(filterSpecs, predicateSpecs, disabledFilters);
}
