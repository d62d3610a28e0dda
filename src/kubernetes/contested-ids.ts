// Who has which route id. Ids lose characters (route-ids.ts), so several objects may want the same one: the first in the order of
// owners has it, whatever the order in which they came, and the others are reported once. Next to all ids have one candidate.

import { printExpression } from "../eskip/printer.ts";
import type { Route } from "../eskip/route.ts";
import type { Problem } from "./translation.ts";

/** Who makes routes: an object, or all Ingresses of a host together. */
export interface RouteOwner {
  readonly key: string;
  readonly routes: readonly Route[];
}

interface Candidate<Owner extends RouteOwner> {
  readonly owner: Owner;
  /** Place among the routes of its owner. */
  readonly index: number;
}

export class ContestedIds<Owner extends RouteOwner> {
  readonly #order: (a: Owner, b: Owner) => number;
  readonly #candidates = new Map<string, Candidate<Owner> | Candidate<Owner>[]>();
  /** Pairs of owners that were reported, for ids that are contested. */
  readonly #reported = new Map<string, ReadonlySet<string>>();

  /** `order`: less than 0 when its first argument goes before its second. */
  constructor(order: (a: Owner, b: Owner) => number) {
    this.#order = order;
  }

  add(owner: Owner): void {
    for (const [index, { id }] of owner.routes.entries()) {
      const candidate = { owner, index };
      const present = this.#candidates.get(id);
      if (present === undefined) this.#candidates.set(id, candidate);
      else if (Array.isArray(present)) present.push(candidate);
      else this.#candidates.set(id, [present, candidate]);
    }
  }

  remove(owner: Owner): void {
    for (const { id } of owner.routes) {
      const present = this.#candidates.get(id);
      const list = Array.isArray(present) ? present : present === undefined ? [] : [present];
      const rest = list.filter((candidate) => candidate.owner !== owner);
      if (rest.length === 0) this.#candidates.delete(id);
      else this.#candidates.set(id, rest.length === 1 ? rest[0]! : rest);
    }
  }

  /** The route that has the id, undefined when there is none. */
  route(id: string): Route | undefined {
    const present = this.#candidates.get(id);
    return present === undefined ? undefined : routeOf(Array.isArray(present) ? this.#first(present) : present);
  }

  routes(): Route[] {
    return [...this.#candidates.keys()].map((id) => this.route(id)!);
  }

  /** What is to be said about an id and was not said before. */
  newProblems(id: string): Problem[] {
    const present = this.#candidates.get(id);
    if (!Array.isArray(present)) {
      this.#reported.delete(id);
      return [];
    }
    const before = this.#reported.get(id);
    const pairs = new Set<string>();
    const problems: Problem[] = [];
    const first = this.#first(present);
    const existing = printExpression(routeOf(first));
    for (const candidate of present) {
      const ignored = printExpression(routeOf(candidate));
      if (ignored === existing) continue;
      const pair = `${first.owner.key} ${candidate.owner.key}`;
      const isTold = pairs.has(pair) || before?.has(pair) === true;
      pairs.add(pair);
      if (isTold) continue;
      const message = `Ignoring route with the same id ${id}, existing: ${existing}, ignored: ${ignored}`;
      problems.push({ level: "error", message, bare: true });
    }
    this.#reported.set(id, pairs);
    return problems;
  }

  #first(candidates: readonly Candidate<Owner>[]): Candidate<Owner> {
    return candidates.reduce((first, candidate) => {
      const order = this.#order(candidate.owner, first.owner) || candidate.index - first.index;
      return order < 0 ? candidate : first;
    });
  }
}

function routeOf({ owner, index }: Candidate<RouteOwner>): Route {
  return owner.routes[index]!;
}
