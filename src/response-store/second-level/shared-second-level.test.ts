// The second level against a real redis-server, and against servers that are none: what it costs, what it leaves behind, what it says.

import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../../test/conformance/socket-reader.ts";
import { RedisServer, withoutRedis } from "../../../test/support/redis-server.ts";
import type { StoreKey } from "../../spec/response-store.ts";
import type { SharedWrite } from "../../spec/second-level.ts";
import { ResponseStoreOwner } from "../response-store-owner.ts";
import { parseServerAddresses } from "./server-address.ts";
import { SharedSecondLevel } from "./shared-second-level.ts";
import { keyText } from "./value-format.ts";

/** More than the default, for a machine that has other things to do. */
const TIMEOUT_MS = 400;
/** Those that docs/guides/caching.md names. */
const RIGHTS = ["+getrange", "+pttl", "+set", "+del", "+ping", "+select"];
const nothing = () => null;

const open: SharedSecondLevel[] = [];
const servers: Server[] = [];
const sockets = new Set<Socket>();
let redis: RedisServer | null = null;

afterEach(async () => {
  for (const level of open.splice(0)) level.close();
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
  await redis?.kill();
  redis = null;
});

class Level {
  readonly counts: Record<string, number> = {};
  readonly logged: string[] = [];
  now: () => number = Date.now;
  level!: SharedSecondLevel;

  /** A worker of the process that `owner` stands for. */
  static async open(url: string, owner = new ResponseStoreOwner(2, 1000), number = 1): Promise<Level> {
    const level = new Level();
    const servers = parseServerAddresses(url.split(","));
    assert.ok(!("error" in servers));
    level.level = await SharedSecondLevel.open({
      settings: { servers, timeoutMs: TIMEOUT_MS },
      ...owner.addWorker(number),
      log: { info: (text) => void level.logged.push(text), warn: (text) => void level.logged.push(text) },
      count: (name, by) => {
        level.counts[name] = (level.counts[name] ?? 0) + by;
      },
      now: () => level.now(),
    });
    open.push(level.level);
    return level;
  }

  async find(key: StoreKey): Promise<string> {
    const found = await this.level.find(key, nothing);
    return typeof found === "string" ? found : `${found.head} ${Buffer.from(found.body).toString("latin1")}`;
  }

  store(key: StoreKey, head: string, more: Partial<SharedWrite> = {}): void {
    const body = Buffer.from("body");
    const load = async () => ({ head, body, lifetimeMs: 60_000 });
    this.level.store({ key, bytes: head.length + body.length, load, isCurrent: () => true, ...more });
  }

  /** Waits for what a lookup gives. */
  async comes(key: StoreKey, wanted: string): Promise<void> {
    await until(`${wanted} under ${key[7]}`, async () => (await this.find(key)) === wanted);
  }
}

function key(n: number): StoreKey {
  return Int32Array.of(0, 0, 0, 0, 0, 0, Math.imul(n, 0x9e3779b1), n);
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const limit = Date.now() + 10_000; !(await condition()); await sleep(5)) {
    if (Date.now() > limit) assert.fail(`waited for: ${what}`);
  }
}

/** A server that is none: `serve` gets each connection. */
async function listen(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    sockets.add(socket);
    serve(socket.on("error", () => {}));
  }).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

