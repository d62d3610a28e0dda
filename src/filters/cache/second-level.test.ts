// What goes into the second level and what comes out of it, with two proxies whose clocks differ.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeContext, type FakeRequest, type HeaderList } from "../../../test/support/fake-context.ts";
import { type Answer, Scenario } from "./cache-scenario.fixture.ts";
import { PlainSecondLevel } from "./second-level.fixture.ts";

/** By so much the clock of the second proxy is ahead. */
const AHEAD_MS = 500_000;

const FORCE = 'cache("10s", "5s", "60s", "90s")';

class Fleet {
  readonly level = new PlainSecondLevel();
  readonly one: Scenario;
  readonly two: Scenario;

  constructor(chain = "cache()") {
    [this.one, this.two] = [this.#proxy(chain), this.#proxy(chain)];
    this.two.nowMs += AHEAD_MS;
    this.level.nowMs = 777;
  }

  /** A further proxy, which has nothing yet. */
  #proxy(chain: string): Scenario {
    return new Scenario(chain, this.level);
  }

  later(ms: number): void {
    for (const clock of [this.one, this.two, this.level]) clock.nowMs += ms;
  }

  /** One request at the first proxy, whose answer gets into the second level. */
  async store(answer: Answer, request: FakeRequest = {}): Promise<string> {
    const summary = await this.one.ask(request, answer);
    await this.level.settle();
    return summary;
  }
}

function lasting(body: string, ...more: HeaderList): Answer {
  return { headers: [["Cache-Control", "max-age=60"], ...more], body };
}

function as(value: string): FakeRequest {
  return { headers: [["X-V", value]] };
}

test("a hit has the age that it has, whatever the clocks say", async () => {
  const fleet = new Fleet();
  fleet.later(5000);
  await fleet.store({
    headers: [
      ["Cache-Control", "max-age=60"],
      ["Age", "7"],
    ],
    body: "v0",
  });
  fleet.later(20_000);
  assert.equal(await fleet.two.ask({}, {}), "200 HIT age=27 v0");
  fleet.later(2000);
  assert.equal(await fleet.two.ask({}, {}), "200 HIT age=29 v0", "from the first level");
  assert.equal(fleet.level.lookups, 2, "one for each miss");
  assert.deepEqual(fleet.one.counted, { "cache.miss": 1, "cache.l2.miss": 1 });
  assert.deepEqual(fleet.two.counted, { "cache.miss": 1, "cache.l2.hit": 1, "cache.hit": 2 });
  fleet.later(32_000);
  assert.equal(await fleet.two.ask({}, lasting("v1")), "200 MISS v1", "its lifetime is over");
});

for (const [title, request] of [
  ["HEAD", { method: "HEAD" }],
  ["a conditional request", { headers: [["If-None-Match", '"x"']] }],
  ["one that wants no stored answer", { headers: [["Cache-Control", "no-cache"]] }],
  ["one that wants stored answers only", { headers: [["Cache-Control", "only-if-cached"]] }],
  ["a range", { headers: [["Range", "bytes=0-1"]] }],
  ["one with Authorization", { headers: [["Authorization", "x"]] }],
] as [string, FakeRequest][]) {
  test(`${title} leads no flight and asks nothing`, async () => {
    const fleet = new Fleet();
    await fleet.two.ask(request, { status: 404 });
    assert.equal(fleet.level.lookups, 0);
  });
}

for (const reply of ["error", "skipped"] as const) {
  test(`where a lookup gives "${reply}" the backend is asked`, async () => {
    const fleet = new Fleet();
    await fleet.store(lasting("v0"));
    fleet.level.fails = reply;
    assert.equal(await fleet.two.ask({}, lasting("v1")), "200 MISS v1");
  });
}

test("what is not fresh enough for the request is not served", async () => {
  const fleet = new Fleet();
  await fleet.store(lasting("v0"));
  fleet.later(30_000);
  const asking: FakeRequest = { headers: [["Cache-Control", "min-fresh=50"]] };
  assert.equal(await fleet.two.ask(asking, lasting("v1")), "200 MISS v1");
});

