// The file of the last good table: what stands in it, when it takes the place of a first download, and that a start does not go back
// to an older table than it holds.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { until } from "../../test/e2e/running-proxy.ts";
import { RecordingHost } from "../../test/support/recording-host.ts";
import type { Logger } from "../observability/log.ts";
import { FakeServer, route, sha256 } from "./fake-route-server.fixture.ts";
import { PieceText } from "./piece-text.ts";
import { RoutesCache } from "./routes-cache.ts";
import { RoutesUrl } from "./routes-url.ts";

let servers: FakeServer[] = [];
let clients: RoutesUrl[] = [];
let host = new RecordingHost();
let folder = "";
const lines: string[] = [];
const line = (message: string): void => void lines.push(message);
const errors: string[] = [];
const error = (message: string): void => {
  errors.push(message);
  lines.push(message);
};
const log: Logger = { debug: line, info: line, warn: line, error };

beforeEach(() => {
  lines.length = 0;
  errors.length = 0;
  host = new RecordingHost();
  folder = mkdtempSync(join(tmpdir(), "routes-cache-"));
});
afterEach(async () => {
  for (const client of clients) client.stop();
  clients = [];
  for (const server of servers) await server.down();
  servers = [];
  rmSync(folder, { recursive: true });
});

const file = () => join(folder, "cache");
const has = (...ids: readonly string[]) => [...host.routes.keys()].sort().join() === ids.join();
const isLogged = (pattern: RegExp) => lines.some((text) => pattern.test(text));
const written = () => (existsSync(file()) ? readFileSync(file(), "utf8") : "");
const isWritten = (text: string) => until("the file is written", () => written().endsWith(`\n${text}`));

async function serve(text: string, versions = "ingresses=20", port?: number): Promise<FakeServer> {
  const server = new FakeServer();
  server.text = text;
  server.versions = versions;
  await server.up(port);
  servers.push(server);
  return server;
}

/** A client with the file, for a host without routes. */
async function start(url: string): Promise<RoutesUrl> {
  host = new RecordingHost();
  const options = { url, pollMs: 10, timeoutMs: 20_000, waitMs: 20_000, cacheFile: file(), credentials: null, env: {} };
  const client = new RoutesUrl({ ...options, log });
  clients.push(client);
  await client.start(host);
  return client;
}

/** What was written for a table of the source on this port: a file takes a second to be written. */
const known = new Map<string, string>();
let keptPort: number | undefined;

/** A source whose table is on disk. */
async function kept(text: string, versions = "ingresses=20"): Promise<FakeServer> {
  const server = await serve(text, versions, keptPort);
  keptPort = server.port;
  const key = `${versions} ${text}`;
  if (known.has(key)) writeFileSync(file(), known.get(key)!);
  else {
    const client = await start(server.url);
    await isWritten(text);
    client.stop();
    known.set(key, written());
  }
  lines.length = 0;
  return server;
}

describe("the cache file", () => {
  test("stands for a first download, and the next one goes on from it", async () => {
    const server = await kept(route("a"));
    const { port } = server;
    await server.down();
    await start(server.url);
    assert.ok(has("a"));
    assert.ok(isLogged(/; starting with the routes of \S+cache from 2/));
    server.text = `${route("a")}\n${route("b")}`;
    server.deltas.set(sha256(route("a")), route("b"));
    const { length } = server.requests;
    await server.up(port);
    await host.until(() => has("a", "b"));
    assert.equal(server.requests[length]!.headers["if-none-match"], `"${sha256(route("a"))}"`);
  });

  for (const [title, spoil, reason] of [
    ["was changed", (text: string) => text.replace("status(200)", "status(500)"), /its checksum is wrong/],
    ["was cut off", (text: string) => text.slice(0, -3), /its checksum is wrong/],
    ["is something else", () => "a: * -> <shunt>;", /it is no such file/],
  ] as const) {
    test(`that ${title} is not used`, async () => {
      const server = await kept(route("a"));
      writeFileSync(file(), spoil(written()));
      await server.down();
      await assert.rejects(start(server.url));
      assert.ok(isLogged(reason), lines.join("\n"));
    });
  }

  test("of another source is not used", async () => {
    await kept(route("a"));
    await assert.rejects(start("http://127.0.0.1:1/other"));
    assert.ok(isLogged(/cannot be used: it is of http/));
  });

  test("need not be there while a server answers", async () => {
    const server = await serve(route("b"));
    await start(server.url);
    assert.ok(has("b"));
    assert.deepEqual(errors, []);
  });

  test("stands for a server whose first text does not count", async () => {
    const server = await kept(route("a"));
    server.text = "a: * -> ";
    await start(server.url);
    assert.ok(has("a"));
    server.text = route("a");
    await until("it is the present one", () => clients.at(-1)!.age.source === "routes-url");
    assert.ok(has("a"));
  });

  test("is whole at every moment while another table takes its place", async () => {
    const long = (id: string) => Array.from({ length: 20_000 }, (_, i) => route(`${id}${i}`)).join("\n");
    const server = await kept(long("a"));
    const client = await start(server.url);
    client.keep(() => ({ text: textOf(long("b")), etag: "", versions: "ingresses=21" }));
    const reader = new RoutesCache(file(), server.url, log);
    const seen = new Set<string | undefined>();
    await until("there is another", async () => {
      seen.add((await reader.load())?.versions);
      return seen.has("ingresses=21");
    });
    assert.deepEqual([...seen], ["ingresses=20", "ingresses=21"]);
    assert.deepEqual(readdirSync(folder), ["cache"]);
  });

  test("that cannot be written is told", async () => {
    const server = await serve(route("a"));
    rmSync(folder, { recursive: true });
    await start(server.url);
    await until("it is told", () => errors.length > 0);
    assert.match(errors[0]!, /^routes cache file \S+ is not written: no such file or directory$/);
    mkdirSync(folder);
  });
});

