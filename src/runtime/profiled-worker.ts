// A worker as those see it who take profiles: orders go to it as messages and are matched with its answers by number. A worker that
// ends, or whose event loop stands still, keeps nobody waiting.

import type { Worker } from "node:worker_threads";
import type { ProfiledThread } from "../observability/profiling/profiled-thread.ts";
import type { ProfilingAnswer, ProfilingOrder } from "../observability/profiling/thread-profiler.ts";
import { formatDuration } from "../util/duration.ts";
import type { ToWorker } from "./messages.ts";

/** A long profile takes a second to be read; a worker that needs more than this is stuck. */
const ANSWER_LIMIT_MS = 10_000;
/** A heap snapshot takes some 6 s for 100 MB. */
const SNAPSHOT_LIMIT_MS = 180_000;

export class ProfiledWorker implements ProfiledThread {
  readonly name: string;
  readonly #worker: Worker;
  readonly #standsStill: (still: boolean) => void;
  readonly #end = Promise.withResolvers<void>();
  #hasEnded = false;
  #serial = 0;
  readonly #waiting = new Map<number, (answer: ProfilingAnswer) => void>();

  /** `standsStill` is told when the worker must not be missed, and when it may be again. */
  constructor(number: number, worker: Worker, standsStill: (still: boolean) => void) {
    this.name = `worker-${number}`;
    this.#worker = worker;
    this.#standsStill = standsStill;
  }

  get ended(): Promise<void> {
    return this.#end.promise;
  }

  async order(order: ProfilingOrder): Promise<ProfilingAnswer> {
    if (order.do !== "snapshot") return await this.#ask(order, ANSWER_LIMIT_MS);
    // One that is stuck already must not live the longer for it.
    const sign = await this.#ask({ do: "resources" }, ANSWER_LIMIT_MS);
    if (sign.type === "failed") return sign;
    this.#standsStill(true);
    const snapshot = await this.#ask(order, SNAPSHOT_LIMIT_MS);
    this.#standsStill(false);
    return snapshot;
  }

  async #ask(order: ProfilingOrder, limitMs: number): Promise<ProfilingAnswer> {
    if (this.#hasEnded) return this.#ended();
    const serial = ++this.#serial;
    const { promise, resolve } = Promise.withResolvers<ProfilingAnswer>();
    this.#waiting.set(serial, resolve);
    const limit = setTimeout(() => {
      resolve({ type: "failed", problem: `${this.name} gave no answer for ${formatDuration(limitMs)}` });
      // What it begins when it can be spoken to again ends at once.
      if (order.do === "start") this.#say({ type: "profile", serial: 0, order: { do: "cancel" } });
    }, limitMs);
    this.#say({ type: "profile", serial, order });
    const answer = await promise;
    clearTimeout(limit);
    this.#waiting.delete(serial);
    return answer;
  }

  /** The worker has said so. */
  answered(serial: number, answer: ProfilingAnswer): void {
    this.#waiting.get(serial)?.(answer);
  }

  /** The thread is no more. */
  left(): void {
    this.#hasEnded = true;
    this.#end.resolve();
    for (const resolve of this.#waiting.values()) resolve(this.#ended());
  }

  #ended(): ProfilingAnswer & { readonly type: "failed" } {
    return { type: "failed", problem: `${this.name} ended` };
  }

  #say(message: ToWorker): void {
    this.#worker.postMessage(message);
  }
}
