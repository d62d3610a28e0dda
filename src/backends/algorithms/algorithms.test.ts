// Each algorithm against a plain reference or within the bounds of statistics (spec resilience 6.1).

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyRequest, BalancedProcess, hash, lbBackend, seededRandom, tally } from "../balancer.fixture.ts";
import { judgeHealth } from "../passive-health.ts";
import type { AlgorithmRoute } from "./algorithm.ts";
import { makeAlgorithm } from "./algorithms.ts";

const indices = (count: number) => Int32Array.from({ length: count }, (_, i) => i);

/** A route of a fresh process whose endpoints have these weights and requests in flight. */
function algorithmRoute(weights: readonly number[], inFlight: readonly number[] = []): AlgorithmRoute {
  const process = new BalancedProcess();
  const endpoints = process.workers[0]!;
  const slots = Int32Array.from(weights, (_, i) => endpoints.acquire(`e${i}:80`, 1));
  // A weight comes of the failures of a period.
  const all = {
    periodMs: 1,
    minRequests: 0,
    minDropProbability: 0,
    maxDropProbability: 1,
    maxUnhealthyEndpointsRatio: 1,
  };
  for (const [i, weight] of weights.entries()) {
    for (let k = 0; k < 4; k++) {
      endpoints.began(slots[i]!);
      if (k < 4 * (1 - weight)) endpoints.failed(slots[i]!);
      else endpoints.answered(slots[i]!);
    }
  }
  process.registry.judge(all);
  for (const [i, weight] of weights.entries()) assert.equal(endpoints.weight(slots[i]!), weight);
  for (const [i, count] of inFlight.entries()) for (let k = 0; k < count; k++) endpoints.began(slots[i]!);
  const addresses = weights.map((_, i) => `http://e${i}:80`);
  return { endpoints, slots, addresses, turnKey: "r", hash, random: seededRandom(3) };
}

test("roundRobin goes round, and is the default", () => {
  for (const backend of [lbBackend("roundRobin", 5), lbBackend("roundRobin", 5).replace("roundRobin, ", "")]) {
    const balancer = new BalancedProcess().balancer(backend);
    const first = balancer.select("", 0, anyRequest);
    for (let i = 1; i < 23; i++) assert.equal(balancer.select("", 0, anyRequest), (first + i) % 5);
  }
});

test("roundRobin begins elsewhere in other routes", () => {
  const process = new BalancedProcess();
  const starts = new Set<number>();
  for (let i = 0; i < 100; i++) {
    starts.add(process.balancer(lbBackend("roundRobin", 5), [], 0, `r${i}`).select("", 0, anyRequest));
  }
  assert.equal(starts.size, 5);
});

test("an equal route of another worker goes on where the first one is", () => {
  const process = new BalancedProcess(2);
  const balancers = [0, 1].map((worker) => process.balancer(lbBackend("roundRobin", 3), [], worker));
  const first = balancers[0]!.select("", 0, anyRequest);
  for (let i = 1; i < 20; i++) assert.equal(balancers[i % 2]!.select("", 0, anyRequest), (first + i) % 3);
});

test("with no room for its turns a worker goes round alone", () => {
  const route = algorithmRoute([1, 1, 1]);
  for (let i = 0; i < 800_000; i++) route.endpoints.turns.slot(`k${i}`);
  assert.equal(route.endpoints.turns.slot("other"), -1);
  for (const name of ["roundRobin", "weightedRoundRobin"]) {
    const algorithm = makeAlgorithm(name, { ...route, turnKey: "other" });
    const first = algorithm.choose(indices(3), 3, "", 0, anyRequest);
    for (let i = 1; i < 10; i++)
      assert.equal(algorithm.choose(indices(3), 3, "", 0, anyRequest), (first + i) % 3, name);
    algorithm.release();
  }
});

test("random gives all the same", () => {
  const counts = tally(new BalancedProcess().balancer(lbBackend("random", 4)), 4, 40_000);
  // The standard deviation is 87.
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 400, String(counts));
});

test("powerOfRandomNChoices takes the less busy of two random picks, the first one when equal", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 6 }),
      fc.integer({ min: 1, max: 1_000_000 }),
      (inFlight, seed) => {
        const route = {
          ...algorithmRoute(
            inFlight.map(() => 1),
            inFlight,
          ),
          random: seededRandom(seed),
        };
        const algorithm = makeAlgorithm("powerOfRandomNChoices", route);
        const random = seededRandom(seed);
        for (let i = 0; i < 10; i++) {
          const first = Math.floor(random() * inFlight.length);
          const second = Math.floor(random() * inFlight.length);
          const expected = inFlight[second]! < inFlight[first]! ? second : first;
          assert.equal(algorithm.choose(indices(inFlight.length), inFlight.length, "", 0, anyRequest), expected);
        }
      },
    ),
    { numRuns: 50 },
  );
});

