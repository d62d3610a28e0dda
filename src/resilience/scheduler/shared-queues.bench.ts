// Cost of a slot, taken and given back, in a queue with room. Run: node src/resilience/scheduler/shared-queues.bench.ts [seconds per
// case]. Budget: 300 ns.

import { queueMemory } from "./queue-memory.ts";
import { SharedQueues } from "./shared-queues.ts";

const seconds = Number(process.argv[2] ?? 1);
const BATCH = 10_000;

const memory = queueMemory(1, 7, 16);
const main = new SharedQueues(memory, 1);
const slot = main.table.slot("q");
const worker = new SharedQueues(memory, 0);

for (const fifo of [true, false]) {
  main.configure(slot, fifo, { concurrency: 100, waiting: 100, timeoutMs: 1000 }, fifo ? 1 : 2);
  const run = () => {
    for (let i = 0; i < BATCH; i++) {
      worker.enter(slot);
      worker.release(slot, worker.epoch);
    }
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
  process.stdout.write(`${fifo ? "fifo" : "lifo"}: ${best.toFixed(0)} ns\n`);
}
