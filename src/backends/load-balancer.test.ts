// The choice before the algorithm: fade-in, passive health, and what is counted (spec resilience 6, 7).

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyRequest, BalancedProcess, lbBackend, lbRoute, seededRandom, tally } from "./balancer.fixture.ts";
import { EndpointBalancer } from "./load-balancer.ts";

const names = [
  "roundRobin",
  "random",
  "consistentHash",
  "powerOfRandomNChoices",
  "weightedRoundRobin",
  "leastRequests",
];
const MINUTE = 60_000;
const created = (endpoint: string, atMs: number) => ({ name: "endpointCreated", values: [endpoint, atMs] });
const fadeIn = (durationMs: number, exponent?: number) => ({ name: "fadeIn", values: [durationMs, exponent] });
const health = {
  periodMs: 1,
  minRequests: 3,
  minDropProbability: 0,
  maxDropProbability: 1,
  maxUnhealthyEndpointsRatio: 1,
};

test("one endpoint is used, by every algorithm", () => {
  for (const name of names) {
    const balancer = new BalancedProcess().balancer(lbBackend(name, 1), [fadeIn(MINUTE)]);
    assert.deepEqual(tally(balancer, 1, 5), [5], name);
  }
});

test("requests in flight: up with the choice, down with any end, shared by equal endpoints of all routes", () => {
  const process = new BalancedProcess();
  const endpoints = process.workers[0]!;
  const slot = endpoints.acquire("e0:80", 0);
  const one = process.balancer('<"http://e0">');
  const other = process.balancer('<"http://E0:80/path">', [], 0, "other");
  for (const end of ["answered", "failed", "canceled"] as const) {
    const first = one.select("", 0, anyRequest);
    const second = other.select("", 0, anyRequest);
    assert.equal(endpoints.inFlight(slot), 2);
    one[end](first);
    other[end](second);
    one[end](-1);
    assert.equal(endpoints.inFlight(slot), 0, end);
  }
});