test("weightedRoundRobin: after any number of turns each endpoint has its share, to one turn", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(0, 0.25, 0.5, 0.75, 1), { minLength: 2, maxLength: 6 }),
      fc.integer({ min: 1, max: 100 }),
      (weights, turns) => {
        const algorithm = makeAlgorithm("weightedRoundRobin", algorithmRoute(weights));
        const counts = weights.map(() => 0 as number);
        for (let i = 0; i < turns; i++)
          counts[algorithm.choose(indices(weights.length), weights.length, "", 0, anyRequest)]!++;
        const sum = weights.reduce<number>((a, b) => a + b, 0);
        for (const [i, weight] of weights.entries()) {
          const share = turns * (sum === 0 ? 1 / weights.length : weight / sum);
          assert.ok(Math.abs(counts[i]! - share) <= 1, `${weights}: ${counts}`);
        }
      },
    ),
    { numRuns: 50 },
  );
});

test("weightedRoundRobin is smooth: 1, 1/4, 1/4 gives no endpoint its turns in one go", () => {
  const algorithm = makeAlgorithm("weightedRoundRobin", algorithmRoute([1, 0.25, 0.25]));
  const chosen = Array.from({ length: 12 }, () => algorithm.choose(indices(3), 3, "", 0, anyRequest));
  assert.deepEqual(chosen.slice(0, 6), chosen.slice(6));
  assert.equal(chosen[0], 0);
  assert.deepEqual([...chosen.slice(0, 6)].sort(), [0, 0, 0, 0, 1, 2]);
  // The plain algorithm gives 0, 0, x, 0, y, 0 or 0, x, 0, 0, y, 0: never both small ones next to each other.
  const places = [1, 2].map((endpoint) => chosen.indexOf(endpoint));
  assert.ok(Math.abs(places[0]! - places[1]!) >= 2, String(chosen));
});

test("weightedRoundRobin of two workers is one", () => {
  const process = new BalancedProcess(2);
  const balancers = [0, 1].map((worker) => process.balancer(lbBackend("weightedRoundRobin", 4), [], worker));
  for (let round = 0; round < 5; round++) {
    const chosen = [0, 1, 0, 0].map((worker) => balancers[worker]!.select("", 0, anyRequest));
    assert.deepEqual(chosen.sort(), [0, 1, 2, 3]);
  }
});

test("leastRequests takes the least load for the weight", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(0, 0.25, 0.5, 1), fc.integer({ min: 0, max: 4 })), {
        minLength: 2,
        maxLength: 6,
      }),
      (all) => {
        const weights = all.map(([weight]) => weight);
        const inFlight = all.map(([, count]) => count);
        const loads = all.map(([weight, count]) => (weight === 0 ? Number.POSITIVE_INFINITY : count / weight));
        const algorithm = makeAlgorithm("leastRequests", algorithmRoute(weights, inFlight));
        for (let i = 0; i < 8; i++) {
          const chosen = algorithm.choose(indices(all.length), all.length, "", 0, anyRequest);
          assert.equal(loads[chosen], Math.min(...loads));
        }
      },
    ),
    { numRuns: 100 },
  );
});

test("leastRequests takes turns among equals, and counts what runs", () => {
  const balancer = new BalancedProcess().balancer(lbBackend("leastRequests", 4));
  const chosen = Array.from({ length: 8 }, () => balancer.select("", 0, anyRequest));
  assert.deepEqual(chosen.slice(0, 4).sort(), [0, 1, 2, 3]);
  assert.deepEqual(chosen.slice(4).sort(), [0, 1, 2, 3]);
  balancer.answered(2);
  assert.equal(balancer.select("", 0, anyRequest), 2);
});

test("the algorithms choose among the candidates alone", () => {
  for (const name of [
    "roundRobin",
    "random",
    "powerOfRandomNChoices",
    "weightedRoundRobin",
    "leastRequests",
    "consistentHash",
  ]) {
    const algorithm = makeAlgorithm(name, algorithmRoute([1, 1, 1, 1, 1]));
    const seen = new Set<number>();
    for (let i = 0; i < 200; i++)
      seen.add(algorithm.choose(Int32Array.of(1, 3, 4, 0, 2), 2, `key ${i}`, 0, anyRequest));
    assert.deepEqual([...seen].sort(), [1, 3], name);
  }
});

test("an unknown name is refused", () => {
  assert.throws(() => makeAlgorithm("foo", algorithmRoute([1, 1])), /unsupported algorithm: foo/);
});

test("health of a period", () => {
  const settings = {
    periodMs: 1,
    minRequests: 10,
    minDropProbability: 0.1,
    maxDropProbability: 0.8,
    maxUnhealthyEndpointsRatio: 1,
  };
  const cases: [requests: number, failed: number, drop: number, weight: number][] = [
    [0, 0, 0, 1],
    [10, 10, 0, 1],
    [20, 0, 0, 1],
    [20, 2, 0, 0.9],
    [20, 5, 0.25, 0.75],
    [20, 16, 0.8, 0.2],
    [20, 20, 0.8, 0.2],
  ];
  for (const [requests, failed, drop, weight] of cases) {
    const health = judgeHealth(settings, requests, failed);
    assert.equal(health.drop, drop, `${failed} of ${requests}`);
    assert.ok(Math.abs(health.weight - weight) < 1e-12, `${failed} of ${requests}`);
  }
});
