// The filters and predicates that a process knows, by name, and the one check of a route against them that the CLI, the proxy and
// the webhook share.

import type { FilterSpec } from "./filter.ts";
import type { PredicateSpec } from "./predicate.ts";

export class Registry {
  readonly #filters = new Map<string, FilterSpec>();
  readonly #predicates = new Map<string, PredicateSpec>();

  constructor(
    filters: readonly FilterSpec[],
    predicates: readonly PredicateSpec[],
    disabledFilters: readonly string[] = [],
  ) {
    const disabled = new Set(disabledFilters);
    for (const spec of filters) if (!disabled.has(spec.name)) this.#filters.set(spec.name, spec);
    for (const spec of predicates) this.#predicates.set(spec.name, spec);
  }

  filter(name: string): FilterSpec | undefined {
    return this.#filters.get(name);
  }

  predicate(name: string): PredicateSpec | undefined {
    return this.#predicates.get(name);
  }

  get filters(): IterableIterator<FilterSpec> {
    return this.#filters.values();
  }

  get predicates(): IterableIterator<PredicateSpec> {
    return this.#predicates.values();
  }
}
