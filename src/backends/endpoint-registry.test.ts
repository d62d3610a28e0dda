// The owner's side: periods, workers that come and go, endpoints that are forgotten (spec resilience 7), with real threads.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { said } from "../../test/support/threads.ts";
import { anyRequest, BalancedProcess, lbBackend } from "./balancer.fixture.ts";
import { COUNT_CELLS, FAILED, REQUESTS } from "./endpoint-memory.ts";
import { EndpointRegistry, FORGET_AFTER_MS, type WorkerEndpoints } from "./endpoint-registry.ts";
import { Endpoints, endpointKey } from "./endpoints.ts";

const settings = {
  periodMs: 1000,
  minRequests: 2,
  minDropProbability: 0.2,
  maxDropProbability: 0.75,
  maxUnhealthyEndpointsRatio: 1,
};

const TURNS = 50_000;

/** Attempts at an endpoint, of which some fail. */
function attempt(endpoints: Endpoints, slot: number, answered: number, failed: number): void {
  for (let i = 0; i < answered + failed; i++) {
    endpoints.began(slot);
    if (i < failed) endpoints.failed(slot);
    else endpoints.answered(slot);
  }
}

/** What a thread does: turns of a route that all have, some attempts that never end, some that fail. */
async function work(): Promise<void> {
  const { memory, column } = workerData as WorkerEndpoints;
  const process = new BalancedProcess();
  process.workers[0] = new Endpoints(memory, column);
  const balancer = process.balancer(lbBackend("roundRobin", 5));
  const counts = [0, 0, 0, 0, 0];
  for (let i = 0; i < TURNS; i++) {
    const chosen = balancer.select("", 0, anyRequest);
    counts[chosen]!++;
    if (chosen === 0) balancer.failed(chosen);
    else balancer.answered(chosen);
  }
  for (let i = 0; i < 10; i++) balancer.select("", 0, anyRequest);
  parentPort!.postMessage(counts);
  await once(parentPort!, "message");
}

