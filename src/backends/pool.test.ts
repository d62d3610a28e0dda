// The pool with real connections to a server in this process: who gets which connection, and how many are kept.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import v8 from "node:v8";
import vm from "node:vm";
import { Deadlines } from "../util/deadlines.ts";
import type { BackendConnection, BackendOwner } from "./backend-connection.ts";
import { type HostPool, type PoolOptions, Pools } from "./pool.ts";

const defaults: PoolOptions = {
  connectTimeoutMs: 5000,
  tlsTimeoutMs: 5000,
  keepAliveMs: 30_000,
  dualStack: true,
  idlePerHost: 64,
  idleTotal: Number.POSITIVE_INFINITY,
  closeIdlePeriodMs: Number.POSITIVE_INFINITY,
  keepAlive: true,
  verifyTls: true,
  clientCerts: [],
  tlsMinVersion: "TLSv1.2",
};

let server: Server;
let port: number;
/** Connections that the server has open. */
let open = 0;

before(async () => {
  server = createServer({ keepAliveTimeout: 0 }, (_request, response) => response.end("ok"));
  server.on("connection", (socket) => {
    open++;
    socket.on("close", () => open--);
  });
  server.listen(0);
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

async function until(what: string, condition: () => boolean): Promise<void> {
  for (const limit = Date.now() + 20_000; !condition(); await pause(5)) {
    if (Date.now() > limit) assert.fail(`waited for: ${what}`);
  }
}

/** Pools that are closed at the end of the test, with the hosts 127.0.0.1, 127.0.0.2 and so on, all of them the same server. */
function pools(options: Partial<PoolOptions> = {}): Pools & Disposable {
  const made = new Pools({ ...defaults, ...options }, new Deadlines());
  return Object.assign(made, { [Symbol.dispose]: () => made.close() });
}

/** Sends a request; the connection that it goes over, and when the response was complete. */
function exchange(host: HostPool): { connection: BackendConnection; done: Promise<void> } {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const owner: BackendOwner = {
    onBackendContinue() {},
    onBackendHead: () => true,
    onBackendData: () => true,
    onBackendEnd: resolve,
    onBackendFlush() {},
    onBackendFailed: (_failure, message) => reject(new Error(message)),
    onBackendDrain() {},
  };
  const connection = host.acquire(owner);
  connection.method = "GET";
  connection.write("GET / HTTP/1.1\r\nHost: backend.test\r\n\r\n");
  connection.requestSent = true;
  return { connection, done: promise };
}

/** So many requests at the same time, to the end. */
async function together(host: HostPool, count: number): Promise<BackendConnection[]> {
  const exchanges = Array.from({ length: count }, () => exchange(host));
  await Promise.all(exchanges.map(({ done }) => done));
  return exchanges.map(({ connection }) => connection);
}

test("the connection used last is used next", async () => {
  using all = pools();
  const host = all.host("http", "127.0.0.1", port);
  await together(host, 3);
  const [last] = await together(host, 1);
  const [next] = await together(host, 1);
  assert.equal(next, last);
  assert.equal(all.idleCount, 3);
});

test("idle connections are kept up to the limits of a host and of all", async () => {
  using all = pools({ idlePerHost: 2, idleTotal: 3 });
  const hosts = [1, 2, 3].map((n) => all.host("http", `127.0.0.${n}`, port));
  for (const host of hosts) await together(host, 5);
  assert.deepEqual(
    hosts.map((host) => host.idle.length),
    [2, 1, 0],
  );
  await until("the others are closed", () => open === 3);
});

test("without keep-alive none is kept", async () => {
  using all = pools({ keepAlive: false });
  await together(all.host("http", "127.0.0.1", port), 3);
  assert.equal(all.idleCount, 0);
  await until("all are closed", () => open === 0);
});

test("every period all idle connections are closed; those in use are not", async () => {
  using all = pools({ closeIdlePeriodMs: 50 });
  const host = all.host("http", "127.0.0.1", port);
  await together(host, 4);
  await until("all are closed", () => open === 0);
  assert.equal(all.idleCount, 0);
});

test("there is one pool for a host, also after its idle connections were closed", async () => {
  using all = pools();
  const host = all.host("http", "127.0.0.1", port);
  await together(host, 2);
  all.closeIdle();
  assert.equal(all.host("http", "127.0.0.1", port), host);
  assert.notEqual(all.host("https", "127.0.0.1", port), host);
  assert.notEqual(all.host("http", "127.0.0.1", port + 1), host);
});

test("a host that no route and no connection holds any more is not kept", async () => {
  v8.setFlagsFromString("--expose-gc");
  const collect = vm.runInNewContext("gc") as () => void;
  using all = pools();
  const idle = all.host("http", "127.0.0.1", port);
  await together(idle, 1);
  const [held, gone] = [new WeakRef(idle), new WeakRef(all.host("http", "gone.test", 80))];
  await until("the garbage collector took it", () => {
    collect();
    return gone.deref() === undefined;
  });
  assert.equal(held.deref()?.idle.length, 1);
});

test("a connection that the server closes is forgotten", async () => {
  using all = pools();
  const host = all.host("http", "127.0.0.1", port);
  await together(host, 2);
  server.closeIdleConnections();
  await until("none is left", () => all.idleCount === 0 && host.idle.length === 0);
});
