// The shadow comparison (-routes-shadow-url): is the table in force the one that a Route Server serves? For the time before proxies
// are moved over to it. Asked now and then, in the main thread, in short steps; it only reads, and a failure changes nothing but a metric.
//
// Each side sees a change of the cluster at its own time, so a route counts as differing when it does so twice, some seconds apart.

import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { Downloader } from "../data-clients/download.ts";
import { parseRoutes } from "../eskip/parser.ts";
import type { Route } from "../eskip/route.ts";
import type { Logger } from "../observability/log.ts";
import { forwardTo } from "../routing/pre-processors/filter-rules.ts";
import type { RoutingTable } from "../routing/table.ts";
import { LONGEST_TIMER_MS } from "../util/longest-timer.ts";
import { comparedExpression } from "./compared-route.ts";

export interface ShadowOptions {
  readonly url: string;
  /** Milliseconds between two comparisons. */
  readonly intervalMs: number;
  /** As -forward-backend-url: what `<forward>` becomes in a proxy that reads from the Route Server. */
  readonly forwardBackendUrl: string;
  /** Proxy variables. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly table: Pick<RoutingTable, "count" | "version" | "page">;
  readonly log: Logger;
  /** `routes.shadow.differing` (routes) and `routes.shadow.compared_timestamp` (seconds since 1970). */
  gauge(key: string, value: number): void;
  /** `routes.shadow.failures`. */
  count(key: string): void;
}

const AGAIN_MS = 5000;
const DOWNLOAD_MS = 30_000;
const SHORTEST_INTERVAL_MS = 100;
/** Routes and bytes of text that are looked at in one step. */
const STEP_ROUTES = 256;
const STEP_BYTES = 1 << 16;
/** Differing routes that a log line names. */
const NAMED_ROUTES = 10;
/** A table that changes while it is read is read anew. */
const MAX_STARTS = 5;

/** What became of a route: it is only in this table, only in the other, or in both and not the same. */
type Difference = "here" | "there" | "both";
type Differences = ReadonlyMap<string, Difference>;

export class RoutesShadow {
  readonly #options: ShadowOptions;
  readonly #downloader: Downloader;
  readonly #forward: (route: Route) => Route;
  readonly #stopping = new AbortController();
  /** The tables that `#seen` is about. */
  #etag = "";
  #version = -1;
  #seen: Differences = new Map();
  /** What was told last; null: nothing yet. */
  #told: string | null = null;
  #failure = "";

  constructor(options: ShadowOptions) {
    this.#options = options;
    this.#downloader = new Downloader(DOWNLOAD_MS, options.environment);
    this.#forward = forwardTo(options.forwardBackendUrl);
  }

  /** Compares from now on, the first time after a random part of the interval: a fleet is not to ask at one time. */
  start(): void {
    void this.#run();
  }

  stop(): void {
    this.#stopping.abort();
    this.#downloader.close();
  }

