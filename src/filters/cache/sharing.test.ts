// Single flight and the refresh in the background: who waits for whom, and that nobody waits in vain.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeContext, type FakeRequest } from "../../../test/support/fake-context.ts";
import { Scenario } from "./cache-scenario.fixture.ts";

const LASTING = { headers: [["Cache-Control", "max-age=60"]], body: "v0" } as const;

class Shared extends Scenario {
  /** The request steps of a request; what they are waiting for goes on by itself. */
  start(request: FakeRequest = {}): { ctx: FakeContext; begun: Promise<boolean>; isWaiting: () => Promise<boolean> } {
    const ctx = new FakeContext(request);
    let done = false;
    const begun = this.begin(ctx).finally(() => {
      done = true;
    });
    // Everything that can happen without an event has happened after a turn of the loop.
    const isWaiting = () => new Promise<boolean>((resolve) => setImmediate(() => resolve(!done)));
    return { ctx, begun, isWaiting };
  }

  /** The proxy answers for the backend, or the client is gone: filters see a served answer. */
  async fail(ctx: FakeContext, status: number): Promise<void> {
    ctx.serve(status, [], "failed");
    await this.finish(ctx, null);
  }
}

test("misses of one key share the backend call of the first", async () => {
  const scenario = new Shared("cache()");
  const leader = scenario.start();
  assert.equal(await leader.begun, false);
  const followers = [scenario.start(), scenario.start({ method: "GET" })];
  for (const follower of followers) assert.ok(await follower.isWaiting());
  const other = scenario.start({ target: "/other" });
  assert.equal(await other.begun, false, "another key waits for nobody");
  await scenario.finish(leader.ctx, LASTING);
  for (const { ctx, begun } of followers) {
    assert.equal(await begun, true);
    assert.equal(scenario.summary(ctx, await scenario.finish(ctx, null)), "200 HIT age=0 v0");
  }
});

test("a miss that takes the leader's place just when the leader has stored its answer is served that", async () => {
  const scenario = new Shared("cache()");
  const leader = scenario.start();
  await leader.begun;
  // The leader, in another worker, ends between the two steps of the second request.
  const { cache } = scenario.env;
  const join = cache.join.bind(cache);
  leader.ctx.respond(200, LASTING.headers);
  for (const filter of scenario.filters) await filter.response?.(leader.ctx);
  cache.join = (key, waitMs) => {
    const [storing] = leader.ctx.responseTransforms;
    storing!.write(Buffer.from("v0"));
    storing!.end();
    return join(key, waitMs);
  };
  const second = scenario.start();
  assert.equal(await second.begun, true);
  assert.equal(scenario.summary(second.ctx, await scenario.finish(second.ctx, null)), "200 HIT age=0 v0");
});

for (const [title, request] of [
  ["HEAD", { method: "HEAD" }],
  ["one with Authorization", { headers: [["Authorization", "x"]] }],
  ["one with a condition", { headers: [["If-None-Match", '"x"']] }],
  ["one that wants no stored answer", { headers: [["Cache-Control", "no-cache"]] }],
  ["one for a range", { headers: [["Range", "bytes=0-1"]] }],
  ["an unsafe one", { method: "POST" }],
] as const) {
  test(`${title} neither waits nor is waited for`, async () => {
    const scenario = new Shared("cache()");
    assert.equal(await scenario.start(request).begun, false);
    assert.equal(await scenario.start().begun, false, "nobody waits for it");
    assert.equal(await scenario.start(request).begun, false, "it waits for nobody");
  });
}

for (const { title, answer } of [
  { title: "may not be stored", answer: { headers: [["Cache-Control", "no-store"]] as const } },
  { title: "has no lifetime left", answer: { headers: [["Cache-Control", "no-cache"]] as const } },
  { title: "is an error without a lifetime", answer: { status: 503 } },
]) {
  test(`when the answer ${title} all followers go to the backend, before its body`, async () => {
    const scenario = new Shared("cache()");
    const leader = scenario.start();
    await leader.begun;
    const followers = [scenario.start(), scenario.start()];
    for (const follower of followers) assert.ok(await follower.isWaiting());
    leader.ctx.respond(answer.status ?? 200, answer.headers ?? []);
    for (const filter of scenario.filters) await filter.response?.(leader.ctx);
    for (const { begun } of followers) assert.equal(await begun, false);
  });
}

