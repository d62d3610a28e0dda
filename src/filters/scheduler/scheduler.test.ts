// What the queue filters do with a request: one slot per queue however many filters name it, when they let go of it, what they answer.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeContext, fakeEnv, makeFilters } from "../../../test/support/fake-context.ts";
import type { Filter } from "../../spec/filter.ts";
import type { QueueOutcome, RouteQueues } from "../../spec/route-queue.ts";

/** Queues that note who comes and goes; `outcome` is what all get. */
class NotedQueues implements RouteQueues {
  readonly notes: string[] = [];
  readonly #queues = new Map<string, ReturnType<RouteQueues["open"]>>();
  readonly #outcome: QueueOutcome | Promise<QueueOutcome>;

  constructor(outcome: QueueOutcome | Promise<QueueOutcome> = "passed") {
    this.#outcome = outcome;
  }

  open(kind: string, name: string) {
    const key = `${kind} ${name}`;
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = {
        enter: () => {
          this.notes.push(`enter ${key}`);
          return { outcome: this.#outcome, leave: () => void this.notes.push(`leave ${key}`) };
        },
        close: () => void this.notes.push(`close ${key}`),
      };
      this.#queues.set(key, queue);
    }
    return queue;
  }
}

function filtersOf(chain: string, queues: RouteQueues): Filter[] {
  return makeFilters(chain, { ...fakeEnv(), queues });
}

/** The request steps from left to right, `sent`, the response steps from right to left, the end. */
async function run(filters: readonly Filter[], queues: NotedQueues): Promise<FakeContext> {
  const ctx = new FakeContext();
  for (const filter of filters) await filter.request?.(ctx);
  queues.notes.push("backend");
  for (const filter of filters.toReversed()) filter.response?.(ctx);
  queues.notes.push("body");
  for (const release of ctx.releases) release();
  return ctx;
}

for (const [chain, expected] of [
  [`lifo()`, "enter lifo test, backend, leave lifo test, body"],
  [`fifo(1, 1, "1s")`, "enter fifo test, backend, leave fifo test, body"],
  [`lifoGroup("g")`, "enter lifoGroup g, backend, leave lifoGroup g, body"],
  [`lifoWithBody()`, "enter lifo test, backend, body, leave lifo test"],
  [`fifoWithBody(1, 1, "1s")`, "enter fifo test, backend, body, leave fifo test"],
  [`lifoGroupWithBody("g")`, "enter lifoGroup g, backend, body, leave lifoGroup g"],
  // One slot, held for as long as the one that holds it longest.
  [`lifo() -> lifo()`, "enter lifo test, backend, leave lifo test, body"],
  [`lifo() -> lifoWithBody()`, "enter lifo test, backend, body, leave lifo test"],
  [`lifoWithBody() -> lifo()`, "enter lifo test, backend, body, leave lifo test"],
  [`lifoGroup("g") -> lifoGroupWithBody("g")`, "enter lifoGroup g, backend, body, leave lifoGroup g"],
  // Different queues, a slot in each; the right one is left first.
  [
    `lifo() -> fifo(1, 1, "1s") -> lifoGroup("g")`,
    "enter lifo test, enter fifo test, enter lifoGroup g, backend, leave lifoGroup g, leave fifo test, leave lifo test, body",
  ],
  [
    `lifoGroup("a") -> lifoGroup("b")`,
    "enter lifoGroup a, enter lifoGroup b, backend, leave lifoGroup b, leave lifoGroup a, body",
  ],
] as const) {
  test(`${chain}: ${expected}`, async () => {
    const queues = new NotedQueues();
    const ctx = await run(filtersOf(chain, queues), queues);
    // At the end everything that may still be held is left; a place takes no second call.
    assert.equal(queues.notes.join(", "), expected);
    assert.equal(ctx.served, false);
  });
}

for (const [outcome, status] of [
  ["full", 503],
  ["timeout", 502],
  ["closed", 500],
] as const) {
  for (const given of [outcome, Promise.resolve(outcome)]) {
    test(`${outcome}${typeof given === "string" ? "" : " after a wait"}: ${status} with an empty body and no header`, async () => {
      const queues = new NotedQueues(given);
      const [filter] = filtersOf("lifo()", queues);
      const ctx = new FakeContext();
      const tags: string[] = [];
      ctx.span = { setTag: (name, value) => void tags.push(`${name}=${value}`) };
      await filter!.request!(ctx);
      assert.deepEqual([ctx.served, ctx.response.status, ctx.body], [true, status, ""]);
      assert.equal([...headerNames(ctx)].join(), "");
      assert.deepEqual(tags, ["error=true"]);
    });
  }
}

function headerNames(ctx: FakeContext): string[] {
  const names: string[] = [];
  ctx.response.headers.forEach((name) => void names.push(name));
  return names;
}

test("a request that passes at once waits for no promise", () => {
  const [filter] = filtersOf("lifo()", new NotedQueues());
  assert.equal(filter!.request!(new FakeContext()), undefined);
});

test("a route that loops back to itself has one slot, and keeps it until the outer response step", async () => {
  const queues = new NotedQueues();
  const [filter] = filtersOf("lifo()", queues);
  const ctx = new FakeContext();
  await filter!.request!(ctx);
  await filter!.request!(ctx);
  filter!.response!(ctx);
  assert.deepEqual(queues.notes, ["enter lifo test"]);
  filter!.response!(ctx);
  assert.deepEqual(queues.notes, ["enter lifo test", "leave lifo test"]);
});

test("a request that never gets to its response step leaves at its end", async () => {
  const queues = new NotedQueues();
  const ctx = new FakeContext();
  for (const filter of filtersOf(`lifo() -> fifo(1, 1, "1s")`, queues)) await filter.request!(ctx);
  for (const release of ctx.releases) release();
  assert.deepEqual(queues.notes, ["enter lifo test", "enter fifo test", "leave lifo test", "leave fifo test"]);
});

test("the response step runs for failed requests, and a released route lets go of its queue", async () => {
  const queues = new NotedQueues();
  for (const filter of filtersOf(`lifo() -> fifo(1, 1, "1s") -> lifoGroupWithBody("g")`, queues)) {
    assert.equal(filter.onError, true);
    filter.close!();
    await filter.request!(new FakeContext());
    filter.close!();
  }
  assert.deepEqual(queues.notes, [
    "enter lifo test",
    "close lifo test",
    "enter fifo test",
    "close fifo test",
    "enter lifoGroup g",
    "close lifoGroup g",
  ]);
});
