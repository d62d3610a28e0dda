// A remote source with another one for the time when no server gives a table: the cluster itself (spec routesrv 14). Both write to one
// host, one after the other; a change over hands the whole table over as one change, so that only what differs is touched.
//
//   served ──(silent for `afterMs`)──> silent ──(its turn)──> opening ──(first routes)──> fallen back
//     ^────────────────────────────────── a server gives a table ──────────────────────────────┘
//
// A fleet that loses its servers must not fall upon the API: each proxy waits a random part of the time in which all of them may begin,
// one after the other, at the rate of the budget. Until then, and while the other source has nothing either, the last table stays.
//
// The table of the other source goes to the disk as those of the servers do: both count what was seen of the cluster in the same
// numbers, so a start can tell which is older. No server has a name for its text, so the next table of a server comes as a whole.

import { compareBytes } from "../eskip/byte-order.ts";
import { normalizeSlots } from "../eskip/canonical.ts";
import { printRoutes } from "../eskip/printer.ts";
import type { Route } from "../eskip/route.ts";
import type { ApplicationLog } from "../observability/log.ts";
import type { DataClient, DataClientHost, RouteTransaction } from "../spec/data-client.ts";
import { LONGEST_TIMER_MS } from "../util/longest-timer.ts";
import { PieceText } from "./piece-text.ts";
import type { KeptTable } from "./routes-cache.ts";
import type { ServerObserver } from "./routes-url.ts";
import type { TableAge } from "./table-age.ts";
import { OlderTables, parseVersions, type TableVersions } from "./table-versions.ts";

/** The remote source, as far as it is used here: RoutesUrl. */
export interface ServedSource extends DataClient {
  readonly url: string;
  readonly age: TableAge;
  readonly versions: TableVersions;
  readonly fleet: number;
  observe(observer: ServerObserver): void;
  keep(table: () => KeptTable | null): void;
  deliver(host: DataClientHost): void;
}

/** The other source, made anew for each time. */
export interface OtherSource {
  readonly client: DataClient;
  /** How far the cluster was seen when the routes were made that are delivered at the moment, as in Routes-Versions. */
  versions(): string;
  /** All of those routes, in no order; null amid a delivery. */
  routes(): readonly Route[] | null;
  isInStep(): boolean;
}

export interface FallbackOptions {
  readonly served: ServedSource;
  /** Throws with the reason when it cannot be made. */
  open(): OtherSource;
  /** No server has given a table for so many milliseconds. */
  readonly afterMs: number;
  /** How many proxies of the whole fleet may begin in one second, more than 0. */
  readonly perSecond: number;
  /** Number of proxies; 0: what the servers said last. */
  readonly fleet: number;
  readonly random: () => number;
  readonly log: Pick<ApplicationLog, "info" | "warn" | "error">;
}

/** Proxies of a fleet whose size nobody has told. */
const UNKNOWN_FLEET = 300;

export class RouteFallback implements DataClient {
  readonly name: string;
  readonly age: TableAge;
  readonly #options: FallbackOptions;
  readonly #older = new OlderTables();
  #host: DataClientHost | null = null;
  /** Of the silence, or of the turn. */
  #timer: NodeJS.Timeout | undefined;
  #other: OtherSource | null = null;
  /** The table in force is that of the other source. */
  #hasFallen = false;
  /** Why there was no table at the last attempt. */
  #reason = "";
  #firstOver: () => void = () => {};

