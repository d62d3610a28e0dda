// The route queues of one worker, for its filters: keeps the promises and timers of the requests that wait here, and reads the
// letters that say how their waits ended. Order and counts are in shared memory (shared-queues.ts).

import type { QueueKind, QueueOutcome, QueuePlace, RouteQueue, RouteQueues } from "../../spec/route-queue.ts";
import { LONGEST_TIMER_MS } from "../../util/longest-timer.ts";
import type { QueueMemory } from "./queue-memory.ts";
import { metricKey, queueKey } from "./queue-names.ts";
import { CLOSED, FULL, PASSED, SharedQueues, Wait } from "./shared-queues.ts";

/** What a worker makes its queues of. */
export interface WorkerQueueShare {
  readonly memory: QueueMemory;
  readonly column: number;
}

/** How long a letter takes at most, unless its writer died. */
const LETTER_MS = 1000;

const ERROR_KEYS: Readonly<Record<QueueOutcome, string>> = {
  passed: "",
  full: "error.full",
  timeout: "error.timeout",
  closed: "error.other",
};

export class WorkerQueues implements RouteQueues {
  readonly shared: SharedQueues;
  readonly #count: (kind: QueueKind, key: string) => void;
  readonly #open = new Map<string, WorkerQueue>();
  /** Who waits here, by number. */
  readonly #waiting = new Map<number, Place>();
  #listening = false;

  /** `count` adds one to a counter of this name, when the metrics of the kind are on. */
  constructor({ memory, column }: WorkerQueueShare, count: (kind: QueueKind, key: string) => void) {
    this.shared = new SharedQueues(memory, column);
    this.#count = count;
  }

  open(kind: QueueKind, name: string): RouteQueue {
    const key = queueKey(kind, name);
    let queue = this.#open.get(key);
    if (queue === undefined) {
      queue = new WorkerQueue(this, kind, name, this.shared.table.slot(key));
      this.#open.set(key, queue);
    }
    queue.users++;
    return queue;
  }

  closed(queue: WorkerQueue): void {
    this.#open.delete(queueKey(queue.kind, queue.name));
    if (queue.slot >= 0) this.shared.table.release(queue.slot);
  }

  /** A request did not pass. */
  failed(queue: WorkerQueue, outcome: QueueOutcome): void {
    this.#count(queue.kind, metricKey(queue.kind, queue.name, ERROR_KEYS[outcome]));
  }

  waits(waiter: number, place: Place): void {
    this.#waiting.set(waiter, place);
    if (!this.#listening) {
      this.#listening = true;
      this.#listen();
    }
  }

  gaveUp(waiter: number): void {
    this.#waiting.delete(waiter);
  }

  /** Something ended a wait of this worker, maybe: what this thread did itself rings no bell. */
  look(): void {
    this.shared.readLetters((waiter, slot, wait, epoch) => {
      const place = this.#waiting.get(waiter);
      this.#waiting.delete(waiter);
      if (place !== undefined) place.waited(wait, epoch);
      else if (wait === Wait.passed) this.release(slot, epoch);
    });
  }

  /** The letter of a waiter did not come. */
  lost(waiter: number): void {
    const place = this.#waiting.get(waiter);
    if (place === undefined) return;
    this.#waiting.delete(waiter);
    const wait = this.shared.takeLost(waiter);
    place.waited(wait, this.shared.epoch);
  }

  release(slot: number, epoch: number): void {
    this.shared.release(slot, epoch);
    this.look();
  }

  /** Waits for the bell for as long as somebody waits here. */
  #listen(): void {
    for (;;) {
      const seen = this.shared.bell;
      this.look();
      if (this.#waiting.size === 0) {
        this.#listening = false;
        return;
      }
      const rung = this.shared.nextBell(seen);
      if (rung === null) continue;
      rung.then(() => this.#listen());
      return;
    }
  }
}

class WorkerQueue implements RouteQueue {
  readonly owner: WorkerQueues;
  readonly kind: QueueKind;
  readonly name: string;
  /** -1: there was no room for it, and everybody passes. */
  readonly slot: number;
  users = 0;

  constructor(owner: WorkerQueues, kind: QueueKind, name: string, slot: number) {
    this.owner = owner;
    this.kind = kind;
    this.name = name;
    this.slot = slot;
  }

  enter(): QueuePlace {
    const { shared } = this.owner;
    const result = this.slot < 0 ? PASSED : shared.enter(this.slot);
    if (result === PASSED) return new Place(this, "passed", shared.epoch);
    if (result === FULL || result === CLOSED) {
      const outcome = result === FULL ? "full" : "closed";
      this.owner.failed(this, outcome);
      return new Place(this, outcome, 0);
    }
    const place = new Place(this, null, 0);
    place.wait(result, shared.timeoutMs(this.slot));
    // An older one may have made place.
    this.owner.look();
    return place;
  }

  close(): void {
    if (--this.users === 0) this.owner.closed(this);
  }
}

class Place implements QueuePlace {
  outcome: QueueOutcome | Promise<QueueOutcome> = "closed";
  readonly #queue: WorkerQueue;
  #epoch: number;
  #inside: boolean;
  /** Its number while it waits, else 0. */
  #waiter = 0;
  #left = false;
  #timer: NodeJS.Timeout | undefined;
  #resolve: (outcome: QueueOutcome) => void = () => {};

  constructor(queue: WorkerQueue, outcome: QueueOutcome | null, epoch: number) {
    this.#queue = queue;
    this.#epoch = epoch;
    this.#inside = outcome === "passed";
    if (outcome !== null) this.outcome = outcome;
  }

  wait(waiter: number, timeoutMs: number): void {
    const { promise, resolve } = Promise.withResolvers<QueueOutcome>();
    this.outcome = promise;
    this.#resolve = resolve;
    this.#waiter = waiter;
    this.#timer = setTimeout(() => this.#timedOut(), Math.min(timeoutMs, LONGEST_TIMER_MS));
    this.#queue.owner.waits(waiter, this);
  }

  /** The wait is over. */
  waited(wait: Wait, epoch: number): void {
    this.#waiter = 0;
    clearTimeout(this.#timer);
    const { owner, slot } = this.#queue;
    if (wait === Wait.passed) {
      if (this.#left) {
        owner.release(slot, epoch);
        return;
      }
      this.#inside = true;
      this.#epoch = epoch;
      this.#resolve("passed");
      return;
    }
    this.#failed(wait === Wait.full ? "full" : "closed");
  }

  #timedOut(): void {
    if (this.#giveUp()) {
      this.#failed("timeout");
      return;
    }
    // It does not wait any more, so its letter is on its way.
    const waiter = this.#waiter;
    this.#timer = setTimeout(() => this.#queue.owner.lost(waiter), LETTER_MS);
  }

  #failed(outcome: QueueOutcome): void {
    this.#queue.owner.failed(this.#queue, outcome);
    if (!this.#left) this.#resolve(outcome);
  }

  leave(): void {
    if (this.#left) return;
    this.#left = true;
    const { owner, slot, kind } = this.#queue;
    if (this.#inside) {
      if (slot >= 0) owner.release(slot, this.#epoch);
    }
    // A stack does not notice that a client is gone: its place ages with the others (spec resilience 2).
    else if (this.#waiter !== 0 && kind === "fifo") this.#giveUp();
  }

  #giveUp(): boolean {
    const { owner, slot } = this.#queue;
    if (!owner.shared.leave(slot, this.#waiter)) return false;
    owner.gaveUp(this.#waiter);
    this.#waiter = 0;
    clearTimeout(this.#timer);
    return true;
  }
}
