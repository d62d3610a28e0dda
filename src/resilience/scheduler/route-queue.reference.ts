// The plain twin of shared-queues.ts: one queue as the spec tells it (resilience 2), with lists, for the tests that compare both.

import type { QueueOutcome } from "../../spec/route-queue.ts";
import type { QueueSettings } from "./queue-settings.ts";

export class ReferenceQueue {
  readonly #fifo: boolean;
  #settings: QueueSettings;
  #open = true;
  /** Who counts as inside, and who waits, the oldest first. */
  #inside: number[] = [];
  #waiting: number[] = [];
  /** What became of requests, in order. */
  readonly outcomes: [request: number, outcome: QueueOutcome][] = [];

  constructor(fifo: boolean, settings: QueueSettings) {
    this.#fifo = fifo;
    this.#settings = settings;
  }

  get inside(): number {
    return this.#inside.length;
  }

  get waiting(): readonly number[] {
    return this.#waiting;
  }

  enter(request: number): void {
    const full = this.#waiting.length >= this.#settings.waiting;
    if (!this.#open) this.outcomes.push([request, "closed"]);
    else if (this.#inside.length < this.#settings.concurrency) this.#pass(request);
    else if (full && this.#fifo) this.outcomes.push([request, "full"]);
    else {
      if (full) this.outcomes.push([this.#waiting.shift()!, "full"]);
      this.#waiting.push(request);
    }
  }

  /** The request is gone: from inside, or from where it waits. */
  remove(request: number): void {
    this.#inside = this.#inside.filter((each) => each !== request);
    this.#waiting = this.#waiting.filter((each) => each !== request);
    this.#admit();
  }

  configure(settings: QueueSettings): void {
    const same = Object.entries(settings).every(
      ([name, value]) => this.#settings[name as keyof QueueSettings] === value,
    );
    if (this.#fifo && !same) this.#inside = [];
    this.#settings = settings;
    this.#admit();
  }

  close(): void {
    this.#open = false;
    for (const request of this.#waiting) this.outcomes.push([request, "closed"]);
    this.#waiting = [];
  }

  #admit(): void {
    while (this.#inside.length < this.#settings.concurrency && this.#waiting.length > 0) {
      this.#pass(this.#fifo ? this.#waiting.shift()! : this.#waiting.pop()!);
    }
  }

  #pass(request: number): void {
    this.#inside.push(request);
    this.outcomes.push([request, "passed"]);
  }
}