  constructor(options: FallbackOptions) {
    this.#options = options;
    const { served } = options;
    this.name = served.name;
    this.age = served.age;
    served.observe({
      versions: () => (this.#hasFallen ? parseVersions(this.#other!.versions()) : noVersions),
      answered: () => this.#answered(),
      silent: () => this.#silent(),
    });
  }

  /** Resolves with a first table from wherever it comes; rejects when neither source has one. */
  async start(host: DataClientHost): Promise<void> {
    const { served } = this.#options;
    this.#host = host;
    const over = new Promise<void>((resolve) => {
      this.#firstOver = resolve;
    });
    await served.start({
      // Checked and kept by the source, but not put in force meanwhile.
      apply: (initial, write) => (this.#hasFallen ? write(noTransaction) : host.apply(initial, write)),
      failed: (initial, reason) => {
        this.#reason = reason;
        host.failed(initial, reason);
      },
    });
    if (this.age.source !== "none" || this.#host === null) return;
    const reason = this.#reason;
    clearTimeout(this.#timer);
    this.#awaitTurn();
    await over;
    if (this.age.source !== "none" || this.#host === null) return;
    this.stop();
    throw new Error(`error while loading routes from url ${served.url}: ${reason}; fallback: ${this.#reason}`);
  }

  stop(): void {
    this.#host = null;
    clearTimeout(this.#timer);
    this.#options.served.stop();
    this.#close();
    this.#firstOver();
  }

  #silent(): void {
    if (this.#other !== null || this.#timer !== undefined) return;
    const { afterMs } = this.#options;
    this.#timer = setTimeout(() => this.#awaitTurn(), Math.min(afterMs, LONGEST_TIMER_MS));
  }

  #answered(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { served, log } = this.#options;
    if (this.#hasFallen) {
      served.deliver(this.#host!);
      log.info(`routes come from ${served.url} again`);
    }
    this.#close();
    this.#firstOver();
  }

  #awaitTurn(): void {
    const { served, fleet, perSecond, random, log } = this.#options;
    const size = fleet > 0 ? fleet : served.fleet > 0 ? served.fleet : UNKNOWN_FLEET;
    const waitMs = Math.min(random() * (size / perSecond) * 1000, LONGEST_TIMER_MS);
    log.warn(`no server of ${served.url} gives routes, reading the cluster in ${Math.ceil(waitMs / 1000)}s`);
    this.#timer = setTimeout(() => void this.#begin(), waitMs);
  }

  async #begin(): Promise<void> {
    this.#timer = undefined;
    let other: OtherSource | null = null;
    try {
      other = this.#options.open();
      this.#other = other;
      await other.client.start(this.#hostFor(other));
      this.#firstOver();
    } catch (cause) {
      if (this.#other === other) this.#failed((cause as Error).message);
    }
  }

  /** What comes after another change over counts no more. */
  #hostFor(other: OtherSource): DataClientHost {
    return {
      apply: (initial, write) => {
        if (this.#other === other) this.#apply(other, initial, write);
      },
      failed: (initial, reason) => {
        if (this.#other !== other) return;
        this.#reason = reason;
        this.#host!.failed(initial, reason);
      },
    };
  }

  #apply(other: OtherSource, initial: boolean, write: (transaction: RouteTransaction) => void): void {
    const { served, log } = this.#options;
    if (!this.#hasFallen) {
      // An API server that lags behind.
      if (this.#older.refuses(parseVersions(other.versions()), served.versions)) {
        this.#failed("the cluster as the API server shows it is older than the table in force");
        return;
      }
      log.warn(`routes come from the cluster, until a server of ${served.url} gives them again`);
    }
    this.#host!.apply(initial, write);
    this.#hasFallen = true;
    this.age.follow("kubernetes", () => other.isInStep());
    served.keep(() => tableOf(other));
  }

  /** The attempt is given up; the next one takes its turn like the first. */
  #failed(reason: string): void {
    this.#reason = reason;
    this.#options.log.error(`routes cannot be read from the cluster: ${reason}`);
    this.#close();
    this.#firstOver();
    if (this.#host !== null) this.#silent();
  }

  #close(): void {
    this.#other?.client.stop();
    this.#other = null;
    this.#hasFallen = false;
  }
}

/** As a Route Server would print it; null when it cannot be had at the moment. */
function tableOf(other: OtherSource): KeptTable | null {
  const routes = other.routes();
  if (routes === null) return null;
  const sorted = routes.toSorted((a, b) => compareBytes(a.id, b.id)).map(normalizeSlots);
  return { text: new PieceText([Buffer.from(printRoutes(sorted))]), etag: "", versions: other.versions() };
}

const noVersions: TableVersions = new Map();
const noTransaction: RouteTransaction = { reset() {}, upsert() {}, delete() {} };
