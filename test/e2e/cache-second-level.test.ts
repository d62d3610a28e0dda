// The second level of cache(): two proxies of two workers each with one redis-server behind them, which dies, hangs, lies and comes back.
// Long because they are started once for all tests.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Agent, type IncomingMessage, request, type ServerResponse } from "node:http";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { freePort } from "../conformance/socket-reader.ts";
import { RedisServer, withoutRedis } from "../support/redis-server.ts";
import { type Backend, RunningProxy, startBackend, until } from "./running-proxy.ts";

const MIB = 2 ** 20;
const PASSWORD = "s3cret-of-redis";
const LARGE_BYTES = MIB + 1;
/** More than the default, for a machine that has other things to do. */
const TIMEOUT_MS = 300;

/** A proxy and what can be read of it. */
interface Front {
  readonly proxy: RunningProxy;
  readonly support: number;
}

interface Reply {
  readonly status: number;
  readonly label: string;
  readonly age: number;
  readonly body: string;
}

let backend: Backend;
let redis: RedisServer;
let one: Front;
let two: Front;
/** Requests that the backend has seen, by target. */
const seen = new Map<string, number>();
let prefix = 0;

function answer(received: IncomingMessage, response: ServerResponse): void {
  const target = received.url!;
  const times = (seen.get(target) ?? 0) + 1;
  seen.set(target, times);
  const url = new URL(target, "http://backend");
  response.setHeader("Cache-Control", `max-age=${url.searchParams.get("max-age") ?? 600}`);
  const bytes = Number(url.searchParams.get("bytes") ?? 0);
  if (url.searchParams.has("vary")) {
    const value = received.headers["x-v"];
    response.setHeader("Vary", "X-V").end(`${value} ${times}`);
  } else if (bytes > 0) response.end(Buffer.alloc(bytes, String(times)));
  else response.end(`${times}`);
}

async function startFront(...flags: string[]): Promise<Front> {
  const support = await freePort();
  const to = `"http://127.0.0.1:${backend.port}"`;
  const proxy = await RunningProxy.startMortal(
    `forced: PathSubtree("/forced") -> cache("1s", "1ms", "600s") -> ${to};
     all: * -> cache() -> ${to};`,
    "-workers=2",
    `-support-listener=127.0.0.1:${support}`,
    `-cache-second-level-urls=${redis.url}`,
    `-cache-second-level-timeout=${TIMEOUT_MS}ms`,
    ...flags,
  );
  return { proxy, support };
}

/** One request on a connection of its own, so that any worker may get it. */
function get(
  { proxy: { port } }: Front,
  target: string,
  { method = "GET", headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false });
    // One host for both proxies: it belongs to the key.
    const all = { host: "example.org", ...headers };
    const sent = request({ port, host: "127.0.0.1", path: target, method, agent, headers: all }, (response) => {
      let body = "";
      response.setEncoding("latin1").on("data", (text: string) => {
        body += text;
      });
      response.on("end", () =>
        resolve({
          status: response.statusCode!,
          label: String(response.headers["x-cache-status"]),
          age: Number(response.headers.age ?? Number.NaN),
          body,
        }),
      );
      response.on("error", reject);
    });
    sent.on("error", reject).end();
  });
}