if (!isMainThread) {
  await work();
} else {
  test("two threads: turns without a gap, counts without a loss; what a thread had in flight goes with it", async () => {
    const process = new BalancedProcess(3, settings);
    process.registry.retire(1);
    process.registry.retire(2);
    const workers = [11, 12].map(
      (number) => new Worker(new URL(import.meta.url), { workerData: process.registry.addWorker(number) }),
    );
    const counts = await Promise.all(workers.map(said<number[]>));
    const sums = counts[0]!.map((count, i) => count + counts[1]![i]!);
    // The ten turns at the end of either thread mix with the others: two for each endpoint, and four of them.
    for (const sum of sums) assert.ok(Math.abs(sum - (2 * TURNS) / 5) <= 4, String(sums));
    const endpoints = process.workers[2]!;
    const slots = sums.map((_, i) => endpoints.acquire(`e${i}:80`, 0));
    const inFlight = () => slots.reduce((sum, slot) => sum + endpoints.inFlight(slot), 0);
    assert.equal(inFlight(), 20);
    await workers[0]!.terminate();
    process.registry.retire(11);
    assert.equal(inFlight(), 10);
    process.registry.judge(settings);
    assert.deepEqual(process.lines, [
      'info Passive health check: marking "e0:80" as unhealthy due to failed round trips ratio: 1.00',
    ]);
    const ended = once(workers[1]!, "exit");
    workers[1]!.postMessage("end");
    await ended;
    process.registry.retire(12);
    assert.equal(inFlight(), 0);
  });

  test("a period: its counts decide, then they start again, whichever worker counted", () => {
    const process = new BalancedProcess(2, settings);
    const [one, other] = process.workers as [Endpoints, Endpoints];
    const slot = one.acquire("10.0.0.1:80", 0);
    assert.equal(other.acquire("10.0.0.1:80", 0), slot);
    const figures = () => [one.dropProbability(slot), one.weight(slot), one.anyUnhealthy];

    attempt(one, slot, 1, 1);
    process.registry.judge(settings);
    assert.deepEqual(figures(), [0, 1, false], "as many as min-requests are too few");

    attempt(one, slot, 1, 1);
    attempt(other, slot, 1, 1);
    process.registry.judge(settings);
    assert.deepEqual(figures(), [0.5, 0.5, true]);
    assert.deepEqual(process.lines.splice(0), [
      'info Passive health check: marking "10.0.0.1:80" as unhealthy due to failed round trips ratio: 0.50',
    ]);

    attempt(other, slot, 1, 9);
    process.registry.judge(settings);
    assert.deepEqual(figures(), [0.75, 0.25, true], "up to max-drop-probability");
    assert.match(process.lines.splice(0)[0]!, /ratio: 0\.90$/);

    attempt(other, slot, 7, 1);
    process.registry.judge(settings);
    assert.deepEqual(figures(), [0, 0.875, false], "up to min-drop-probability only the weight falls");

    process.registry.judge(settings);
    assert.deepEqual(figures(), [0, 1, false], "a period without requests");
    assert.deepEqual(process.lines, []);
  });

  test("what a worker counted before it ended counts in its period, and only there", () => {
    const process = new BalancedProcess(1, settings);
    const slot = process.workers[0]!.acquire("a:1", 0);
    attempt(process.workers[0]!, slot, 2, 2);
    process.registry.retire(1);
    const next = process.addWorker(2);
    process.registry.judge(settings);
    assert.equal(next.dropProbability(slot), 0.5);
    attempt(next, slot, 4, 0);
    process.registry.judge(settings);
    assert.equal(next.dropProbability(slot), 0);
  });

  test("counts that wrap around", () => {
    const process = new BalancedProcess(0, settings);
    const registry = new EndpointRegistry({ workers: 1, health: settings, log: process.log, now: () => 0 });
    const { memory, column } = registry.addWorker(1);
    const endpoints = new Endpoints(memory, column);
    const slot = endpoints.acquire("a:1", 0);
    memory.counts.fill(2 ** 31 - 3, slot * COUNT_CELLS + REQUESTS, slot * COUNT_CELLS + FAILED + 1);
    registry.judge(settings);
    attempt(endpoints, slot, 5, 5);
    registry.judge(settings);
    assert.equal(endpoints.dropProbability(slot), 0.5);
  });

  test("the period and the forgetting run by timers of their own", (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const process = new BalancedProcess(1, settings);
    const endpoints = process.workers[0]!;
    const slot = endpoints.acquire("a:1", process.nowMs);
    process.registry.start();
    attempt(endpoints, slot, 0, 4);
    t.mock.timers.tick(999);
    assert.equal(endpoints.anyUnhealthy, false);
    t.mock.timers.tick(1);
    assert.equal(endpoints.dropProbability(slot), 0.75);
    t.mock.timers.tick(1000);
    assert.equal(endpoints.anyUnhealthy, false);
    process.registry.stop();
    attempt(endpoints, slot, 0, 4);
    t.mock.timers.tick(5000);
    assert.equal(endpoints.anyUnhealthy, false);
  });

  test("an endpoint keeps its time of detection for a minute without a route", () => {
    const process = new BalancedProcess();
    const endpoints = process.workers[0]!;
    const first = process.nowMs;
    const detectedMs = () => {
      const slot = endpoints.acquire("e0:80", process.nowMs);
      const ms = endpoints.detectedMs(slot);
      endpoints.release(slot, process.nowMs);
      return ms;
    };
    const balancer = process.balancer(lbBackend("roundRobin", 2));
    process.nowMs += 10 * FORGET_AFTER_MS;
    process.registry.forget();
    assert.equal(detectedMs(), first, "a route has it");
    balancer.release();
    process.nowMs += FORGET_AFTER_MS - 1;
    process.registry.forget();
    assert.equal(detectedMs(), first);
    process.nowMs += FORGET_AFTER_MS;
    process.registry.forget();
    assert.equal(detectedMs(), process.nowMs);
  });

  test("an endpoint with requests in flight is not forgotten; a forgotten one starts with clean figures", () => {
    const process = new BalancedProcess(1, settings);
    const endpoints = process.workers[0]!;
    const first = process.nowMs;
    const slot = endpoints.acquire("a:1", first);
    attempt(endpoints, slot, 0, 9);
    process.registry.judge(settings);
    endpoints.began(slot);
    endpoints.release(slot, first);
    process.nowMs += FORGET_AFTER_MS;
    process.registry.forget();
    const again = endpoints.acquire("a:1", process.nowMs);
    assert.equal(endpoints.detectedMs(again), first);
    assert.equal(endpoints.dropProbability(again), 0.75);
    endpoints.canceled(again);
    endpoints.release(again, process.nowMs);
    process.nowMs += FORGET_AFTER_MS;
    process.registry.forget();
    const anew = endpoints.acquire("a:1", process.nowMs);
    assert.equal(endpoints.detectedMs(anew), process.nowMs);
    assert.deepEqual([endpoints.dropProbability(anew), endpoints.weight(anew), endpoints.inFlight(anew)], [0, 1, 0]);
    attempt(endpoints, anew, 2, 2);
    process.registry.judge(settings);
    assert.equal(endpoints.dropProbability(anew), 0.5, "the failures of before are not counted again");
  });

  test("endpoints without room are used and never unhealthy", () => {
    const process = new BalancedProcess(1, settings);
    const endpoints = process.workers[0]!;
    for (let i = 0; i < 200_000; i++) endpoints.acquire(`k${i}:80`, 1);
    const slot = endpoints.acquire("late:80", 1);
    assert.equal(slot, endpoints.acquire("later:80", 1));
    attempt(endpoints, slot, 0, 100);
    endpoints.began(slot);
    process.registry.judge(settings);
    assert.deepEqual([endpoints.inFlight(slot), endpoints.weight(slot), endpoints.anyUnhealthy], [1, 1, false]);
    endpoints.created(slot, 5);
    assert.equal(endpoints.detectedMs(slot), 0);
    endpoints.release(slot, 2);
  });

  test("no more workers than were announced", () => {
    const process = new BalancedProcess(2);
    assert.throws(() => process.addWorker(3), /worker 3 is one more than the 2/);
    process.registry.retire(1);
    process.registry.retire(1);
    process.addWorker(3);
    assert.throws(() => process.addWorker(4));
  });

  test("keys of endpoints", () => {
    const cases: [address: string, key: string][] = [
      ["http://A.Example", "a.example:80"],
      ["https://a.example/path", "a.example:443"],
      ["http://10.0.0.1:9090", "10.0.0.1:9090"],
      ["http://[::1]:80/", "[::1]:80"],
      ["https://[::1]", "[::1]:443"],
      ["nothing", ""],
    ];
    for (const [address, key] of cases) assert.equal(endpointKey(address), key);
  });
}