  async #run(): Promise<void> {
    const intervalMs = Math.min(Math.max(this.#options.intervalMs, SHORTEST_INTERVAL_MS), LONGEST_TIMER_MS);
    for (let waitMs = Math.random() * intervalMs; await this.#waits(waitMs); waitMs = intervalMs) {
      try {
        await this.#compareTwice();
        this.#failure = "";
      } catch (cause) {
        if (this.#stopping.signal.aborted) return;
        this.#failed((cause as Error).message);
      }
    }
  }

  /** False: it is to end. */
  async #waits(ms: number): Promise<boolean> {
    await sleep(ms, undefined, { ref: false, signal: this.#stopping.signal }).catch(() => {});
    return !this.#stopping.signal.aborted;
  }

  async #compareTwice(): Promise<void> {
    let differing = await this.#compare();
    if (differing.size > 0) {
      if (!(await this.#waits(Math.min(AGAIN_MS, this.#options.intervalMs)))) return;
      const before = differing;
      differing = new Map([...(await this.#compare())].filter(([id]) => before.has(id)));
    }
    this.#options.gauge("routes.shadow.differing", differing.size);
    this.#options.gauge("routes.shadow.compared_timestamp", Date.now() / 1000);
    this.#tell(differing);
  }

  async #compare(): Promise<Differences> {
    const { table, url } = this.#options;
    const isSame = table.version === this.#version && this.#etag !== "";
    const headers: Record<string, string> = isSame ? { "if-none-match": this.#etag } : {};
    const answer = await this.#downloader.get({ url, address: "", headers, waitMs: 0 });
    if (answer.status === 304 && isSame) {
      if (table.version === this.#version) return this.#seen;
      this.#etag = ""; // ours has changed meanwhile: the text is needed after all
      return this.#compare();
    }
    if (answer.status !== 200) throw new Error(`expected status 200, got ${answer.status}`);
    const theirs = await this.#read(answer.body);
    for (let start = 0; start < MAX_STARTS; start++) {
      const { version } = table;
      const differing = await this.#differences(theirs, version);
      if (differing === null) continue;
      this.#etag = String(answer.headers.etag ?? "");
      this.#version = version;
      this.#seen = differing;
      return differing;
    }
    throw new Error(`the table changed ${MAX_STARTS} times while it was compared`);
  }

  /** Expressions by id. The text has a route on each line, as every Route Server writes it. */
  async #read(text: Uint8Array): Promise<ReadonlyMap<string, string>> {
    const theirs = new Map<string, string>();
    for (let start = 0; start < text.length; ) {
      const end = lineEnd(text, start + STEP_BYTES);
      const error = parseRoutes(text.subarray(start, end), (route) => theirs.set(route.id, this.#expression(route)));
      if (error !== null) throw new Error(error.message);
      start = end;
      await this.#rest();
    }
    return theirs;
  }

  /** Null: the table is another one by now. */
  async #differences(theirs: ReadonlyMap<string, string>, version: number): Promise<Differences | null> {
    const { table } = this.#options;
    const found = new Map<string, Difference>();
    const missing = new Set(theirs.keys());
    for (let offset = 0; offset < table.count; offset += STEP_ROUTES) {
      for (const route of table.page(offset, STEP_ROUTES)) {
        if (!missing.delete(route.id)) found.set(route.id, "here");
        else if (theirs.get(route.id) !== this.#expression(route)) found.set(route.id, "both");
      }
      await this.#rest();
      if (table.version !== version) return null;
    }
    for (const id of missing) found.set(id, "there");
    return found;
  }

  #expression(route: Route): string {
    return comparedExpression(this.#forward(route));
  }

  async #rest(): Promise<void> {
    await setImmediate();
    this.#stopping.signal.throwIfAborted();
  }

  /** One line for each result that is another than the one before. */
  #tell(differing: Differences): void {
    const { log, url } = this.#options;
    const text = [...differing].map(([id, what]) => `${what} ${id}`).join("\n");
    if (text === this.#told) return;
    this.#told = text;
    if (differing.size === 0) {
      log.info(`the routes are those of ${url}`);
      return;
    }
    const of = (wanted: Difference): number => [...differing.values()].filter((what) => what === wanted).length;
    log.warn(`the routes are not those of ${url}`, {
      differing: of("both"),
      only_here: of("here"),
      only_there: of("there"),
      ids: [...differing.keys()].slice(0, NAMED_ROUTES).join(" "),
    });
  }

  #failed(reason: string): void {
    const { log, url, count } = this.#options;
    count("routes.shadow.failures");
    if (reason === this.#failure) return;
    this.#failure = reason;
    log.error(`the routes could not be compared with those of ${url}: ${reason}`);
  }
}

/** The first byte behind the line that `at` is in. */
function lineEnd(text: Uint8Array, at: number): number {
  const feed = at < text.length ? text.indexOf(0x0a, at) : -1;
  return feed < 0 ? text.length : feed + 1;
}
