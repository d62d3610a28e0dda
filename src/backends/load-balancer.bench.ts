// Cost of one choice and its end, by algorithm. Run: node src/backends/load-balancer.bench.ts [seconds per case]. Budget: 100 ns with
// round robin, choice and end together.

import { anyRequest, BalancedProcess, lbBackend } from "./balancer.fixture.ts";

const seconds = Number(process.argv[2] ?? 1);
const BATCH = 10_000;

for (const name of [
  "roundRobin",
  "random",
  "powerOfRandomNChoices",
  "consistentHash",
  "weightedRoundRobin",
  "leastRequests",
]) {
  for (const count of [2, 20]) {
    const balancer = new BalancedProcess(2).balancer(lbBackend(name, count));
    const run = () => {
      for (let i = 0; i < BATCH; i++) balancer.answered(balancer.select("user-1", 0, anyRequest));
    };
    for (let i = 0; i < 20; i++) run();
    // The best batch: what the code costs when nothing else has the core.
    let best = Number.POSITIVE_INFINITY;
    const limit = performance.now() + seconds * 1000;
    while (performance.now() < limit) {
      const start = performance.now();
      run();
      best = Math.min(best, ((performance.now() - start) * 1e6) / BATCH);
    }
    process.stdout.write(`${name}, ${count} endpoints: ${best.toFixed(0)} ns\n`);
  }
}
