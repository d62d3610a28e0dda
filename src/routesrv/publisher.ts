// Collects what the intake accepts and puts it in force (spec routesrv 3): changes that come close together make one publication, and
// a cluster that never rests leaves the thread most of its time. Without any route left the last table stays.

import type { ApplicationLog } from "../observability/log.ts";
import type { TracedSpan, Tracer } from "../observability/tracer.ts";
import type { Publications } from "./publication.ts";
import type { ServedRoute } from "./served-route.ts";
import { type RouteChanges, ServedTable } from "./served-table.ts";
import type { ServerMetrics } from "./server-metrics.ts";

/** Changes within this time are published together. */
const COLLECT_MS = 10;
/** After a publication the next one begins at the earliest so many times later as it took. */
const REST_FACTOR = 4;

const POLL_SPAN = "poll_routes";

export interface PublisherOptions {
  readonly publications: Publications;
  readonly metrics: ServerMetrics;
  readonly log: ApplicationLog;
  /** Null: there is no tracing. */
  readonly tracer: Tracer | null;
  /** How far the source has been followed, in its own words; "" when it cannot say. */
  sourceVersions(): string;
  /** There is another table. */
  published(): void;
  readonly now: () => number;
}

export class Publisher {
  readonly #options: PublisherOptions;
  /** With everything that was accepted. */
  #table = ServedTable.empty;
  #served = ServedTable.empty;
  /** Ids that may differ between the two. */
  readonly #unserved = new Set<string>();
  #isChanged = false;
  #versionsBefore = "";
  #timer: NodeJS.Timeout | undefined;
  /** Begun with the first of the changes that are collected. */
  #span: TracedSpan | null = null;
  #restUntil = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** How far the source had been followed when the present table was made, or later when nothing has changed since. */
  get sourceVersions(): string {
    return this.#timer === undefined ? this.#options.sourceVersions() : this.#versionsBefore;
  }

  accepted(changes: RouteChanges): void {
    const table = this.#table.change(changes);
    this.#isChanged ||= table !== this.#table;
    this.#table = table;
    for (const id of changes.keys()) this.#unserved.add(id);
    if (this.#timer !== undefined) return;
    this.#span = this.#options.tracer?.startSpan(POLL_SPAN) ?? null;
    this.#versionsBefore = this.#options.sourceVersions();
    this.#timer = setTimeout(() => this.#publish(), Math.max(COLLECT_MS, this.#restUntil - performance.now()));
  }

  /** The source could not be read; what is served stays. */
  failed(reason: string): void {
    const { metrics, log, tracer } = this.#options;
    metrics.count("routes.fetch_errors");
    log.error("failed to fetch routes", { error: reason });
    const span = tracer?.startSpan(POLL_SPAN);
    span?.setTag("error", true);
    span?.log({ event: "error", message: `failed to fetch routes: ${reason}` });
    span?.end();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #publish(): void {
    this.#timer = undefined;
    const span = this.#span;
    this.#span = null;
    const wasInitialized = this.#options.publications.isInitialized;
    const updated = this.#putInForce();
    if (span === null) return;
    const { publications } = this.#options;
    if (publications.isInitialized) {
      const { bytes, count, hash } = publications.snapshot("");
      span.setTag("routes.count", count);
      span.setTag("routes.bytes", bytes);
      span.setTag("routes.hash", hash);
      if (!wasInitialized) span.setTag("routes.initialized", true);
    }
    span.setTag("routes.updated", updated);
    span.end();
  }

  /** True when there is another table now. */
  #putInForce(): boolean {
    const { publications, metrics, log, published, now } = this.#options;
    const startedAt = performance.now();
    if (!this.#isChanged) log.info("routes did not change");
    if (this.#table.count === 0) {
      log.info("received empty routes; ignoring");
      metrics.count("routes.empty");
      return false;
    }
    this.#isChanged = false;
    const changes = this.#difference();
    this.#unserved.clear();
    if (changes.length === 0) return false;
    const isFirst = !publications.isInitialized;
    this.#served = this.#table;
    publications.publish(
      this.#table,
      changes.map(({ id }) => id),
      now(),
    );
    const { bytes, count, hash } = publications.snapshot("");
    if (isFirst) {
      metrics.gauge("routes.initialized_timestamp", now() / 1000);
      log.info("routes initialized", { bytes, count, hash });
    }
    metrics.gauge("routes.updated_timestamp", now() / 1000);
    metrics.gauge("routes.total", count);
    metrics.gauge("routes.byte", bytes);
    log.info("routes updated", { bytes, count, hash });
    this.#logChanges(changes);
    published();
    const endedAt = performance.now();
    this.#restUntil = endedAt + REST_FACTOR * (endedAt - startedAt);
    return true;
  }

  #difference(): ChangedRoute[] {
    const changes: ChangedRoute[] = [];
    for (const id of this.#unserved) {
      const before = this.#served.route(id);
      const after = this.#table.route(id);
      if (before?.line !== after?.line) changes.push({ id, before, after });
    }
    return changes;
  }

  #logChanges(changes: readonly ChangedRoute[]): void {
    const { log } = this.#options;
    if (!log.enabled("debug")) return;
    const withText = log.enabled("trace");
    for (const [i, { id, before, after }] of changes.entries()) {
      const op = before === undefined ? "inserted" : after === undefined ? "deleted" : "updated";
      const verb = `${op.charAt(0).toUpperCase()}${op.slice(1)}`;
      const route = withText ? { route: (after ?? before)!.line } : {};
      log.debug(`${verb} route ${i + 1} of ${changes.length}`, { id, op, ...route });
    }
  }
}

interface ChangedRoute {
  readonly id: string;
  readonly before: ServedRoute | undefined;
  readonly after: ServedRoute | undefined;
}