test("when the backend call fails all followers make their own", async () => {
  const scenario = new Shared("cache()");
  const leader = scenario.start();
  await leader.begun;
  const followers = [scenario.start(), scenario.start()];
  for (const follower of followers) assert.ok(await follower.isWaiting());
  await scenario.fail(leader.ctx, 502);
  for (const { begun } of followers) assert.equal(await begun, false);
  assert.equal(scenario.counted["cache.coalesce_error"], 2);
});

test("when the leader's client goes one follower leads, the others wait on", async () => {
  const scenario = new Shared("cache()");
  const leader = scenario.start();
  await leader.begun;
  const [second, third] = [scenario.start(), scenario.start()];
  assert.ok(await third.isWaiting());
  await scenario.fail(leader.ctx, 499);
  assert.equal(await second.begun, false);
  assert.ok(await third.isWaiting());
  await scenario.finish(second.ctx, LASTING);
  assert.equal(await third.begun, true);
});

test("when the body breaks off one follower leads", async () => {
  const scenario = new Shared("cache()");
  const leader = scenario.start();
  await leader.begun;
  const second = scenario.start();
  assert.ok(await second.isWaiting());
  leader.ctx.respond(200, LASTING.headers);
  for (const filter of scenario.filters) await filter.response?.(leader.ctx);
  leader.ctx.responseTransforms[0]!.write(Buffer.from("half"));
  assert.ok(await second.isWaiting());
  leader.ctx.responseTransforms[0]!.destroy?.();
  assert.equal(await second.begun, false);
});

test("a follower whose client is gone leads nobody", async () => {
  const scenario = new Shared("cache()");
  const leader = scenario.start();
  await leader.begun;
  const [gone, waiting] = [scenario.start(), scenario.start()];
  assert.ok(await waiting.isWaiting());
  await scenario.fail(gone.ctx, 499);
  await scenario.fail(leader.ctx, 499);
  await gone.begun;
  assert.equal(await waiting.begun, false, "the other one leads");
  await scenario.finish(waiting.ctx, LASTING);
  assert.equal(await scenario.ask({}, {}), "200 HIT age=0 v0");
});

test("followers of another variant share among themselves", async () => {
  const scenario = new Shared("cache()");
  const answer = {
    headers: [
      ["Cache-Control", "max-age=60"],
      ["Vary", "X-V"],
    ],
    body: "a",
  } as const;
  const leader = scenario.start({ headers: [["X-V", "a"]] });
  await leader.begun;
  const same = scenario.start({ headers: [["X-V", "a"]] });
  const [other, another] = [scenario.start({ headers: [["X-V", "b"]] }), scenario.start({ headers: [["X-V", "b"]] })];
  assert.ok(await another.isWaiting());
  await scenario.finish(leader.ctx, answer);
  assert.equal(await same.begun, true);
  assert.equal(await other.begun, false);
  assert.ok(await another.isWaiting());
  await scenario.finish(other.ctx, { ...answer, body: "b" });
  assert.equal(await another.begun, true);
  assert.equal(another.ctx.served, true);
});

const FORCE = 'cache("10s", "5s", "60s")';

