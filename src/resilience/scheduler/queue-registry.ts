// The owner of the route queues, in the main thread: opens a queue when a route in the table names it, keeps its settings as the table
// says, closes it a minute after the last route that named it has gone, and takes the places of workers that died (spec resilience 2).

import type { Logger } from "../../observability/log.ts";
import type { WorkerMetrics } from "../../observability/worker-metrics.ts";
import type { QueueKind } from "../../spec/route-queue.ts";
import { randomSeed } from "../../util/random-seed.ts";
import { type QueueMemory, queueMemory } from "./queue-memory.ts";
import { metricKey, queueKey } from "./queue-names.ts";
import { LIFO_DEFAULTS, type QueueSettings, type QueueUse } from "./queue-settings.ts";
import { SharedQueues } from "./shared-queues.ts";
import type { WorkerQueueShare } from "./worker-queues.ts";

/** How long a queue stays open that no route names. */
export const CLOSE_AFTER_MS = 60_000;
const TICK_MS = 1000;

export interface QueueRegistryOptions {
  /** Largest number of workers at a time. */
  readonly workers: number;
  /** Which kinds show their gauges. */
  readonly metrics: { readonly fifo: boolean; readonly lifo: boolean };
  /** Where the gauges are written. */
  readonly gauges: WorkerMetrics;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  now(): number;
}

/** A filter of a route that names a queue. */
interface Member {
  /** Number of the route's source: a later one counts more. */
  readonly source: number;
  readonly settings: QueueSettings | null;
}

interface Queue {
  readonly kind: QueueKind;
  readonly name: string;
  /** -1: there was no room for it. */
  readonly slot: number;
  /** By filter, in the order in which they came. */
  readonly members: Map<string, Member>;
  /** Since when no route names it, if none does. */
  idleSinceMs: number;
}

export class QueueRegistry {
  readonly #options: QueueRegistryOptions;
  readonly #memory: QueueMemory;
  readonly #shared: SharedQueues;
  readonly #queues = new Map<string, Queue>();
  /** Queues whose filters changed since `settle`, and those that no route names. */
  readonly #touched = new Set<Queue>();
  readonly #idle = new Set<Queue>();
  /** The worker that has a column, 0 for none. */
  readonly #workers: number[];
  #epoch = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: QueueRegistryOptions) {
    this.#options = options;
    this.#memory = queueMemory(options.workers, randomSeed());
    this.#shared = new SharedQueues(this.#memory, options.workers);
    this.#workers = new Array<number>(options.workers).fill(0);
  }

  /** The share of a new worker; `worker` is a positive number that no other has. */
  addWorker(worker: number): WorkerQueueShare {
    const column = this.#workers.indexOf(0);
    if (column < 0)
      throw new Error(`worker ${worker} is one more than the ${this.#workers.length} that were announced`);
    this.#workers[column] = worker;
    return { memory: this.#memory, column };
  }

  /** The worker has ended: its requests are no more, inside and waiting. */
  retire(worker: number): void {
    const column = this.#workers.indexOf(worker);
    if (column < 0) return;
    if (this.#queues.size > 0) this.#shared.retire(column);
    this.#workers[column] = 0;
  }

  start(): void {
    this.#timer = setInterval(() => this.tick(), TICK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** A filter names a queue, for the first time or with other settings; in force from `settle` on. `member` is its place in the table. */
  refer(use: QueueUse, source: number, member: string): void {
    const key = queueKey(use.kind, use.name);
    const queue = this.#queues.get(key) ?? this.#add(key, use);
    queue.members.set(member, { source, settings: use.settings });
    this.#idle.delete(queue);
    this.#touched.add(queue);
  }

  /** A filter names the queue no more. */
  drop(use: QueueUse, member: string): void {
    const queue = this.#queues.get(queueKey(use.kind, use.name));
    if (queue === undefined || !queue.members.delete(member)) return;
    this.#touched.add(queue);
  }

  /** Gives the queues that changed their settings. */
  settle(): void {
    for (const queue of this.#touched) {
      if (queue.members.size === 0) {
        queue.idleSinceMs = this.#options.now();
        this.#idle.add(queue);
        continue;
      }
      if (queue.slot < 0) continue;
      const settings = queue.kind === "lifoGroup" ? this.#groupSettings(queue) : routeSettings(queue);
      this.#shared.configure(queue.slot, queue.kind === "fifo", settings, ++this.#epoch);
    }
    this.#touched.clear();
  }

  /** Writes the gauges, and closes what was idle for long enough. */
  tick(): void {
    const { metrics } = this.#options;
    if (metrics.fifo || metrics.lifo) {
      for (const queue of this.#queues.values())
        if (metrics[queue.kind === "fifo" ? "fifo" : "lifo"]) this.#show(queue);
    }
    if (this.#idle.size > 0) this.#closeIdle();
  }

  #closeIdle(): void {
    const before = this.#options.now() - CLOSE_AFTER_MS;
    const { table } = this.#shared;
    let closed = false;
    for (const queue of this.#idle) {
      if (queue.idleSinceMs > before) continue;
      closed = true;
      this.#idle.delete(queue);
      this.#queues.delete(queueKey(queue.kind, queue.name));
      if (queue.slot < 0) continue;
      this.#shared.close(queue.slot);
      table.release(queue.slot);
    }
    // With them go those of earlier calls that built routes have let go of meanwhile.
    if (closed) table.reclaim((slot) => this.#shared.inside(slot) === 0 && this.#shared.waiting(slot) === 0);
  }

  #show({ kind, name, slot }: Queue): void {
    if (slot < 0) return;
    const { gauges } = this.#options;
    gauges.customGauge(metricKey(kind, name, "active")).set(this.#shared.inside(slot));
    gauges.customGauge(metricKey(kind, name, "queued")).set(this.#shared.waiting(slot));
  }

  #add(key: string, { kind, name }: QueueUse): Queue {
    const slot = this.#shared.table.slot(key);
    if (slot < 0) this.#options.log.error(`no room for the ${kind} queue of ${name}: its requests pass without limit`);
    const queue: Queue = { kind, name, slot, members: new Map(), idleSinceMs: 0 };
    this.#queues.set(key, queue);
    return queue;
  }

  /** The first filter that has more than the name. */
  #groupSettings({ name, members }: Queue): QueueSettings {
    let first: Member | null = null;
    let differs = false;
    for (const member of members.values()) {
      if (member.settings === null) continue;
      if (first !== null && !isSame(first.settings!, member.settings)) differs = true;
      if (first === null || member.source < first.source) first = member;
    }
    if (differs) this.#options.log.warn(`Found mismatching configuration for the LIFO group: ${name}`);
    return first?.settings ?? LIFO_DEFAULTS;
  }
}

/** Of a route the last filter, in the source that counts most. */
function routeSettings({ members }: Queue): QueueSettings {
  let last: Member | null = null;
  for (const member of members.values()) if (last === null || member.source >= last.source) last = member;
  return last!.settings!;
}

function isSame(a: QueueSettings, b: QueueSettings): boolean {
  return a.concurrency === b.concurrency && a.waiting === b.waiting && a.timeoutMs === b.timeoutMs;
}
