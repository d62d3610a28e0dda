// Looks at what goes into the routing table, so that the queues that its filters name are open, with the settings of the table, before
// the first request can meet the route (spec resilience 2). Routes without such filters pass through.

import type { Route } from "../eskip/route.ts";
import type { QueueRegistry } from "../resilience/scheduler/queue-registry.ts";
import { type QueueUse, queueFilterNames, queueUse } from "../resilience/scheduler/queue-settings.ts";
import type { RoutingTable } from "../routing/table.ts";
import type { TableTransaction } from "../routing/table-transaction.ts";
import { checkArgs } from "../spec/args.ts";
import type { Registry } from "../spec/registry.ts";

type WatchedTable = Pick<RoutingTable, "transact" | "count" | "builtAtMs">;
/** By route the queues that its filters name, in their order. */
type Uses = Map<string, readonly QueueUse[]>;

/** The table with a watch on its changes. */
export function watchQueues(table: WatchedTable, queues: QueueRegistry, registry: Registry): WatchedTable {
  const known = new Map<number, Uses>();
  return {
    get count() {
      return table.count;
    },
    get builtAtMs() {
      return table.builtAtMs;
    },
    transact(source, write) {
      const uses = known.get(source) ?? new Map();
      const change = new QueueChange(uses, registry);
      const result = table.transact(source, (transaction) => {
        change.transaction = transaction;
        write(change);
        for (const [route, named] of change.delivered) {
          for (const [i, use] of named.entries()) queues.refer(use, source, memberKey(source, route, i));
        }
        queues.settle();
      });
      if (change.isEmpty) return result;
      for (const [use, route, i] of change.take()) queues.drop(use, memberKey(source, route, i));
      queues.settle();
      known.set(source, uses);
      return result;
    },
  };
}

/** Passes a change of a source on and notes the routes with queues. */
class QueueChange implements TableTransaction {
  transaction!: TableTransaction;
  readonly delivered: Uses = new Map();
  readonly #before: Uses;
  readonly #registry: Registry;
  readonly #gone = new Set<string>();
  #isReset = false;

  constructor(before: Uses, registry: Registry) {
    this.#before = before;
    this.#registry = registry;
  }

  /** True when no queue is concerned. */
  get isEmpty(): boolean {
    return this.#before.size === 0 && this.delivered.size === 0;
  }

  reset(): void {
    this.#isReset = true;
    this.delivered.clear();
    this.transaction.reset();
  }

  upsert(route: Route, ...rest: TailOf<TableTransaction["upsert"]>): void {
    this.transaction.upsert(route, ...rest);
    const uses = this.#usesOf(route);
    const key = routeKey(route.id, rest[1]);
    if (uses.length > 0) this.delivered.set(key, uses);
    else if (!this.isEmpty) this.#forget(key);
  }

  delete(id: string, variant?: number): void {
    this.transaction.delete(id, variant);
    if (!this.isEmpty) this.#forget(routeKey(id, variant));
  }

  #forget(key: string): void {
    this.delivered.delete(key);
    this.#gone.add(key);
  }

  /** The change is in force: notes what the source's routes use now, and gives what they use no more. */
  *take(): Generator<readonly [use: QueueUse, route: string, index: number]> {
    const gone = this.#isReset ? [...this.#before.keys()] : this.#gone;
    for (const route of gone) {
      if (this.delivered.has(route)) continue;
      yield* this.#dropped(route, none);
      this.#before.delete(route);
    }
    for (const [route, uses] of this.delivered) {
      yield* this.#dropped(route, uses);
      this.#before.set(route, uses);
    }
  }

  *#dropped(route: string, now: readonly QueueUse[]): Generator<readonly [QueueUse, string, number]> {
    for (const [i, use] of (this.#before.get(route) ?? none).entries()) {
      if (!isSameQueue(use, now[i])) yield [use, route, i];
    }
  }

  #usesOf(route: Route): readonly QueueUse[] {
    let uses: QueueUse[] | null = null;
    for (const { name, args } of route.filters) {
      if (!queueFilterNames.has(name)) continue;
      const spec = this.#registry.filter(name);
      const checked = spec === undefined ? null : checkArgs(spec.args, args);
      if (checked !== null && "values" in checked) (uses ??= []).push(queueUse(name, checked.values, route.id));
    }
    return uses ?? none;
  }
}

const none: readonly QueueUse[] = [];

function isSameQueue(use: QueueUse, other: QueueUse | undefined): boolean {
  return other !== undefined && use.kind === other.kind && use.name === other.name;
}

type TailOf<F> = F extends (first: Route, ...rest: infer R) => void ? R : never;

function routeKey(id: string, variant = 0): string {
  return `${variant}\0${id}`;
}

function memberKey(source: number, route: string, index: number): string {
  return `${source}\0${index}\0${route}`;
}
