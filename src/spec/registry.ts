// The filters and predicates that a process knows, by name, and the one check of a route against them that the CLI, the proxy and
// the webhook share.

import type { FilterSpec } from "./filter.ts";
import type { PredicateSpec } from "./predicate.ts";

export class Registry {
  readonly #shippedFilters: readonly FilterSpec[];
  readonly #shippedPredicates: readonly PredicateSpec[];
  readonly #disabled: ReadonlySet<string>;
  #filters!: ReadonlyMap<string, FilterSpec>;
  #predicates!: ReadonlyMap<string, PredicateSpec>;

  constructor(
    filters: readonly FilterSpec[],
    predicates: readonly PredicateSpec[],
    disabledFilters: readonly string[] = [],
  ) {
    this.#shippedFilters = filters;
    this.#shippedPredicates = predicates;
    this.#disabled = new Set(disabledFilters);
    this.addPlugins([], []);
  }

  /**
   * Those of plugins, in place of all that plugins had before. A name that ships keeps its meaning, of equal names the first counts; gives
   * one text for each that does not count, but for disabled filters.
   */
  addPlugins(filters: readonly FilterSpec[], predicates: readonly PredicateSpec[]): string[] {
    const hidden: string[] = [];
    const known = new Map<string, FilterSpec>();
    const shipped = new Set<string>();
    for (const spec of this.#shippedFilters) {
      shipped.add(spec.name);
      if (!this.#disabled.has(spec.name)) known.set(spec.name, spec);
    }
    for (const spec of filters) {
      if (shipped.has(spec.name) || known.has(spec.name)) hidden.push(`filter ${spec.name}`);
      else if (!this.#disabled.has(spec.name)) known.set(spec.name, spec);
    }
    this.#filters = known;
    const tests = new Map(this.#shippedPredicates.map((spec) => [spec.name, spec]));
    for (const spec of predicates) {
      if (tests.has(spec.name)) hidden.push(`predicate ${spec.name}`);
      else tests.set(spec.name, spec);
    }
    this.#predicates = tests;
    return hidden;
  }

  filter(name: string): FilterSpec | undefined {
    return this.#filters.get(name);
  }

  predicate(name: string): PredicateSpec | undefined {
    return this.#predicates.get(name);
  }

  get filters(): Iterable<FilterSpec> {
    return this.#filters.values();
  }

  get predicates(): Iterable<PredicateSpec> {
    return this.#predicates.values();
  }
}