test("a stale answer is refreshed once, with the validators of the entry and nothing of the client's conditions", async () => {
  const scenario = new Scenario(FORCE);
  await scenario.ask({}, { headers: [["ETag", '"e1"']], body: "v0" });
  scenario.nowMs += 11_000;
  const { routeCopy } = scenario.env;
  const ended = Promise.withResolvers<void>();
  scenario.env.routeCopy = async (copy, body) => {
    const end = await routeCopy.call(scenario.env, copy, body);
    await ended.promise;
    return end;
  };
  const conditional: FakeRequest = {
    method: "HEAD",
    headers: [["If-Modified-Since", "Thu, 01 Jan 2026 00:00:00 GMT"]],
  };
  assert.equal(await scenario.ask(conditional, {}), "200 STALE age=11");
  assert.equal(await scenario.ask({}, {}), "200 STALE age=11 v0");
  assert.equal(scenario.env.copies.length, 1, "one refresh under way for all");
  const { copy } = scenario.env.copies[0]!;
  assert.equal(copy.method, "GET");
  const lines: string[] = [];
  copy.headers.forEach((name, value) => void lines.push(`${name}: ${value}`));
  assert.deepEqual(lines, ["X-Cache-Revalidate: 1", 'If-None-Match: "e1"']);
  await scenario.refresh({ body: "v1" });
  ended.resolve();
  assert.equal(await scenario.ask({}, {}), "200 HIT age=0 v1");
});

test("a 304 to a refresh renews the entry with the newer lines", async () => {
  const scenario = new Scenario(FORCE);
  await scenario.ask(
    {},
    {
      headers: [
        ["ETag", '"e1"'],
        ["X-A", "old"],
        ["X-B", "b"],
      ],
      body: "v0",
    },
  );
  scenario.nowMs += 11_000;
  assert.equal(await scenario.ask({}, {}), "200 STALE age=11 v0");
  // A 304 need not say again what it is about.
  await scenario.refresh({ status: 304, headers: [["X-A", "new"]] });
  scenario.nowMs += 2000;
  const ctx = new FakeContext();
  assert.ok(await scenario.begin(ctx));
  assert.equal(scenario.summary(ctx, await scenario.finish(ctx, null)), "200 HIT age=2 v0");
  assert.deepEqual([ctx.response.headers.getAll("X-A"), ctx.response.headers.get("X-B")], [["new"], "b"]);
});

test("a refresh that fails leaves the entry, is counted and warned of", async () => {
  const scenario = new Scenario(FORCE);
  await scenario.ask({}, { body: "v0" });
  scenario.nowMs += 11_000;
  scenario.env.copyEnd = { outcome: "complete", status: 503 };
  assert.equal(await scenario.ask({}, {}), "200 STALE age=11 v0");
  await scenario.refresh({ status: 503, body: "no" });
  assert.equal(await scenario.ask({}, {}), "200 STALE age=11 v0");
  await new Promise(setImmediate);
  assert.deepEqual(scenario.env.logged, ["warn cache: failed to refresh /: status 503"]);
});

test("a refresh that a client asks for bypasses the store like no-cache, and the mark does not reach the backend", async () => {
  const scenario = new Scenario("cache()");
  await scenario.ask({}, LASTING);
  const ctx = new FakeContext({ headers: [["X-Cache-Revalidate", "1"]] });
  assert.equal(await scenario.begin(ctx), false);
  assert.equal(ctx.request.headers.has("X-Cache-Revalidate"), false);
  await scenario.finish(ctx, { ...LASTING, body: "v1" });
  assert.equal(await scenario.ask({}, {}), "200 HIT age=0 v1");
});

test("refreshes run one at a time; what finds no room in the queue is dropped and counted", async () => {
  const scenario = new Scenario(FORCE);
  for (let i = 0; i < 260; i++) await scenario.ask({ target: `/${i}` }, { body: "v" });
  scenario.nowMs += 11_000;
  let running = 0;
  let most = 0;
  const ends: (() => void)[] = [];
  scenario.env.routeCopy = async () => {
    most = Math.max(most, ++running);
    await new Promise<void>((resolve) => void ends.push(resolve));
    running--;
    return { outcome: "complete", status: 200 };
  };
  for (let i = 0; i < 260; i++) assert.equal(await scenario.ask({ target: `/${i}` }, {}), "200 STALE age=11 v");
  const counts = (scenario.env.cache as unknown as { counts: Record<string, number> }).counts;
  assert.equal(counts.reval_dropped, 260 - 1 - 256);
  let done = 0;
  for (let end = ends.shift(); end !== undefined; end = ends.shift()) {
    done++;
    end();
    await new Promise(setImmediate);
  }
  assert.deepEqual([done, most], [257, 1]);
});