describe("with a redis-server", { skip: withoutRedis }, () => {
  test("what was stored is found, with the time that it has been there, by the clock of the server", async () => {
    redis = await RedisServer.start();
    const mine = await Level.open(redis.url);
    const other = await Level.open(redis.url);
    // Their clocks differ by an hour.
    other.now = () => Date.now() + 3_600_000;
    mine.store(key(1), "head");
    await other.comes(key(1), "head body");
    await sleep(200);
    const found = await other.level.find(key(1), nothing);
    assert.ok(typeof found !== "string");
    assert.ok(found.sinceMs >= 200 && found.sinceMs < 5000, `${found.sinceMs} ms`);
    assert.equal(found.sinceMs + found.leftMs, 60_000);
    assert.equal(await other.find(key(2)), "miss");
    assert.deepEqual([mine.counts, mine.logged, other.counts, other.logged], [{}, [], {}, []]);
  });

  test("a user, a password and a database of its own", async () => {
    redis = await RedisServer.start("p@ss/word,1");
    await redis.say("ACL", "SETUSER", "cache", "on", ">s3cret", "~skipper:cache:*", ...RIGHTS);
    const inThree = await Level.open(`redis://cache:s3cret@127.0.0.1:${redis.port}/3`);
    inThree.store(key(1), "head");
    await inThree.comes(key(1), "head body");
    const inZero = await Level.open(`redis://:p%40ss%2Fword%2C1@127.0.0.1:${redis.port}`);
    await inZero.comes(key(1), "miss");
  });

  test("a wrong password is told of once, and not what it is", async () => {
    redis = await RedisServer.start("right");
    const level = await Level.open(`redis://:wr0ng-one@127.0.0.1:${redis.port}`);
    await until("it is left alone", async () => (await level.find(key(1))) === "skipped");
    assert.equal(level.logged.length, 1);
    assert.match(level.logged[0]!, /^cache: the second level at 127\.0\.0\.1:\d+\/0 fails: WRONGPASS .*left alone/);
    assert.ok(!level.logged[0]!.includes("wr0ng-one"));
  });

  test("keys are spread over the servers, and each is found where it was stored", async () => {
    redis = await RedisServer.start();
    const level = await Level.open(`${redis.url}/1,${redis.url}/2,${redis.url}/3`);
    for (let n = 0; n < 90; n++) level.store(key(n), String(n));
    for (let n = 0; n < 90; n++) await level.comes(key(n), `${n} body`);
    const space = String(await redis.say("INFO", "keyspace"));
    for (const db of [1, 2, 3]) assert.match(space, new RegExp(`db${db}:keys=[1-4]\\d,`));
  });

  test("an entry that leads to another key is followed", async () => {
    redis = await RedisServer.start();
    const level = await Level.open(redis.url);
    level.store(key(1), "2");
    level.store(key(2), "end");
    await level.comes(key(2), "end body");
    const found = await level.level.find(key(1), ({ head }) => key(Number(head)));
    assert.ok(typeof found !== "string" && found.head === "end");
    assert.equal(await level.level.find(key(1), () => key(3)), "miss");
  });

  test("what became invalid while it was written is removed again; what nobody wants any more is not written", async () => {
    redis = await RedisServer.start();
    const level = await Level.open(redis.url);
    let asked = 0;
    level.store(key(1), "stale", { isCurrent: () => ++asked === 0 });
    level.store(key(2), "", { load: async () => null });
    level.store(key(3), "last");
    await level.comes(key(3), "last body");
    await until("the check", () => asked === 1);
    await level.comes(key(1), "miss");
    assert.deepEqual(await redis.say("KEYS", "*"), [keyText(key(3))]);
  });

  test("what is on its way has room for 16 MiB in the process; more is dropped and counted", async () => {
    redis = await RedisServer.start();
    const owner = new ResponseStoreOwner(2, 1000);
    const workers = [await Level.open(redis.url, owner, 1), await Level.open(redis.url, owner, 2)];
    const wait = Promise.withResolvers<null>();
    const dropped = () => workers.reduce((sum, { counts }) => sum + (counts.dropped ?? 0), 0);
    for (let n = 0; n < 20; n++) workers[n % 2]!.store(key(n), "", { bytes: 2 ** 20, load: () => wait.promise });
    assert.equal(dropped(), 20 - 15, "with a little for each of them");
    wait.resolve(null);
    await until("there is room again", () => {
      const before = dropped();
      workers[0]!.store(key(1), "head", { bytes: 2 ** 20 });
      return dropped() === before;
    });
  });

  test("a removal that the server could not be told it is told when it is back, before anything is asked", async () => {
    redis = await RedisServer.start();
    const level = await Level.open(redis.url);
    level.store(key(1), "head");
    await level.comes(key(1), "head body");
    redis.signal("SIGSTOP");
    const begun = performance.now();
    await level.level.remove(key(1));
    assert.ok(performance.now() - begun < 4 * TIMEOUT_MS, "the timeout");
    await until("it is left alone", async () => (await level.find(key(2))) === "skipped");
    await level.level.remove(key(3));
    redis.signal("SIGCONT");
    const seen = new Set<string>();
    await until("it answers", async () => {
      seen.add(await level.find(key(1)));
      return seen.has("miss");
    });
    assert.ok(!seen.has("head body"), [...seen].join());
    assert.ok((await redis.calls("del")) >= 2, "the one that was asked for while it was left alone, too");
  });

  test("a connection that the server has closed is opened again", async () => {
    redis = await RedisServer.start();
    const level = await Level.open(redis.url);
    level.store(key(1), "head");
    await level.comes(key(1), "head body");
    await redis.say("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await level.comes(key(1), "head body");
  });
});

for (const [title, serve] of [
  ["answers nothing", () => {}],
  ["closes at once", (socket) => void socket.end()],
  ["talks HTTP", (socket) => void socket.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")],
  ["talks noise", (socket) => void socket.on("data", () => socket.write(Buffer.alloc(5000, 0xa7)))],
  ["answers what nobody asked", (socket) => void socket.on("data", () => socket.write("+OK\r\n".repeat(50)))],
  ["answers numbers", (socket) => void socket.on("data", () => socket.write(":1\r\n:2\r\n"))],
  ["answers endless text", (socket) => void socket.on("data", () => socket.write("$999999999\r\nabc"))],
  ["is loading", (socket) => void socket.on("data", () => socket.write("-LOADING in memory\r\n".repeat(2)))],
] as [string, (socket: Socket) => void][]) {
  test(`a server that ${title} gives nothing, is left alone, told of and tried again`, async () => {
    let connections = 0;
    const port = await listen((socket) => {
      connections++;
      serve(socket);
    });
    const level = await Level.open(`redis://:p4ssword@127.0.0.1:${port}`);
    let waitedMs = 0;
    await until("it is left alone", async () => {
      level.store(key(1), "head");
      const begun = performance.now();
      const found = await level.find(key(1));
      waitedMs = Math.max(waitedMs, performance.now() - begun);
      assert.ok(["miss", "error", "skipped"].includes(found), found);
      return found === "skipped";
    });
    assert.ok(waitedMs < 4 * TIMEOUT_MS, `${waitedMs} ms`);
    assert.ok(level.counts.error! > 0 && level.logged.length >= 1 && level.logged.length <= 3, level.logged.join("\n"));
    const before = connections;
    await until("it is tried again", async () => {
      await level.find(key(1));
      return connections > before;
    });
    assert.ok(!level.logged.join().includes("p4ssword"));
  });
}

test("a server that repeats the password in its error does not get it into the log", async () => {
  const echo = "-ERR unknown command 'AUTH', with args beginning with: 'p4ssword'\r\n";
  const port = await listen((socket) => void socket.on("data", () => socket.write(echo)));
  const level = await Level.open(`redis://:p4ssword@127.0.0.1:${port}`);
  await until("it is told of", () => level.logged.length > 0);
  assert.match(level.logged[0]!, /beginning with: '\*\*\*'/);
});

test("where nobody listens a lookup costs nothing, and what is stored is dropped", async () => {
  const level = await Level.open(`redis://127.0.0.1:${await freePort()}`);
  await until("it is left alone", async () => (await level.find(key(1))) === "skipped");
  const begun = performance.now();
  for (let i = 0; i < 100; i++) assert.equal(await level.find(key(i)), "skipped");
  assert.ok(performance.now() - begun < 10 * TIMEOUT_MS, "a hundred timeouts take ten times as long");
  const before = level.counts.dropped ?? 0;
  level.store(key(1), "head");
  assert.equal(level.counts.dropped, before + 1);
  assert.equal(level.logged.length, 1);
});
