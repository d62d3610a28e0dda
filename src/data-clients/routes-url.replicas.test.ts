// A remote source that is a Route Server: deltas, waiting, replicas, older tables.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { until } from "../../test/e2e/running-proxy.ts";
import { RecordingHost } from "../../test/support/recording-host.ts";
import type { Logger } from "../observability/log.ts";
import { FakeServer, route, sha256 } from "./fake-route-server.fixture.ts";
import { RoutesUrl, type RoutesUrlOptions, type ServerObserver } from "./routes-url.ts";
import { parseVersions, type TableVersions } from "./table-versions.ts";

let servers: FakeServer[] = [];
let client: RoutesUrl | null = null;
let host = new RecordingHost();
const lines: string[] = [];
const line = (message: string): void => void lines.push(message);
const log: Logger = { debug: line, info: line, warn: line, error: line };

beforeEach(() => {
  lines.length = 0;
  host = new RecordingHost();
});
afterEach(async () => {
  client?.stop();
  client = null;
  for (const server of servers) await server.down();
  servers = [];
});

async function serve(text: string, versions = ""): Promise<FakeServer> {
  const server = new FakeServer();
  server.text = text;
  server.versions = versions;
  await server.up();
  servers.push(server);
  return server;
}

/** Stands for another source that has seen so much of the cluster, and counts what it is told. */
class Observer implements ServerObserver {
  seen = "";
  answers = 0;
  readonly reasons: string[] = [];

  versions(): TableVersions {
    return parseVersions(this.seen);
  }

  answered(): void {
    this.answers++;
  }

  silent(reason: string): void {
    this.reasons.push(reason);
  }
}

async function start(url: string, more: Partial<RoutesUrlOptions> = {}): Promise<void> {
  client = make(url, more);
  await client.start(host);
}

function make(url: string, more: Partial<RoutesUrlOptions> = {}): RoutesUrl {
  return new RoutesUrl({
    url,
    pollMs: 10,
    timeoutMs: 20_000,
    waitMs: 20_000,
    cacheFile: "",
    credentials: null,
    env: {},
    log,
    ...more,
  });
}

const has = (...ids: readonly string[]) => [...host.routes.keys()].sort().join() === ids.join();

describe("deltas", () => {
  test("are asked for, come while the client waits, and change only what they name", async () => {
    const server = await serve(`${route("a")}\n${route("b")}`);
    await start(server.url);
    await until("it waits", () => server.requests.length === 2);
    const { "a-im": manipulation, prefer, "if-none-match": tag } = server.requests[1]!.headers;
    assert.deepEqual([manipulation, prefer, tag], ["eskip-delta, gzip", "wait=20", `"${sha256(server.text)}"`]);
    server.change(`${route("a", 201)}\n${route("c")}`, `-b\n${route("a", 201)}\n${route("c")}`);
    await host.until(() => has("a", "c"));
    assert.deepEqual(host.transactions.at(-1), { initial: false, upserts: ["a", "c"], deletes: ["b"] });
    await until("it waits again", () => server.requests.length === 3);
    assert.equal(server.requests[2]!.headers["if-none-match"], `"${sha256(server.text)}"`);
  });

  for (const [title, spoil] of [
    ["that was changed on its way", (delta: string) => delta.replace("status(200)", "status(500)")],
    ["that is cut off", (delta: string) => delta.slice(0, -20)],
    ["without content", () => ""],
    ["that is no delta", () => "<html>"],
  ] as const) {
    test(`one ${title} is not used: the whole text comes`, async () => {
      const server = await serve(route("a"));
      server.spoil = spoil;
      await start(server.url);
      await until("it waits", () => server.requests.length === 2);
      server.change(`${route("a")}\n${route("b")}`, route("b"));
      await host.until(() => has("a", "b"));
      assert.equal(host.routes.get("b")!.filters[0]!.args[0], 200);
      assert.equal(server.requests[2]!.headers["a-im"], undefined);
      assert.ok(lines.some((text) => text.includes("does not give the text that it names, loading all of it")));
      assert.deepEqual(host.failures, []);
    });
  }

  test("are not waited for where that is switched off: the server is polled", async () => {
    const server = await serve(route("a"));
    await start(server.url, { waitMs: 0 });
    await until("it polls", () => server.requests.length > 3);
    assert.equal(server.requests[2]!.headers.prefer, undefined);
    server.change(`${route("a")}\n${route("b")}`, route("b"));
    await host.until(() => has("a", "b"));
  });
});

