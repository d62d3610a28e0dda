// Tells the owners of objects what is wrong with them: log lines that name the object (spec kubernetes 18), a metric, an Event. The
// same object is translated again and again while its endpoints change, so only what is new is told, and what comes and goes at most
// once a minute.

import type { ApplicationLog } from "../observability/log.ts";
import type { RouteSource, SourceKey } from "./cluster-state.ts";
import type { KubernetesMetrics } from "./metrics.ts";
import type { Problem } from "./translation.ts";

const MINUTE_MS = 60_000;

interface Reported {
  /** When each of the messages was written, in milliseconds since 1970; those of the last translation and of the last minute. */
  readonly messages: Map<string, number>;
  /** Messages of the last translation. */
  present: ReadonlySet<string>;
  isInvalid: boolean;
}

export interface ObjectReportsOptions {
  readonly log: ApplicationLog;
  readonly metrics: KubernetesMetrics;
  /** Makes an Event of what is wrong with an object. */
  event(source: RouteSource, message: string): void;
  /** Milliseconds since 1970. */
  now(): number;
}

export class ObjectReports {
  readonly #options: ObjectReportsOptions;
  /** Only of objects with problems. */
  readonly #reported = new Map<SourceKey, Reported>();
  readonly #invalid = { Ingress: 0, RouteGroup: 0 };

  constructor(options: ObjectReportsOptions) {
    this.#options = options;
  }

  /** `problems` of a new translation; `source` null: the object is gone. */
  report(key: SourceKey, source: RouteSource | null, problems: readonly Problem[]): void {
    const before = this.#reported.get(key);
    if (source === null || problems.length === 0) {
      if (before === undefined) return;
      this.#count(key, before.isInvalid, false);
      if (source === null) this.#reported.delete(key);
      else this.#settle(key, before, nothing, false);
      return;
    }
    const reported = before ?? { messages: new Map(), present: nothing, isInvalid: false };
    const present = new Set<string>();
    let isInvalid = false;
    for (const problem of problems) {
      if (problem.level === "error") isInvalid = true;
      if (present.has(problem.message)) continue;
      present.add(problem.message);
      this.#tell(source, problem, reported);
    }
    this.#count(key, reported.isInvalid, isInvalid);
    this.#settle(key, reported, present, isInvalid);
  }

  #tell(source: RouteSource, problem: Problem, reported: Reported): void {
    const { log, event, now } = this.#options;
    const { message, level } = problem;
    const isNew = !reported.present.has(message);
    const writtenMs = reported.messages.get(message);
    const isDue = isNew && (problem.bare || writtenMs === undefined || now() - writtenMs >= MINUTE_MS);
    if (!isDue && !log.enabled("debug")) return;
    reported.messages.set(message, now());
    const { namespace, name } = source.metadata;
    log.write(level, message, { kind: source.kind, name, ns: namespace });
    if (isDue && level === "error") event(source, message);
  }

  #settle(key: SourceKey, reported: Reported, present: ReadonlySet<string>, isInvalid: boolean): void {
    const oldest = this.#options.now() - MINUTE_MS;
    for (const [message, writtenMs] of reported.messages) {
      if (writtenMs < oldest && !present.has(message)) reported.messages.delete(message);
    }
    reported.present = present;
    reported.isInvalid = isInvalid;
    if (reported.messages.size === 0) this.#reported.delete(key);
    else this.#reported.set(key, reported);
  }

  #count(key: SourceKey, before: boolean, after: boolean): void {
    if (before === after) return;
    const kind = key.startsWith("Ingress ") ? "Ingress" : "RouteGroup";
    this.#invalid[kind] += after ? 1 : -1;
    this.#options.metrics.gauge(`kubernetes.invalid.${kind.toLowerCase()}`, this.#invalid[kind]);
  }
}

const nothing: ReadonlySet<string> = new Set();
