// Owner of the route sources in the main thread: starts them, runs what they deliver through the pre-processors into the routing
// table, and reports it (spec route-sources 3). A source that fails keeps what it delivered before.

import { printExpression } from "../eskip/printer.ts";
import type { Route } from "../eskip/route.ts";
import type { Logger } from "../observability/log.ts";
import type { DataClient, DataClientHost, RouteText, RouteTransaction } from "../spec/data-client.ts";
import type { PreProcessor } from "../spec/processor.ts";
import { yieldCore } from "../util/yield-core.ts";
import { splitCloneId } from "./pre-processors/clone-id.ts";
import { preProcess } from "./pre-processors/pre-processing.ts";
import type { RoutingTable } from "./table.ts";
import type { TableTransaction, TransactionResult } from "./table-transaction.ts";

/** What is measured about route updates (spec route-sources 3.5). */
export interface RouteMetrics {
  /** After each change of the table; `result` says which routes came to the refused ones and left them. */
  tableChanged(validRoutes: number, builtAtMs: number, latencyMs: number, result: TransactionResult): void;
  /** Time of one load (`initial`) or update of a source. */
  sourceLoaded(initial: boolean, name: string, ms: number): void;
}

export interface UpdaterOptions {
  /** In the order of spec route-sources 1: of equal ids that of the later source wins. */
  readonly sources: readonly DataClient[];
  readonly table: Pick<RoutingTable, "transact" | "count" | "builtAtMs">;
  readonly preProcessors: readonly PreProcessor[];
  readonly metrics: RouteMetrics;
  readonly log: Logger;
  /** Log counts instead of routes. */
  readonly suppressLogs: boolean;
}

/** An update of more routes than this is logged as counts: a log must not grow with the table. */
const maxLoggedRoutes = 1000;
/** Of refused routes fewer: each has a line at error level, and `/routes?invalid=true` lists them all. */
const maxLoggedInvalid = 100;

export class RouteUpdater {
  /** Resolves when every source has delivered its first routes; never when there is no source. */
  readonly firstLoad: Promise<void>;
  readonly #options: UpdaterOptions;
  readonly #waiting: Set<DataClient>;
  #firstLoadDone: () => void = () => {};
  #builds = 0;

  constructor(options: UpdaterOptions) {
    this.#options = options;
    this.#waiting = new Set(options.sources);
    this.firstLoad = new Promise((resolve) => {
      this.#firstLoadDone = resolve;
    });
  }

  /** Resolves when the first attempt of every source is over, good or bad; rejects when the process must not start. */
  async start(): Promise<void> {
    const { sources, log } = this.#options;
    if (sources.length === 0) {
      log.warn("no route source specified");
      this.#firstLoadDone();
    }
    const started = await Promise.allSettled(sources.map((source, i) => source.start(this.#host(source, i))));
    for (const result of started) if (result.status === "rejected") throw result.reason;
  }

  stop(): void {
    for (const source of this.#options.sources) source.stop();
  }

  /** Reports what a check of the table against other declarations has changed. */
  rechecked(results: readonly TransactionResult[], latencyMs: number): void {
    const { table, metrics, log } = this.#options;
    for (const result of results) {
      const id = ++this.#builds;
      log.info(`route settings received, id: ${id}`);
      this.#logInvalid(result);
      metrics.tableChanged(table.count, table.builtAtMs, latencyMs, result);
      log.info(`route settings applied, id: ${id}`);
    }
  }

  #host(source: DataClient, number: number): DataClientHost {
    const produced = new ProducedIds();
    return {
      apply: (initial, write) => this.#apply(source, number, produced, initial, write),
      failed: (initial, reason) =>
        this.#options.log.error(`error while receiving ${initial ? "initial data" : "update"};${reason}`),
    };
  }

  #apply(
    source: DataClient,
    number: number,
    produced: ProducedIds,
    initial: boolean,
    write: (transaction: RouteTransaction) => void,
  ): void {
    const { table, preProcessors, metrics, log } = this.#options;
    const started = performance.now();
    let batch: Batch | null = null;
    const result = table.transact(number, (transaction) => {
      batch = new Batch(transaction, preProcessors, produced.change());
      write(batch);
    });
    yieldCore();
    // Assigned in the callback, which the compiler does not see.
    const done = batch as Batch | null;
    if (done === null || done.isEmpty) return;
    produced.accept(done.produced);
    const latencyMs = performance.now() - started;
    this.#logChange(initial ? "reset" : "update", done);
    const id = ++this.#builds;
    log.info(`route settings received, id: ${id}`);
    this.#logInvalid(result);
    this.#logShared(result);
    yieldCore();
    metrics.sourceLoaded(initial, source.name, latencyMs);
    metrics.tableChanged(table.count, table.builtAtMs, latencyMs, result);
    log.info(`route settings applied, id: ${id}`);
    if (initial && this.#waiting.delete(source) && this.#waiting.size === 0) this.#firstLoadDone();
  }

  #logChange(type: "reset" | "update", batch: Batch): void {
    const { log, suppressLogs } = this.#options;
    if (suppressLogs || batch.upserts + batch.deletes > maxLoggedRoutes) {
      log.info(`route settings, ${type}, upsert count: ${batch.upserts}`);
      log.info(`route settings, ${type}, delete count: ${batch.deletes}`);
      return;
    }
    for (const route of batch.upserted)
      log.info(`route settings, ${type}, route: ${route.id}: ${printExpression(route)}`);
    for (const id of batch.deleted) log.info(`route settings, ${type}, deleted id: ${id}`);
  }

  #logInvalid({ invalid, unbuildable }: TransactionResult): void {
    const { log } = this.#options;
    for (const text of unbuildable.slice(0, maxLoggedInvalid)) log.error(text);
    for (const { route, problem } of invalid.slice(0, maxLoggedInvalid)) {
      const isWhole = problem.reason === "invalid_matcher" || !problem.listed;
      const text = isWhole ? problem.text : `failed to process route ${route.id}: ${problem.text}`;
      log.error(text, problem.detail === "" ? undefined : { detail: problem.detail });
    }
    if (invalid.length > maxLoggedInvalid) log.error(`failed to process routes, count: ${invalid.length}`);
  }

  /** Once for each route, when it comes; later versions of it are no news. */
  #logShared({ shared: { count, ids } }: TransactionResult): void {
    if (count === 0) return;
    const rest = count > ids.length ? ` and ${count - ids.length} more` : "";
    this.#options.log.warn(`route ids delivered by several sources, the later source counts: ${ids.join(", ")}${rest}`);
  }
}

