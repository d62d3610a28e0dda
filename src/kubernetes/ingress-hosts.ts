// What all Ingresses together know of a host (spec kubernetes 7.10, 7.11): whether it needs a catch-all route, and what becomes of its
// redirects. Parts are kept in the order of their Ingresses, because the first route and the last word count.

import type { Route } from "../eskip/route.ts";
import { ingressCatchAlls } from "./catch-all.ts";
import type { IngressHostPart } from "./translation.ts";

/** What counts of the part of one Ingress. Its routes do not: they come anew whenever their backends do. */
interface OwnedPart<Owner> extends Pick<IngressHostPart, "redirect" | "catchesAll"> {
  readonly owner: Owner;
  /** Place of the host in its Ingress. */
  readonly index: number;
  /** Of the first route; undefined when there is none. */
  readonly hostRegexps: readonly string[] | undefined;
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

  /** `index`: place of the host in its Ingress. */
  add(owner: Owner, index: number, { routes, redirect, catchesAll }: IngressHostPart): void {
    const part = { owner, index, redirect, catchesAll, hostRegexps: routes[0]?.hostRegexps };
    this.#parts.splice(this.#placeOf(owner), 0, part);
  }

  remove(owner: Owner): void {
    const place = this.#placeOf(owner);
    if (this.#parts[place]?.owner === owner) this.#parts.splice(place, 1);
  }

  /** The catch-all route and its companions, none when a route of the host makes it superfluous. */
  catchAlls(): readonly Route[] {
    const hostRegexps = this.first?.hostRegexps;
    let code = 0;
    let isDisabled = false;
    for (const { redirect, catchesAll } of this.#parts) {
      if (catchesAll) return [];
      if (redirect === "disabled") isDisabled = true;
      else if (redirect !== null) code = redirect;
    }
    return hostRegexps === undefined ? [] : ingressCatchAlls(this.name, hostRegexps, { code, isDisabled });
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