describe("replicas", () => {
  test("take over from each other, at the start and later, without a failure", async () => {
    const [a, b] = [await serve(route("a")), await serve(route("a"))];
    await a.down();
    await start(`http://127.0.0.1:1/routes|${b.url}`);
    assert.ok(has("a"));
    await until("it waits", () => b.requests.length === 2);
    client!.stop();
    const c = await serve(route("a"));
    host = new RecordingHost();
    await start(`${b.url}|${c.url}`);
    const used = () => (b.requests.length > 2 ? b : c);
    await until("it waits", () => used().requests.at(-1)?.headers.prefer !== undefined);
    const [first, second] = used() === b ? [b, c] : [c, b];
    const before = second.requests.length;
    await first.down();
    await until("the other is asked", () => second.requests.length > before);
    await until("it is told", () => lines.some((text) => text.endsWith(`; going on with ${second.url}`)));
    second.change(`${route("a")}\n${route("b")}`);
    await host.until(() => has("a", "b"));
    assert.deepEqual(host.failures, []);
  });

  test("that have seen less of the cluster than the table in force are passed over", async () => {
    const a = await serve(`${route("a")}\n${route("new")}`, "ingresses=20, services=7");
    const b = await serve(route("a"), "ingresses=19, services=8");
    const { port } = b;
    await b.down();
    await start(`${a.url}|${b.url}`);
    await b.up(port);
    await a.down();
    await host.until(() => host.failures.some(({ reason }) => reason.includes("refused")));
    await until("the older table was seen", () => b.requests.length > 2);
    assert.ok(has("a", "new"));
    b.versions = "ingresses=20, services=8";
    b.change(`${route("a")}\n${route("newer")}`);
    await host.until(() => has("a", "newer"));
  });

  test("nobody answers: the start fails with what is wrong with each", async () => {
    const bad = await serve("a: * -> ");
    const urls = ["http://127.0.0.1:1/a", bad.url, "ftp://127.0.0.1/c"];
    const wrong = ["connection refused", "parse failed", 'unsupported protocol scheme "ftp"'];
    const observer = new Observer();
    client = make(urls.join("|"));
    client.observe(observer);
    await client.start(host);
    const [reason] = observer.reasons;
    for (const [i, url] of urls.entries()) assert.match(reason!, new RegExp(`${url}: [^;]*${wrong[i]}`));
    await assert.rejects(
      make("http://127.0.0.1:1/a|http://127.0.0.1:1/b").start(host),
      /^Error: error while loading routes from url http:\/\/127\.0\.0\.1:1\/a\|http:\/\/127\.0\.0\.1:1\/b: http:\S+: connection refused; http:\S+: connection refused$/,
    );
  });

  test("whose text does not count do not make a table of others too old", async () => {
    const a = await serve("a: * -> ", "ingresses=30");
    const b = await serve(route("b"), "ingresses=20");
    await start(`${a.url}|${b.url}`);
    await host.until(() => has("b"));
  });
});

describe("a source with another one behind it", () => {
  async function observe(url: string): Promise<Observer> {
    const observer = new Observer();
    client = make(url, { waitMs: 0 });
    client.observe(observer);
    await client.start(host);
    return observer;
  }

  test("tells when servers answer and when none does, and starts without them", async () => {
    const server = await serve(route("a"));
    const { port } = server;
    await server.down();
    const observer = await observe(server.url);
    assert.match(observer.reasons[0]!, /refused/);
    assert.equal(client!.age.source, "none");
    await server.up(port);
    await until("it is told", () => observer.answers > 0);
    assert.ok(has("a"));
    assert.equal(client!.age.source, "routes-url");
    await server.down();
    const { answers, reasons } = observer;
    const before = reasons.length;
    await until("it is told", () => reasons.length > before + 2);
    assert.equal(observer.answers, answers);
  });

  test("refuses what is older than the table of the other one, also a table of its own that did not change", async () => {
    const server = await serve(route("a"), "ingresses=20");
    const observer = await observe(server.url);
    observer.seen = "ingresses=30, services=9";
    await until("it is told", () => observer.reasons.length > 2);
    assert.match(observer.reasons[0]!, /is older than the one in force$/);
    assert.equal(server.requests.at(-1)!.headers["if-none-match"], `"${sha256(server.text)}"`);
    server.versions = "ingresses=29";
    server.change(`${route("a")}\n${route("b")}`);
    const { length } = server.requests;
    await until("it was asked", () => server.requests.length > length + 2);
    assert.ok(has("a"));
    const { answers } = observer;
    server.versions = "ingresses=30";
    await until("it is told", () => observer.answers > answers);
    assert.ok(has("a", "b"));
  });

  test("that had its table confirmed in place of that one takes no older one from another replica", async () => {
    const [a, b] = [await serve(route("a"), "ingresses=20"), await serve(route("b"), "ingresses=25")];
    const { port } = b;
    await b.down();
    const observer = await observe(`${a.url}|${b.url}`);
    observer.seen = "ingresses=30";
    a.versions = "ingresses=31";
    const { answers } = observer;
    await until("it is told", () => observer.answers > answers);
    observer.seen = "";
    await b.up(port);
    await a.down();
    const { length } = b.requests;
    await until("the other was asked", () => b.requests.length > length + 1);
    assert.ok(has("a"));
  });

  test("hands its whole table over again", async () => {
    const server = await serve(`${route("a")}\n${route("b")}`);
    await observe(server.url);
    host = new RecordingHost();
    client!.deliver(host);
    assert.ok(has("a", "b"));
    assert.deepEqual(host.transactions, [{ initial: true, upserts: ["a", "b"], deletes: [] }]);
  });

  test("knows the size of the fleet from what one of its replicas sees", async () => {
    const [a, b] = [await serve(route("a")), await serve(route("a"))];
    for (const server of [a, b]) server.clients = "150";
    await observe(`${a.url}|${b.url}`);
    assert.equal(client!.fleet, 300);
    for (const server of [a, b]) server.clients = "many";
    const { length } = [...a.requests, ...b.requests];
    await until("it was asked", () => a.requests.length + b.requests.length > length + 2);
    assert.equal(client!.fleet, 300);
    // Servers that have just started.
    for (const server of [a, b]) server.clients = "1";
    const before = a.requests.length + b.requests.length;
    await until("it counts by and by", () => client!.fleet <= 5);
    assert.ok(a.requests.length + b.requests.length > before + 10);
    for (const server of [a, b]) server.clients = "50";
    await until("a greater one counts at once", () => client!.fleet === 100);
  });
});