async function counter({ support }: Front, key: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${support}/metrics/skipper.${key}`);
  if (response.status === 404) return 0;
  const { counters } = (await response.json()) as { counters: Record<string, { count: number }> };
  return counters[`skipper.${key}`]!.count;
}

function times(target: string): number {
  return seen.get(target) ?? 0;
}

/** A target that no test has used. */
function fresh(query = ""): string {
  return `/${++prefix}${query}`;
}

/** Waits until some entry ends with this text. */
function holds(text: string): Promise<void> {
  return until(`${text} is in the second level`, async () => {
    for (const key of (await redis.say("KEYS", "*")) as string[]) {
      if (String(await redis.say("GETRANGE", key, "-20", "-1")).endsWith(text)) return true;
    }
    return false;
  });
}

/** Where the answer to a request lies; without that of other tests one may wait for what they left under way. */
function keyOf(target: string, route = "all"): string {
  const [path, query = ""] = target.split("?");
  const digest = createHash("sha256").update(JSON.stringify([route, "example.org", path, query]));
  return `skipper:cache:1:${digest.digest("base64url")}`;
}

/** Waits until the answer is there; `ending`: with this text. */
function stored(target: string, { route = "all", ending = "" } = {}): Promise<void> {
  const key = keyOf(target, route);
  return until(`${target} is in the second level`, async () => {
    const type = await redis.say("TYPE", key);
    return type === "string" && String(await redis.say("GETRANGE", key, "-20", "-1")).endsWith(ending);
  });
}

/** Waits until a front is served from the second level. */
async function answersAgain(front: Front, other: Front): Promise<void> {
  await until("the second level is used again", async () => {
    const target = fresh();
    await get(other, target);
    for (let i = 0; i < 20 && (await redis.say("EXISTS", keyOf(target))) === 0; i++) await setTimeout(5);
    return (await get(front, target)).label === "HIT";
  });
}

describe("the second level", { skip: withoutRedis }, () => {
  before(async () => {
    backend = await startBackend(answer);
    redis = await RedisServer.start(PASSWORD);
    [one, two] = await Promise.all([startFront(), startFront()]);
  });

  after(async () => {
    for (const { proxy } of [one, two]) assert.ok(!proxy.log.includes(PASSWORD), "no password in the log");
    await Promise.all([one.proxy.stop(), two.proxy.stop()]);
    await redis.kill();
    await backend.close();
  });

  beforeEach(async () => void (await redis.say("FLUSHALL")));

  test("what one proxy stored the other serves, with the age that it has", async () => {
    const target = fresh();
    assert.equal((await get(one, target)).label, "MISS");
    await stored(target);
    await setTimeout(1100);
    const reply = await get(two, target);
    assert.deepEqual([reply.label, reply.body], ["HIT", "1"]);
    assert.ok(reply.age >= 1 && reply.age <= 3, `age ${reply.age}`);
    assert.equal(times(target), 1);
    // Now it lies in the first level of both.
    await redis.say("FLUSHALL");
    for (const front of [one, two, one, two]) assert.equal((await get(front, target)).label, "HIT");
  });

  test("many misses of a key in both workers ask the second level once", async () => {
    const target = fresh();
    await get(one, target);
    await stored(target);
    const before = await redis.calls("getrange");
    const replies = await Promise.all(Array.from({ length: 40 }, () => get(two, target)));
    assert.deepEqual(new Set(replies.map(({ label }) => label)), new Set(["HIT"]));
    assert.equal(await redis.calls("getrange"), before + 1);
    assert.equal(times(target), 1);
  });

  test("hits of the first level do not reach the second", async () => {
    const target = fresh();
    await get(one, target);
    await stored(target);
    const before = await redis.calls("getrange");
    for (let i = 0; i < 20; i++) assert.equal((await get(one, target)).label, "HIT");
    assert.equal(await redis.calls("getrange"), before);
  });

  for (const bytes of [40_000, MIB - 2000]) {
    test(`a body of ${bytes} bytes comes whole`, async () => {
      const target = fresh(`?bytes=${bytes}`);
      await get(one, target);
      await stored(target);
      const reply = await get(two, target);
      assert.equal(reply.label, "HIT");
      assert.ok(reply.body === "1".repeat(bytes), `${reply.body.length} bytes, not all of them right`);
    });
  }

  test("a larger one stays in the first level", async () => {
    const target = fresh(`?bytes=${LARGE_BYTES}`);
    await get(one, target);
    assert.equal((await get(one, target)).label, "HIT");
    assert.equal((await get(two, target)).label, "MISS");
    const next = fresh();
    await get(one, next);
    await stored(next);
    assert.equal(await redis.say("EXISTS", keyOf(target)), 0);
    assert.equal(await counter(one, "cache.custom.l2.dropped"), 0);
  });

  test("an entry goes when its lifetime is over", async () => {
    const target = fresh("?max-age=1");
    await get(one, target);
    await stored(target);
    const left = Number(await redis.say("PTTL", keyOf(target)));
    assert.ok(left > 0 && left <= 1000, `${left} ms left`);
    await until("it is gone", async () => (await redis.say("EXISTS", keyOf(target))) === 0);
    assert.equal((await get(two, target)).label, "MISS");
    await stored(target, { ending: "2" });
  });

  test("an entry lives through the time in which it is served stale", async () => {
    const target = `/forced${fresh()}`;
    await get(one, target);
    await stored(target, { route: "forced" });
    const left = Number(await redis.say("PTTL", keyOf(target, "forced")));
    assert.ok(left > 590_000 && left <= 601_000, `${left} ms left`);
  });

  test("what another proxy has refreshed is not refreshed again", async () => {
    const target = `/forced${fresh()}`;
    await get(one, target);
    await stored(target, { route: "forced" });
    assert.equal((await get(two, target)).body, "1");
    await until("it is stale", async () => (await get(one, target)).label === "STALE");
    await until("one has refreshed it", () => times(target) === 2);
    await until("the other has it", async () => (await get(two, target)).body === "2");
    assert.equal(times(target), 2);
  });

  test("an unsafe request at one proxy ends the entry for the next miss of the other", async () => {
    const target = fresh();
    await get(one, target);
    await stored(target);
    await get(one, target, { method: "POST" });
    assert.equal(await redis.say("EXISTS", keyOf(target)), 0, "before the answer to it");
    const reply = await get(two, target);
    assert.deepEqual([reply.label, reply.body], ["MISS", "3"]);
    await stored(target, { ending: "3" });
  });

  test("variants are found by the headers that choose them, and end together", async () => {
    const target = fresh("?vary");
    const as = (value: string) => ({ headers: { "x-v": value } });
    for (const value of ["a", "b"]) await get(one, target, as(value));
    for (const text of ["a 1", "b 2"]) await holds(text);
    for (const value of ["b", "a"]) {
      const reply = await get(two, target, as(value));
      assert.deepEqual([reply.label, reply.body[0]], ["HIT", value]);
    }
    assert.equal(times(target), 2);
    await get(one, target, { method: "DELETE" });
    // The first proxy writes one variant anew: that must not bring back the other.
    await get(one, target, as("a"));
    await holds("a 4");
    const three = await startFront();
    try {
      await until("it is connected", async () => (await get(three, target, as("a"))).label === "HIT");
      assert.equal((await get(three, target, as("b"))).label, "MISS");
      await holds("b 5");
    } finally {
      await three.proxy.stop();
    }
  });

  test("what stands there and is none of ours is a miss, is removed and counted", async () => {
    const damages: ((key: string) => Promise<unknown>)[] = [
      (key) => redis.say("SET", key, "nonsense", "PX", "60000"),
      (key) => redis.say("SETRANGE", key, "40", "\x00\x01"),
      (key) => redis.say("APPEND", key, "x"),
      (key) => redis.say("PERSIST", key),
      async (key) => {
        await redis.say("DEL", key);
        await redis.say("LPUSH", key, "x");
      },
      async (key) => redis.say("SET", key, Buffer.alloc(3 * MIB, "SKC1"), "PX", "60000"),
    ];
    for (const [i, damage] of damages.entries()) {
      await redis.say("FLUSHALL");
      const target = fresh();
      await get(one, target);
      await stored(target);
      const key = keyOf(target);
      await damage(key);
      const errors = await counter(two, "cache.custom.l2.error");
      const reply = await get(two, target);
      assert.deepEqual([reply.label, reply.body], ["MISS", "2"], `damage ${i}`);
      assert.equal(await counter(two, "cache.custom.l2.error"), errors + 1, `damage ${i}`);
      // Removed, and written anew by the one that missed it.
      await stored(target, { ending: "2" });
      assert.equal(await redis.say("GETRANGE", key, "0", "3"), "SKC1");
    }
  });

  test("an entry of one key under another is not believed", async () => {
    const [mine, other] = [fresh(), fresh()];
    await get(one, mine);
    await stored(mine);
    await get(one, other);
    await stored(other);
    await redis.say("COPY", keyOf(mine), keyOf(other), "REPLACE");
    assert.equal((await get(two, other)).label, "MISS");
    await stored(other, { ending: "2" });
  });

  test("hits, misses and what failed are counted", async () => {
    const count = async () => [await counter(two, "cache.custom.l2.hit"), await counter(two, "cache.custom.l2.miss")];
    const [hits, misses] = await count();
    const target = fresh();
    await get(one, target);
    await stored(target);
    await get(two, target);
    const missed = fresh();
    await get(two, missed);
    await stored(missed);
    assert.deepEqual(await count(), [hits! + 1, misses! + 1]);
  });

  test("a server that refuses to store costs nothing but that", async () => {
    const dropped = await counter(one, "cache.custom.l2.dropped");
    await redis.say("CONFIG", "SET", "maxmemory", "1");
    try {
      assert.equal((await get(one, fresh())).label, "MISS");
      await until("it is counted", async () => (await counter(one, "cache.custom.l2.dropped")) > dropped);
      await until("it is told", () => one.proxy.log.includes(`${redis.port}/0 fails: OOM command not allowed`));
      for (let i = 0; i < 20; i++) assert.equal((await get(one, fresh())).status, 200);
    } finally {
      await redis.say("CONFIG", "SET", "maxmemory", "0");
    }
    await answersAgain(two, one);
  });

  test("killed and started again under load: no request fails, and it is used again", async () => {
    let isDone = false;
    const wrong: string[] = [];
    let sent = 0;
    const load = [one, two].map(async (front) => {
      while (!isDone) {
        const replies = await Promise.all(
          Array.from({ length: 8 }, () => get(front, `/load/${sent++ % 500}?max-age=1`)),
        );
        for (const { status } of replies) if (status !== 200) wrong.push(String(status));
      }
    });
    await until("there is load", () => sent > 200);
    await redis.kill();
    const atDeath = sent;
    await until("both know", () => [one, two].every(({ proxy }) => proxy.log.includes("it is left alone")));
    await until("they go on", () => sent > atDeath + 200);
    await redis.restart();
    await until("both use it again", () => [one, two].every(({ proxy }) => proxy.log.includes("answers again")));
    isDone = true;
    await Promise.all(load);
    assert.deepEqual(wrong, []);
    await answersAgain(two, one);
    const lines = two.proxy.log.split("\n").filter((line) => line.includes("second level"));
    assert.ok(lines.length < 10, lines.join("\n"));
  });

  test("one that hangs costs a few requests the timeout, and the others nothing", async () => {
    redis.signal("SIGSTOP");
    const slow: number[] = [];
    try {
      for (let i = 0; i < 40; i++) {
        const begun = performance.now();
        assert.equal((await get(one, fresh())).label, "MISS");
        const tookMs = performance.now() - begun;
        if (tookMs > 0.9 * TIMEOUT_MS) slow.push(tookMs);
      }
    } finally {
      redis.signal("SIGCONT");
    }
    assert.ok(slow.length >= 1 && slow.length <= 10, `${slow.length} slow ones: ${slow}`);
    assert.ok(await counter(one, "cache.custom.l2.skipped"));
    await answersAgain(one, two);
  });

  test("what was invalidated while the server could not be reached is removed when it can", async () => {
    const target = fresh();
    await get(one, target);
    await stored(target);
    redis.signal("SIGSTOP");
    try {
      assert.equal((await get(one, target, { method: "POST" })).status, 200);
    } finally {
      redis.signal("SIGCONT");
    }
    await until("it is removed", async () => {
      await get(one, fresh());
      return (await get(two, target)).body === "3";
    });
  });

  test("when a worker dies the other and its successor use the second level", async () => {
    one.proxy.signal("SIGUSR2");
    await until("the death is counted", async () => (await counter(one, "worker.restarts")) === 1);
    await answersAgain(two, one);
    await answersAgain(one, two);
  });
});
