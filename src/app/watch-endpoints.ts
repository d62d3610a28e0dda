// Looks at what goes into the routing table, so that the endpoints of routes with fadeIn are known from the first table that has
// them until they are in none (spec resilience 7), and not only from their first request. Other routes pass through: for them the
// age of an endpoint does not matter.

import { type Endpoints, endpointKey } from "../backends/endpoints.ts";
import type { Route } from "../eskip/route.ts";
import type { RoutingTable } from "../routing/table.ts";
import type { TableTransaction } from "../routing/table-transaction.ts";

type WatchedTable = Pick<RoutingTable, "transact" | "count" | "builtAtMs">;

/** The table with a watch on its changes. `now`: milliseconds since 1970. */
export function watchEndpoints(table: WatchedTable, endpoints: Endpoints, now: () => number): WatchedTable {
  /** For each source the slots that its routes hold. */
  const held = new Map<number, Map<string, readonly number[]>>();
  return {
    get count() {
      return table.count;
    },
    get builtAtMs() {
      return table.builtAtMs;
    },
    transact(source, write) {
      const known = held.get(source) ?? new Map<string, readonly number[]>();
      const change = new EndpointChange(known);
      const result = table.transact(source, (transaction) => {
        change.transaction = transaction;
        write(change);
      });
      if (change.settle(endpoints, now())) held.set(source, known);
      return result;
    },
  };
}

/** Passes a change of a source on and notes the routes that fade in, or did. */
class EndpointChange implements TableTransaction {
  transaction!: TableTransaction;
  readonly #known: Map<string, readonly number[]>;
  /** By route: its endpoints' addresses, null when it does not fade in any more. */
  readonly #delivered = new Map<string, readonly string[] | null>();
  readonly #deleted: string[] = [];
  #isReset = false;

  constructor(known: Map<string, readonly number[]>) {
    this.#known = known;
  }

  reset(): void {
    this.#isReset = true;
    this.transaction.reset();
  }

  upsert(route: Route, ...rest: TailOf<TableTransaction["upsert"]>): void {
    this.transaction.upsert(route, ...rest);
    const { backend } = route;
    const fades = backend.type === "lb" && route.filters.some((filter) => filter.name === "fadeIn");
    if (!fades && this.#known.size === 0 && this.#delivered.size === 0) return;
    const key = routeKey(route.id, rest[1]);
    this.#delivered.set(key, fades ? backend.endpoints.map((endpoint) => endpoint.address) : null);
  }

  delete(id: string, variant?: number): void {
    this.transaction.delete(id, variant);
    if (this.#known.size > 0) this.#deleted.push(routeKey(id, variant));
  }

  /** The change is in force: holds the endpoints that came, then lets those go that went. False when nothing is held. */
  settle(endpoints: Endpoints, nowMs: number): boolean {
    const gone: (readonly number[])[] = [];
    const remove = (key: string) => {
      const slots = this.#known.get(key);
      if (slots === undefined) return;
      gone.push(slots);
      this.#known.delete(key);
    };
    const removed = this.#isReset ? [...this.#known.keys()] : this.#deleted;
    for (const key of removed) if (!this.#delivered.has(key)) remove(key);
    for (const [key, addresses] of this.#delivered) {
      remove(key);
      if (addresses === null) continue;
      this.#known.set(
        key,
        addresses.map((address) => endpoints.acquire(endpointKey(address), nowMs)),
      );
    }
    for (const slots of gone) for (const slot of slots) endpoints.release(slot, nowMs);
    return this.#known.size > 0;
  }
}

type TailOf<F> = F extends (first: Route, ...rest: infer R) => void ? R : never;

function routeKey(id: string, variant = 0): string {
  return `${variant}\0${id}`;
}
