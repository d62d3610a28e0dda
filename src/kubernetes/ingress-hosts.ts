// What all Ingresses together know of a host (spec kubernetes 7.10, 7.11): whether it needs a catch-all route, and what becomes of its
// redirects. Parts are kept in the order of their Ingresses, because the first route and the last word count.

import type { Route } from "../eskip/route.ts";
import { ingressCatchAlls } from "./catch-all.ts";
import type { IngressHostPart } from "./translation.ts";

/** The part of one Ingress. */
export interface OwnedPart<Owner> {
  readonly owner: Owner;
  /** Place of the host in its Ingress. */
  readonly index: number;
  readonly part: IngressHostPart;
}

export class IngressHost<Owner> {
  readonly name: string;
  readonly #order: (a: Owner, b: Owner) => number;
  readonly #parts: OwnedPart<Owner>[] = [];

  constructor(name: string, order: (a: Owner, b: Owner) => number) {
    this.name = name;
    this.#order = order;
  }

  /** The part in which the host is seen first; undefined when no Ingress has it. */
  get first(): OwnedPart<Owner> | undefined {
    return this.#parts[0];
  }

  add(part: OwnedPart<Owner>): void {
    this.#parts.splice(this.#placeOf(part.owner), 0, part);
  }

  remove(owner: Owner): void {
    const place = this.#placeOf(owner);
    if (this.#parts[place]?.owner === owner) this.#parts.splice(place, 1);
  }

  /** The catch-all route and its companions, none when a route of the host makes it superfluous. */
  catchAlls(): readonly Route[] {
    const first = this.first?.part.routes[0];
    let code = 0;
    let isDisabled = false;
    for (const { part } of this.#parts) {
      if (part.catchesAll) return [];
      if (part.redirect === "disabled") isDisabled = true;
      else if (part.redirect !== null) code = part.redirect;
    }
    return first === undefined ? [] : ingressCatchAlls(this.name, first.hostRegexps, { code, isDisabled });
  }

  /** Where the owner's part is, or would be. */
  #placeOf(owner: Owner): number {
    let low = 0;
    let high = this.#parts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#order(this.#parts[middle]!.owner, owner) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
