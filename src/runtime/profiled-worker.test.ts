import assert from "node:assert/strict";
import { once } from "node:events";
import { mock, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { FromWorker, ToWorker } from "./messages.ts";
import { ProfiledWorker } from "./profiled-worker.ts";
import { profilingOrders } from "./profiling-orders.ts";

const DONE = { type: "done" } as const;

/** A worker of which only the post is looked at. */
function silent(): { readonly worker: Worker; readonly posted: ToWorker[] } {
  const posted: ToWorker[] = [];
  const worker = { postMessage: (message: ToWorker) => posted.push(message) };
  return { worker: worker as unknown as Worker, posted };
}

const noStand = (): void => {};

test("answers go to the orders that they belong to", async () => {
  const { worker, posted } = silent();
  const profiled = new ProfiledWorker(3, worker, noStand);
  assert.equal(profiled.name, "worker-3");
  const first = profiled.order({ do: "resources" });
  const second = profiled.order({ do: "cancel" });
  assert.deepEqual(posted, [
    { type: "profile", serial: 1, order: { do: "resources" } },
    { type: "profile", serial: 2, order: { do: "cancel" } },
  ]);
  profiled.answered(2, DONE);
  profiled.answered(7, DONE);
  assert.deepEqual(await second, DONE);
  profiled.answered(1, { type: "resources", counts: { Timeout: 1 } });
  assert.deepEqual(await first, { type: "resources", counts: { Timeout: 1 } });
});

test("a worker that ends has failed in all that it was asked, and in all that it will be", async () => {
  const { worker } = silent();
  const profiled = new ProfiledWorker(3, worker, noStand);
  const waiting = [profiled.order({ do: "stop" }), profiled.order({ do: "resources" })];
  profiled.left();
  await profiled.ended;
  const failed = { type: "failed", problem: "worker-3 ended" };
  assert.deepEqual(await Promise.all([...waiting, profiled.order({ do: "stop" })]), [failed, failed, failed]);
});

test("a worker whose event loop stands still has failed after 10 s; what it begins later ends at once", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { worker, posted } = silent();
    const profiled = new ProfiledWorker(3, worker, noStand);
    const started = profiled.order({ do: "start", profile: "cpu", intervalUs: 1000 });
    mock.timers.tick(10_000);
    assert.deepEqual(await started, { type: "failed", problem: "worker-3 gave no answer for 10s" });
    assert.deepEqual(posted.at(-1), { type: "profile", serial: 0, order: { do: "cancel" } });
    profiled.answered(0, DONE);
  } finally {
    mock.timers.reset();
  }
});

test("a heap snapshot: the worker is not missed meanwhile", async () => {
  const stands: boolean[] = [];
  const { worker, posted } = silent();
  const profiled = new ProfiledWorker(3, worker, (still) => stands.push(still));
  const taken = profiled.order({ do: "snapshot" });
  profiled.answered(1, { type: "resources", counts: {} });
  while (posted.length < 2) await sleep(0);
  assert.deepEqual(posted.at(-1), { type: "profile", serial: 2, order: { do: "snapshot" } });
  assert.deepEqual(stands, [true]);
  profiled.answered(2, { type: "snapshot", parts: [] });
  assert.deepEqual(await taken, { type: "snapshot", parts: [] });
  assert.deepEqual(stands, [true, false]);
});

test("a heap snapshot of a worker that is stuck: it is missed as ever", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { worker } = silent();
    const profiled = new ProfiledWorker(3, worker, () => assert.fail("it does not stand still for us"));
    const taken = profiled.order({ do: "snapshot" });
    mock.timers.tick(10_000);
    assert.deepEqual(await taken, { type: "failed", problem: "worker-3 gave no answer for 10s" });
  } finally {
    mock.timers.reset();
  }
});

/** A thread that carries orders out as workers do. */
async function realWorker(t: TestContext): Promise<{ worker: Worker; profiled: ProfiledWorker }> {
  const code = `import { parentPort } from "node:worker_threads";
    import { profilingOrders } from ${JSON.stringify(new URL("profiling-orders.ts", import.meta.url))};
    const obey = profilingOrders((message, given) => parentPort.postMessage(message, given));
    parentPort.on("message", ({ serial, order }) => obey(serial, order));`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`));
  t.after(() => worker.terminate());
  const profiled = new ProfiledWorker(3, worker, noStand);
  worker.on("exit", () => profiled.left());
  worker.on("message", (message: FromWorker) => {
    if (message.type === "profiled") profiled.answered(message.serial, message.answer);
  });
  await once(worker, "online");
  return { worker, profiled };
}

test("a heap snapshot of a thread is JSON", async (t) => {
  const { profiled } = await realWorker(t);
  const answer = await profiled.order({ do: "snapshot" });
  assert.ok(answer.type === "snapshot", JSON.stringify(answer));
  assert.ok("snapshot" in JSON.parse(Buffer.concat(answer.parts).toString()));
});

test("a thread that ends while its heap is written down leaves nobody waiting, and the process alive", async (t) => {
  for (const pauseMs of [0, 20, 100, 300]) {
    const { worker, profiled } = await realWorker(t);
    await profiled.order({ do: "resources" });
    const taken = profiled.order({ do: "snapshot" });
    await sleep(pauseMs);
    await worker.terminate();
    const answer = await taken;
    if (answer.type !== "snapshot") assert.deepEqual(answer, { type: "failed", problem: "worker-3 ended" });
  }
});

test("in the worker each order has its answer, in the order in which they came", async () => {
  const said: FromWorker[] = [];
  const all = Promise.withResolvers<void>();
  const obey = profilingOrders((message) => {
    if (said.push(message) === 3) all.resolve();
  });
  obey(5, { do: "start", profile: "cpu", intervalUs: 1000 });
  obey(6, { do: "stop" });
  obey(7, { do: "stop" });
  await all.promise;
  assert.deepEqual(
    said.map((message) => message.type === "profiled" && [message.serial, message.answer.type]),
    [
      [5, "done"],
      [6, "cpu"],
      [7, "failed"],
    ],
  );
});
