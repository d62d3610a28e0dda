// The load generator, a process of its own: runs the plans (plan.ts) that come as lines of JSON on its standard input, one after the
// other, against 127.0.0.1, and answers each with its result, a line of JSON as well. It ends with its input, and a few seconds after
// the time of a plan that does not end.

import process from "node:process";
import { createInterface } from "node:readline";
import { Histogram } from "./histogram.ts";
import { LoadConnection } from "./load-connection.ts";
import { MachineSpeed, type Probe, probe, stolenTicks } from "./machine-speed.ts";
import type { LoadPlan, LoadResult } from "./plan.ts";

const tickMs = 1;
/** Requests that a second must have had while the machine was at its usual speed. */
const minSteadyRequests = 200;
/** Ticks that the host may take away in such a second. */
const maxStolenTicks = 1;

class Generator {
  readonly #plan: LoadPlan;
  readonly #body: Buffer | null;
  readonly #whole = new Histogram();
  readonly #second = new Histogram();
  readonly #p99BySecond: number[] = [];
  readonly #errors: Record<string, number> = {};
  readonly #connections = new Set<LoadConnection>();
  /** Only with a fixed rate: connections without a request, used in turn so that each worker gets its share, and the times of requests
   * that wait for one. */
  readonly #idle: LoadConnection[] = [];
  readonly #due: number[] = [];
  /** Also only with a fixed rate: the machine's speed, when the requests were sent and what they took; and before and after each second
   * what the host had taken away. */
  readonly #probes: Probe[] = [];
  readonly #stolen: number[] = [];
  readonly #answers: { readonly startedAt: number; readonly micros: number }[] = [];
  #sentByRate = 0;
  #next = 0;
  #bytes = 0;
  #isOver = false;
  #startedAt = 0;

  constructor(plan: LoadPlan) {
    this.#plan = plan;
    this.#body = plan.bodyBytes > 0 ? Buffer.alloc(plan.bodyBytes, "x") : null;
  }

  run(): Promise<LoadResult> {
    this.#stolen.push(stolenTicks());
    this.#startedAt = performance.now();
    for (let i = 0; i < this.#plan.connections; i++) this.#connect();
    const seconds = setInterval(() => this.#endSecond(), 1000);
    const ticks = this.#plan.ratePerSecond > 0 ? setInterval(() => this.#tick(), tickMs) : null;
    return new Promise((resolve) => {
      setTimeout(() => {
        clearInterval(seconds);
        if (ticks !== null) clearInterval(ticks);
        resolve(this.#finish());
      }, this.#plan.seconds * 1000);
    });
  }

  answered(connection: LoadConnection, wrong: string): void {
    if (this.#isOver) return;
    const now = performance.now();
    if (wrong !== "") this.#count(wrong);
    else {
      const micros = (now - connection.startedAt) * 1000;
      this.#whole.add(micros);
      this.#second.add(micros);
      if (this.#plan.ratePerSecond > 0) this.#answers.push({ startedAt: connection.startedAt, micros });
    }
    this.#bytes += connection.bytesReceived;
    connection.bytesReceived = 0;
    const due = this.#plan.ratePerSecond === 0 ? now : this.#due.shift();
    if (due === undefined) this.#idle.push(connection);
    else this.#send(connection, due);
  }

  closed(connection: LoadConnection, reason: string): void {
    if (this.#isOver) return;
    this.#count(reason);
    this.#connections.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    setTimeout(() => {
      if (!this.#isOver) this.#connect();
    }, 20);
  }

  #connect(): void {
    const expect = { status: this.#plan.expectStatus, bytes: this.#plan.expectBytes };
    this.#connections.add(
      new LoadConnection(this.#plan.port, expect, this, (connection) => {
        if (this.#plan.ratePerSecond === 0) this.#send(connection, performance.now());
        else this.#idle.push(connection);
      }),
    );
  }

  #send(connection: LoadConnection, startedAt: number): void {
    const head = this.#plan.heads[this.#next]!;
    this.#next = this.#next + 1 === this.#plan.heads.length ? 0 : this.#next + 1;
    connection.send(head, this.#body, startedAt);
  }

  /** Sends what is due. A request that finds no idle connection waits, and its waiting counts as latency. */
  #tick(): void {
    const now = performance.now();
    const wanted = Math.floor(((now - this.#startedAt) / 1000) * this.#plan.ratePerSecond);
    for (; this.#sentByRate < wanted; this.#sentByRate++) {
      const connection = this.#idle.shift();
      if (connection === undefined) this.#due.push(now);
      else this.#send(connection, now);
    }
    this.#probes.push(probe());
  }

  #endSecond(): void {
    // Requests that still wait belong to this second: a stall must show in it, not only in the second in which it ends.
    for (const due of this.#due) this.#second.add((performance.now() - due) * 1000);
    this.#p99BySecond.push(Math.round(this.#second.quantile(0.99)));
    this.#second.reset();
    this.#stolen.push(stolenTicks());
  }

  #count(what: string): void {
    this.#errors[what] = (this.#errors[what] ?? 0) + 1;
  }

  #finish(): LoadResult {
    this.#isOver = true;
    for (const connection of this.#connections) connection.destroy();
    // What was due and found no connection has waited at least this long.
    for (const due of this.#due) this.#whole.add((performance.now() - due) * 1000);
    const at = (share: number) => Math.round(this.#whole.quantile(share));
    return {
      requests: this.#whole.total,
      errors: this.#errors,
      seconds: (performance.now() - this.#startedAt) / 1000,
      bytesReceived: this.#bytes,
      latencyMicros: { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: Math.round(this.#whole.max) },
      p99MicrosBySecond: this.#p99BySecond,
      steadyP99MicrosBySecond: this.#plan.ratePerSecond > 0 ? this.#steadyP99s() : [],
    };
  }

  #steadyP99s(): (number | null)[] {
    const speed = new MachineSpeed(this.#probes);
    const seconds = this.#p99BySecond.map(() => new Histogram());
    for (const { startedAt, micros } of this.#answers) {
      if (speed.isSteady(startedAt)) seconds[Math.floor((startedAt - this.#startedAt) / 1000)]?.add(micros);
    }
    return seconds.map((second, i) => {
      const isStolen = this.#stolen[i + 1]! - this.#stolen[i]! > maxStolenTicks;
      return isStolen || second.total < minSteadyRequests ? null : Math.round(second.quantile(0.99));
    });
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const plan = JSON.parse(line) as LoadPlan;
  const limit = setTimeout(() => process.exit(3), (plan.seconds + 10) * 1000);
  console.log(JSON.stringify(await new Generator(plan).run()));
  clearTimeout(limit);
}
process.exit(0);