describe("a start with a table on disk", () => {
  const NEW = `${route("a")}\n${route("new")}`;

  test("takes no older one from the only server there is, and follows it when it has caught up", async () => {
    const server = await kept(NEW, "ingresses=20, services=7");
    server.change(route("a"));
    server.versions = "ingresses=19, services=8";
    await start(server.url);
    assert.ok(has("a", "new"));
    assert.ok(isLogged(/^the table of \S+ is older than the one in force; starting with the routes of /));
    const { length } = server.requests;
    await until("it was asked again", () => server.requests.length > length + 2);
    assert.ok(has("a", "new"));
    assert.equal(clients.at(-1)!.age.source, "cache-file");
    server.versions = "ingresses=20, services=9";
    await until("it is followed", () => clients.at(-1)!.age.source === "routes-url");
    assert.ok(has("a"));
  });

  for (const [title, versions] of [
    ["as new", "ingresses=20"],
    ["newer", "services=21"],
    ["that does not say how new it is", ""],
  ] as const) {
    test(`takes one that is ${title}`, async () => {
      const server = await kept(NEW, "ingresses=20");
      server.change(route("b"));
      server.versions = versions;
      await start(server.url);
      assert.ok(has("b"));
      assert.deepEqual(host.failures, []);
    });
  }

  test("takes the newer one of two servers, whichever is asked first", async () => {
    const older = await serve(route("a"), "ingresses=10");
    const newer = await serve(NEW, "ingresses=20");
    const urls = `${older.url}|${newer.url}`;
    // As a proxy leaves it that has read from the newer one.
    const keeper = await start(urls);
    keeper.keep(() => ({ text: textOf(NEW), etag: "", versions: "ingresses=20" }));
    await until("the file is written", () => written().includes("ingresses=20"));
    keeper.stop();
    for (let i = 0; i < 8; i++) {
      const client = await start(urls);
      assert.ok(has("a", "new"), String(i));
      assert.deepEqual(host.failures, []);
      client.stop();
    }
  });

  test("takes an older one when that of the disk cannot be used after all", async () => {
    const server = await serve(route("a"), "ingresses=10");
    const keeper = await start(server.url);
    keeper.keep(() => ({ text: textOf("a: * -> "), etag: "", versions: "ingresses=20" }));
    await until("the file is written", () => written().includes("ingresses=20"));
    keeper.stop();
    await start(server.url);
    assert.ok(has("a"));
    assert.ok(errors.some((text) => /cannot be used: parse failed/.test(text)));
  });
});

describe("the table of another source", () => {
  test("is kept until a server gives one, or confirms the one that it gave", async () => {
    const server = await serve(route("a"));
    const client = await start(server.url);
    const text = `${route("a")}\n${route("k")}`;
    let asked = 0;
    // At first it cannot be had.
    client.keep(() => (++asked === 1 ? null : { text: textOf(text), etag: "", versions: "ingresses=19" }));
    await isWritten(text);
    assert.equal(asked, 2);
    assert.match(written(), /"etag":"","versions":"ingresses=19"/);
    client.stop();
    await server.down();
    await start(server.url);
    assert.ok(has("a", "k"));
    const { port } = server;
    await server.up(port);
    await host.until(() => has("a"));
    assert.equal(server.requests.at(-1)!.headers["if-none-match"], undefined);
    await isWritten(route("a"));
  });
});

const textOf = (text: string) => new PieceText([Buffer.from(text)]);