test("an entry stays for its lifetime and the longest time in which it is served stale", async () => {
  const fleet = new Fleet(FORCE);
  await fleet.store({ body: "v0" });
  const [kept] = fleet.level.entries.values();
  assert.equal(kept!.untilMs - fleet.level.nowMs, 10_000 + 90_000);
  fleet.later(80_000);
  assert.equal(await fleet.two.ask({}, { status: 503 }), "200 STALE age=80 v0");
});

test("what is never of use is not written: no lifetime, too large", async () => {
  const fleet = new Fleet();
  await fleet.store({ headers: [["Cache-Control", "no-cache"]] });
  await fleet.store(lasting("x".repeat(1001)), { target: "/large" });
  assert.equal(fleet.level.entries.size, 0);
  assert.equal(await fleet.one.ask({ target: "/large" }, {}), `200 HIT age=0 ${"x".repeat(1001)}`);
});

test("what was invalidated before it was written is not written, or removed again", async () => {
  const fleet = new Fleet();
  await fleet.one.ask({}, lasting("v0"));
  await fleet.one.ask({ method: "POST" }, {});
  await fleet.level.settle();
  assert.equal(fleet.level.entries.size, 0);
  await fleet.one.ask({ target: "/b" }, lasting("v0"));
  const set = fleet.level.entries.set.bind(fleet.level.entries);
  fleet.level.entries.set = (key, kept) => {
    // Another worker hears the request that invalidates while this one writes.
    fleet.one.env.cache.remove(Int32Array.from(key.split(",").map(Number)));
    return set(key, kept);
  };
  await fleet.level.settle();
  assert.equal(fleet.level.entries.size, 0);
});

test("what was invalidated while the second level was asked is not put into the first", async () => {
  const fleet = new Fleet();
  await fleet.store(lasting("v0"));
  const { level } = fleet;
  const find = level.find.bind(level);
  level.find = async (key, leadsTo) => {
    const found = await find(key, leadsTo);
    fleet.two.env.cache.remove(key);
    return found;
  };
  assert.equal(await fleet.two.ask({}, lasting("v1")), "200 MISS v1");
});

test("the keys of Location and Content-Location end in both levels", async () => {
  const fleet = new Fleet();
  for (const target of ["/", "/a", "/b"]) await fleet.store(lasting("v0"), { target });
  assert.equal(fleet.level.entries.size, 3);
  const headers = [
    ["Location", "/a"],
    ["Content-Location", "http://example.org/b"],
  ] as const;
  await fleet.two.ask({ method: "PUT" }, { headers });
  assert.equal(fleet.level.entries.size, 0);
});

test("variants: each proxy finds those of the other, and a new one writes no old one back", async () => {
  const fleet = new Fleet();
  const vary = ["Vary", "X-V"] as const;
  await fleet.store(lasting("a0", vary), as("a"));
  await fleet.store(lasting("b0", vary), as("b"));
  assert.equal(await fleet.two.ask(as("b"), {}), "200 HIT age=0 b0");
  assert.equal(await fleet.two.ask(as("c"), lasting("c0", vary)), "200 MISS c0");
  await fleet.level.settle();
  assert.equal(await fleet.one.ask(as("c"), {}), "200 HIT age=0 c0");
  // The second proxy ends them; the first has its own names and nonce still, and writes another variant.
  await fleet.two.ask({ method: "DELETE" }, { status: 204 });
  assert.equal(await fleet.store(lasting("d0", vary), as("d")), "200 MISS d0");
  assert.equal(await fleet.two.ask(as("d"), {}), "200 HIT age=0 d0");
  assert.equal(await fleet.two.ask(as("a"), lasting("a1", vary)), "200 MISS a1");
});

