// A thread that is asked for profiles in tests: notes what it hears and answers as it is told, at once.

import type { ProfiledThread } from "../../src/observability/profiling/profiled-thread.ts";
import type { ProfilingAnswer, ProfilingOrder } from "../../src/observability/profiling/thread-profiler.ts";

type Answers = Partial<Record<ProfilingOrder["do"], ProfilingAnswer>>;

export class FakeThread implements ProfiledThread {
  readonly name: string;
  readonly heard: ProfilingOrder[] = [];
  readonly #answers: Answers;
  readonly #end = Promise.withResolvers<void>();

  /** What is not among `answers` is done. */
  constructor(name: string, answers: Answers = {}) {
    this.name = name;
    this.#answers = { ...answers };
  }

  get ended(): Promise<void> {
    return this.#end.promise;
  }

  get heardToDo(): string[] {
    return this.heard.map((order) => order.do);
  }

  end(): void {
    this.#answers.stop = { type: "failed", problem: `${this.name} ended` };
    this.#end.resolve();
  }

  async order(order: ProfilingOrder): Promise<ProfilingAnswer> {
    this.heard.push(order);
    return this.#answers[order.do] ?? { type: "done" };
  }
}