test("in flight is 0 after any sequence of attempts", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.array(fc.constantFrom("start", "answered", "failed", "canceled"), { maxLength: 60 }),
      (name, steps) => {
        const process = new BalancedProcess();
        const endpoints = process.workers[0]!;
        const slots = ["e0:80", "e1:80", "e2:80"].map((key) => endpoints.acquire(key, 0));
        const balancer = process.balancer(lbBackend(name, 3));
        const running: number[] = [];
        for (const step of steps) {
          if (step === "start") running.push(balancer.select(`${running.length}`, 1, anyRequest));
          else balancer[step as "answered"](running.pop() ?? -1);
          assert.deepEqual(
            slots.map((slot) => endpoints.inFlight(slot)),
            slots.map((_, i) => running.filter((endpoint) => endpoint === i).length),
          );
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("zones", () => {
  const balancer = new BalancedProcess().balancer('<"http://e0:80?zone=a", "http://e1:80">');
  assert.deepEqual(
    [0, 1, -1].map((endpoint) => balancer.zone(endpoint)),
    ["a", "", ""],
  );
});

/** The part of the requests that the last of three endpoints gets, which is younger than the others. */
function shareOfNew(ageMs: number, filters: Parameters<BalancedProcess["balancer"]>[1]): number {
  const process = new BalancedProcess();
  process.balancer('<"http://e0:80", "http://e1:80">');
  process.nowMs += 100 * MINUTE;
  const balancer = process.balancer(lbBackend("random", 3), filters);
  process.nowMs += ageMs;
  return tally(balancer, 3, 30_000)[2]! / 30_000;
}

test("a new endpoint fades in", () => {
  // A candidate with probability p of three that are alike gets p/3.
  const cases: [ageMs: number, duration: number, exponent: number | undefined, share: number][] = [
    [0, MINUTE, undefined, 0],
    [MINUTE / 2, MINUTE, undefined, 1 / 6],
    [MINUTE / 2, MINUTE, 2, 1 / 12],
    [(3 * MINUTE) / 4, MINUTE, 1, 1 / 4],
    [MINUTE, MINUTE, 5, 1 / 3],
    [0, 0, undefined, 1 / 3],
    [0, -1, undefined, 1 / 3],
  ];
  for (const [ageMs, duration, exponent, share] of cases) {
    const got = shareOfNew(ageMs, [fadeIn(duration, exponent)]);
    assert.ok(Math.abs(got - share) < 0.012, `age ${ageMs} of ${duration}, ${exponent}: ${got}`);
  }
});

test("the last fadeIn counts", () => {
  assert.equal(shareOfNew(0, [fadeIn(0), fadeIn(MINUTE)]), 0);
  assert.ok(shareOfNew(0, [fadeIn(MINUTE), fadeIn(0)]) > 0.3);
});

test("when all endpoints are new, all are used", () => {
  const balancer = new BalancedProcess().balancer(lbBackend("roundRobin", 3), [fadeIn(MINUTE)]);
  assert.deepEqual(tally(balancer, 3, 30), [10, 10, 10]);
});

test("endpointCreated makes a known endpoint new when it is later than what is known", () => {
  const process = new BalancedProcess();
  const old = process.nowMs;
  process.balancer(lbBackend("random", 2));
  process.nowMs += 100 * MINUTE;
  const balancer = process.balancer(lbBackend("random", 2), [
    fadeIn(MINUTE),
    created("e0:80", old - MINUTE),
    created("e1:80", process.nowMs),
    created("elsewhere:80", process.nowMs),
  ]);
  assert.deepEqual(tally(balancer, 2, 100), [100, 0]);
  assert.deepEqual(process.lines, []);
});

test("endpointCreated of the future is reported and ignored; without fadeIn it does nothing", () => {
  const process = new BalancedProcess();
  process.balancer(lbBackend("random", 2));
  process.nowMs += 100 * MINUTE;
  const future = created("e1:80", process.nowMs + 1);
  assert.ok(tally(process.balancer(lbBackend("random", 2), [fadeIn(MINUTE), future]), 2, 100)[1]! > 20);
  assert.equal(process.lines.length, 1);
  assert.match(
    process.lines[0]!,
    /^error Endpoint created time in the future, fading in without endpoint creation time: e1:80 2001-/,
  );
  process.balancer(lbBackend("random", 2), [created("e1:80", process.nowMs)]);
  assert.ok(tally(process.balancer(lbBackend("random", 2), [fadeIn(MINUTE)]), 2, 100)[1]! > 20);
});

test("endpointCreated of a time beyond all calendars is one of the future", () => {
  const process = new BalancedProcess();
  const balancer = process.balancer(lbBackend("random", 2), [fadeIn(MINUTE), created("e1:80", 1e23)]);
  assert.equal(balancer.targets.length, 2);
  assert.deepEqual(process.lines, [
    "error Endpoint created time in the future, fading in without endpoint creation time: e1:80 1e+23 ms",
  ]);
});

/** A process in which these parts of the attempts of endpoints have failed in the last period. */
function failing(ratios: readonly number[], settings = health): BalancedProcess {
  const process = new BalancedProcess(1, settings);
  const endpoints = process.workers[0]!;
  for (const [i, ratio] of ratios.entries()) {
    const slot = endpoints.acquire(`e${i}:80`, process.nowMs);
    for (let k = 0; k < 100; k++) {
      endpoints.began(slot);
      if (k < ratio * 100) endpoints.failed(slot);
      else endpoints.answered(slot);
    }
  }
  process.registry.judge(settings);
  return process;
}

test("unhealthy endpoints are left out with their probability", () => {
  const process = failing([1, 0, 0.5]);
  const counts = tally(process.balancer(lbBackend("random", 3)), 3, 30_000);
  assert.equal(counts[0], 0);
  // Half of the requests have one candidate, the others two.
  assert.ok(Math.abs(counts[1]! - 22_500) < 400, String(counts));
  assert.equal(process.counters.get("passive-health-check.requests.passed"), 30_000);
  const dropped = process.counters.get("passive-health-check.endpoints.dropped")!;
  assert.ok(Math.abs(dropped - 45_000) < 400, String(dropped));
  assert.equal(process.dropped.length, dropped);
  assert.deepEqual([...new Set(process.dropped)].sort(), ["e0:80", "e2:80"]);
});

test("when none or too few would remain, all are used", () => {
  const all = failing([1, 1, 1]);
  assert.deepEqual(tally(all.balancer(lbBackend("roundRobin", 3)), 3, 30), [10, 10, 10]);
  assert.equal(all.counters.get("passive-health-check.requests.passed"), undefined);
  const many = failing([1, 1, 0, 0], { ...health, maxUnhealthyEndpointsRatio: 0.49 });
  assert.deepEqual(tally(many.balancer(lbBackend("roundRobin", 4)), 4, 40), [10, 10, 10, 10]);
  assert.equal(many.counters.get("passive-health-check.requests.passed"), undefined);
  assert.equal(many.counters.get("passive-health-check.endpoints.dropped"), 80);
  const half = failing([1, 1, 0, 0], { ...health, maxUnhealthyEndpointsRatio: 0.5 });
  assert.deepEqual(tally(half.balancer(lbBackend("roundRobin", 4)), 4, 40), [0, 0, 20, 20]);
});

test("health is asked after fade-in, among what that left", () => {
  const process = failing([0, 1, 0]);
  // e0 is new: e1 and e2 remain, of which e1 is half.
  process.nowMs += 100 * MINUTE;
  const balancer = process.balancer(lbBackend("random", 3), [fadeIn(MINUTE), created("e0:80", process.nowMs)]);
  assert.deepEqual(tally(balancer, 3, 50), [0, 0, 50]);
});

test("without unhealthy endpoints nothing is drawn or counted", () => {
  const process = failing([0, 0]);
  process.random = () => assert.fail("a random number was drawn");
  assert.deepEqual(tally(process.balancer(lbBackend("roundRobin", 2)), 2, 10), [5, 5]);
  assert.equal(process.counters.size, 0);
});

test("canceled attempts say nothing about an endpoint", () => {
  const process = new BalancedProcess(1, health);
  const balancer = process.balancer(lbBackend("roundRobin", 2));
  for (let i = 0; i < 100; i++) balancer.canceled(balancer.select("", 0, anyRequest));
  for (let i = 0; i < 8; i++) balancer.answered(balancer.select("", 0, anyRequest));
  process.registry.judge(health);
  assert.deepEqual(process.lines, []);
  assert.equal(process.workers[0]!.anyUnhealthy, false);
});

test("a route whose endpoints have no usable address is built, and counts", () => {
  const route = lbRoute("r", '<"http://e0:80", "http://e1:80">');
  const endpoints = [{ address: "nothing", zone: "" }, ...route.backend.endpoints];
  const process = new BalancedProcess();
  process.random = seededRandom(5);
  const balancer = new EndpointBalancer({ ...route.backend, endpoints }, [null, "a", "b"], route, [], process.env());
  assert.deepEqual([1, 2, 3].map(() => balancer.targets[balancer.select("", 0, anyRequest)]).sort(), ["a", "b", null]);
});