test("the names of a variant stay as long as the longest of them", async () => {
  const fleet = new Fleet();
  const vary = ["Vary", "X-V"] as const;
  await fleet.store(lasting("a0", vary), as("a"));
  fleet.later(50_000);
  await fleet.store({ headers: [["Cache-Control", "max-age=1"], vary], body: "b0" }, as("b"));
  fleet.later(5000);
  assert.equal(await fleet.two.ask(as("a"), {}), "200 HIT age=55 a0");
});

test("other names in Vary take the place of the old ones", async () => {
  const fleet = new Fleet();
  await fleet.store(lasting("a0", ["Vary", "X-V"]), as("a"));
  const both: FakeRequest = {
    headers: [
      ["X-V", "b"],
      ["X-W", "w"],
    ],
  };
  await fleet.store(lasting("b0", ["Vary", "X-V, X-W"]), both);
  assert.equal(await fleet.two.ask(both, {}), "200 HIT age=0 b0");
  assert.equal(await fleet.two.ask(as("a"), lasting("a1")), "200 MISS a1");
});

test("a head that a 304 renewed is renewed for the others", async () => {
  const fleet = new Fleet();
  await fleet.store(lasting("v0", ["ETag", '"e"'], ["X-A", "old"]));
  fleet.later(50_000);
  const revalidating: FakeRequest = {
    headers: [
      ["Cache-Control", "no-cache"],
      ["If-None-Match", '"e"'],
    ],
  };
  const renewed = [
    ["ETag", '"e"'],
    ["Cache-Control", "max-age=60"],
    ["X-A", "new"],
  ] as const;
  await fleet.store({ status: 304, headers: renewed }, revalidating);
  fleet.later(30_000);
  const ctx = new FakeContext();
  assert.ok(await fleet.two.begin(ctx));
  assert.equal(fleet.two.summary(ctx, await fleet.two.finish(ctx, null)), "200 HIT age=30 v0");
  assert.equal(ctx.response.headers.get("X-A"), "new");
});

test("a stale entry is refreshed by the fresh one of another proxy, without a backend call", async () => {
  const fleet = new Fleet(FORCE);
  await fleet.store({ body: "v0" });
  assert.equal(await fleet.two.ask({}, {}), "200 HIT age=0 v0");
  fleet.later(11_000);
  assert.equal(await fleet.one.ask({}, {}), "200 STALE age=11 v0");
  await new Promise(setImmediate);
  await fleet.one.refresh({ body: "v1" });
  await fleet.level.settle();
  assert.equal(await fleet.two.ask({}, {}), "200 STALE age=11 v0");
  await new Promise(setImmediate);
  assert.equal(fleet.two.env.copies.length, 0);
  assert.equal(await fleet.two.ask({}, {}), "200 HIT age=0 v1");
});

for (const [title, head] of [
  ["no JSON", "{"],
  ["no object", "null"],
  ["an unknown kind", '{"kind":"picture"}'],
  ["names that are none", '{"kind":"variants","names":[1],"nonce":"n"}'],
  ["a status that is none", JSON.stringify({ ...response(), status: 42 })],
  ["a line break in a header", JSON.stringify({ ...response(), headers: [["X-A", "a\r\nX-B: b"]] })],
  ["a header that is no text", JSON.stringify({ ...response(), headers: [["X-A", 1]] })],
  ["a time that is none", JSON.stringify({ ...response(), lifetimeMs: "60" })],
] as const) {
  test(`a head with ${title} is a miss, and removed`, async () => {
    const fleet = new Fleet();
    await fleet.store(lasting("v0"));
    for (const [key, kept] of fleet.level.entries) fleet.level.entries.set(key, { ...kept, head });
    assert.equal(await fleet.two.ask({}, lasting("v1")), "200 MISS v1");
    assert.equal(fleet.level.entries.size, 0);
  });
}

function response(): object {
  const times = { requestMs: 0, responseMs: 0, initialAgeS: 0, lifetimeMs: 60_000 };
  return { kind: "response", status: 200, headers: [], ...times, isForced: false, neverStale: false };
}