/** One transaction of a source on its way through the pre-processors. */
class Batch implements RouteTransaction {
  upserts = 0;
  deletes = 0;
  /** The first routes and ids, as delivered, for the log. */
  readonly upserted: Route[] = [];
  readonly deleted: string[] = [];
  readonly produced: ProducedChange;
  readonly #table: TableTransaction;
  readonly #processors: readonly PreProcessor[];
  #reset = false;

  constructor(table: TableTransaction, processors: readonly PreProcessor[], produced: ProducedChange) {
    this.#table = table;
    this.#processors = processors;
    this.produced = produced;
  }

  get isEmpty(): boolean {
    return !this.#reset && this.upserts === 0 && this.deletes === 0;
  }

  reset(): void {
    this.#reset = true;
    this.produced.reset();
    this.#table.reset();
  }

  upsert(route: Route, text?: RouteText): void {
    this.upserts++;
    if (this.upserted.length <= maxLoggedRoutes) this.upserted.push(route);
    const result = preProcess(this.#processors, route);
    if (result === route) {
      this.#deleteProduced(route.id, none);
      this.#table.upsert(route, text);
      return;
    }
    const routes = Array.isArray(result) ? (result as readonly Route[]) : [result as Route];
    const ids = routes.map((made) => made.id);
    this.#deleteProduced(route.id, ids);
    if (!ids.includes(route.id)) this.#table.delete(route.id);
    for (const made of routes) {
      const { shown, variant } = splitCloneId(made.id);
      if (variant === 0) this.#table.upsert(made);
      else this.#table.upsert({ ...made, id: shown }, undefined, variant);
    }
    if (ids.length !== 1 || ids[0] !== route.id) this.produced.set(route.id, ids);
  }

  delete(id: string): void {
    this.deletes++;
    if (this.deleted.length <= maxLoggedRoutes) this.deleted.push(id);
    this.#deleteProduced(id, none);
    this.#table.delete(id);
  }

  /** Takes back what an earlier version of the route was turned into, but for the ids that come again. */
  #deleteProduced(id: string, kept: readonly string[]): void {
    const before = this.produced.get(id);
    if (before === undefined) return;
    for (const made of before) {
      if (kept.includes(made)) continue;
      const { shown, variant } = splitCloneId(made);
      this.#table.delete(shown, variant);
    }
    this.produced.set(id, undefined);
  }
}

const none: readonly string[] = [];

/** The ids that routes of one source were turned into, only of routes that did not simply keep theirs (clones). */
class ProducedIds {
  #ids = new Map<string, readonly string[]>();

  change(): ProducedChange {
    return new ProducedChange(this.#ids);
  }

  accept(change: ProducedChange): void {
    this.#ids = change.applied();
  }
}

/** Changes of ProducedIds that count only when their transaction does. */
class ProducedChange {
  #before: Map<string, readonly string[]>;
  readonly #changes = new Map<string, readonly string[] | undefined>();

  constructor(before: Map<string, readonly string[]>) {
    this.#before = before;
  }

  reset(): void {
    this.#before = new Map();
    this.#changes.clear();
  }

  get(id: string): readonly string[] | undefined {
    if (this.#changes.size > 0 && this.#changes.has(id)) return this.#changes.get(id);
    return this.#before.size > 0 ? this.#before.get(id) : undefined;
  }

  set(id: string, ids: readonly string[] | undefined): void {
    this.#changes.set(id, ids);
  }

  applied(): Map<string, readonly string[]> {
    for (const [id, ids] of this.#changes) {
      if (ids === undefined) this.#before.delete(id);
      else this.#before.set(id, ids);
    }
    return this.#before;
  }
}
