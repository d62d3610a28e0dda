// Proxies behind Route Servers while one thing after the other breaks. In all of it requests go on without a failure, and a new proxy
// starts, from another replica or from its file.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { endpointsAt, ingress, service } from "../support/kubernetes-objects.ts";
import { ApiServerProcess } from "./api-server-process.ts";
import { FaultyServer } from "./faulty-server.ts";
import { type Backend, RunningProxy, startBackend, until } from "./running-proxy.ts";
import { ask as askServer, PLAIN, type RouteServerProcess, ServedCluster } from "./running-route-server.ts";
import { ask, sees, withoutFailure } from "./steady-traffic.ts";

let cluster: ServedCluster<ApiServerProcess>;
let backend: Backend;
let folder: string;
let proxies: RunningProxy[] = [];

async function open(): Promise<void> {
  cluster = new ServedCluster(await ApiServerProcess.start());
  backend = await startBackend((_request, response) => response.end("backend"));
  folder = mkdtempSync(join(tmpdir(), "route-server-faults-"));
}

async function close(): Promise<void> {
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  proxies = [];
  await backend.close();
  await cluster.close();
  rmSync(folder, { recursive: true });
}

const cacheFile = (): string => join(folder, "routes");

function putApps(...names: readonly string[]): void {
  const ports = [{ name: "main", port: 80, targetPort: backend.port }];
  cluster.api.put(service("web", 80, { ports }), endpointsAt("web", backend.port, ["127.0.0.1"]));
  for (const name of names) cluster.api.put(ingress(name, `${name}.test`, "web"));
}

async function startServer(...flags: readonly string[]): Promise<RouteServerProcess> {
  const server = await cluster.start(...PLAIN, ...flags);
  await until("the table is there", async () => (await server.ask("/health")).status === 204);
  return server;
}

async function kill(server: RouteServerProcess): Promise<void> {
  await server.terminate("SIGKILL");
  cluster.servers.splice(cluster.servers.indexOf(server), 1);
}

const replicas = (...servers: readonly { readonly url: string }[]) =>
  servers.map(({ url }) => `${url}/routes`).join("|");

const withFile = (): string[] => [`-routes-cache-file=${cacheFile()}`];
/** A fleet of one falls back soon. */
const withFallback = (): string[] => [
  "-routes-fallback-kubernetes",
  `-kubernetes-url=${cluster.api.url}`,
  ...PLAIN,
  "-routes-fallback-after=300ms",
  "-routes-fallback-fleet=1",
];

function startProxy(urls: string, flags: readonly string[]): Promise<RunningProxy> {
  return RunningProxy.start("", `-routes-urls=${urls}`, "-workers=1", "-source-poll-timeout=2000", ...flags);
}

/** One that runs until the end. */
async function startLasting(urls: string, flags = withFile()): Promise<RunningProxy> {
  const proxy = await startProxy(urls, flags);
  proxies.push(proxy);
  return proxy;
}

/** A proxy that starts now serves these hosts; what it logged. */
async function newProxyServes(urls: string, hosts: readonly string[], flags = withFile()): Promise<string> {
  const proxy = await startProxy(urls, flags);
  try {
    for (const host of hosts) assert.equal(await ask(proxy, host), 200, `${host}: ${proxy.log}`);
    return proxy.log;
  } finally {
    await proxy.stop();
  }
}

const isCached = (host: string): Promise<void> =>
  until("the file is written", () => existsSync(cacheFile()) && readFileSync(cacheFile(), "latin1").includes(host));

describe("kill -9, in every order", () => {
  type Victim = "first" | "second" | "API server";
  const orders: readonly (readonly Victim[])[] = [
    ["first", "second", "API server"],
    ["first", "API server", "second"],
    ["second", "first", "API server"],
    ["second", "API server", "first"],
    ["API server", "first", "second"],
    ["API server", "second", "first"],
  ];
  let servers: Record<"first" | "second", RouteServerProcess>;
  /** Both keep to the Route Servers while one is there; the second one reads the cluster when there is none. */
  let lasting: RunningProxy;
  let falling: RunningProxy;
  let urls: string;

  before(async () => {
    await open();
    putApps("a");
    const [first, second] = await Promise.all([startServer(), startServer()]);
    servers = { first: first!, second: second! };
    urls = replicas(first!, second!);
    [lasting, falling] = await Promise.all([startLasting(urls), startLasting(urls, withFallback())]);
    await isCached("a[.]test");
  });
  after(close);

  /** What a proxy that starts now makes of what is left. */
  async function newProxiesStart(hasServers: boolean, hasApi: boolean): Promise<void> {
    const isAlone = !hasServers && !hasApi;
    const [fromFile, fallen] = await Promise.all([
      newProxyServes(urls, ["a.test"]),
      newProxyServes(urls, ["a.test"], isAlone ? [...withFallback(), ...withFile()] : withFallback()),
    ]);
    assert.equal(/starting with the routes of /.test(fromFile), !hasServers, fromFile);
    assert.equal(/starting with the routes of /.test(fallen), isAlone, fallen);
    assert.equal(/routes come from the cluster, until /.test(fallen), !hasServers && hasApi, fallen);
  }

  for (const [round, order] of orders.entries()) {
    test(`${order.join(", then ")}, and all of them back`, () =>
      withoutFailure([lasting, falling], "a.test", async () => {
        let hasApi = true;
        for (const [i, victim] of order.entries()) {
          if (victim === "API server") {
            hasApi = false;
            await cluster.api.down();
          } else await kill(servers[victim]);
          const hasServers = cluster.servers.length > 0;
          await newProxiesStart(hasServers, hasApi);
          if (!hasApi) continue;
          putApps(`seen${round}-${i}`);
          await sees(falling, `seen${round}-${i}.test`, 200);
          if (hasServers) await sees(lasting, `seen${round}-${i}.test`, 200);
        }
        putApps(`after${round}`);
        await cluster.api.up();
        const back = async (which: "first" | "second"): Promise<void> => {
          servers[which] = await startServer(`-address=127.0.0.1:${servers[which].port}`);
        };
        await Promise.all([back("first"), back("second")]);
        for (const proxy of [lasting, falling]) await sees(proxy, `after${round}.test`, 200);
      }));
  }
});

describe("answers of a Route Server that are", () => {
  let server: RouteServerProcess;
  let faulty: FaultyServer;
  let proxy: RunningProxy;

  beforeEach(async () => {
    await open();
    putApps("a", ...Array.from({ length: 30 }, (_, i) => `n${i}`));
    server = await startServer();
    faulty = await FaultyServer.start(server.url);
    proxy = await startLasting(`${faulty.url}/routes`);
  });
  afterEach(async () => {
    await close();
    await faulty.close();
  });

  test("cut off change nothing, and a new proxy starts from another replica or from its file", async () => {
    await isCached("a[.]test");
    await withoutFailure([proxy], "a.test", async () => {
      faulty.spoil = (answer) => (answer.body.length > 0 ? "cut" : answer);
      putApps("b");
      await until("the failure is told", () => proxy.log.includes("LoadAll from remote URL failed"));
      assert.equal(await ask(proxy, "b.test"), 404);
      await newProxyServes(replicas(faulty, server), ["a.test", "b.test"]);
      faulty.spoil = (answer) => answer;
      await sees(proxy, "b.test", 200);
    });
  });

  test("cut off at all replicas leave a new proxy with its file", async () => {
    await isCached("a[.]test");
    faulty.spoil = () => "cut";
    await withoutFailure([proxy], "a.test", async () => {
      assert.match(await newProxyServes(`${faulty.url}/routes`, ["a.test"]), /starting with the routes of /);
    });
  });

  test("corrupted deltas are not taken, and all of the table is", async () => {
    await withoutFailure([proxy], "a.test", async () => {
      faulty.spoil = (answer) => {
        if (answer.status !== 226) return answer;
        // Another route than the hash is of, as plain text.
        const headers = { ...answer.headers, im: "eskip-delta" };
        return { ...answer, headers, body: Buffer.from("a: * -> status(500) -> <shunt>;") };
      };
      putApps("b");
      await sees(proxy, "b.test", 200);
      assert.ok(faulty.spoilt > 0);
      await proxy.logs(/a delta of \S+ does not give the text that it names, loading all of it/);
      await newProxyServes(`${faulty.url}/routes`, ["a.test", "b.test"]);
      // Bytes that cannot be unpacked.
      faulty.spoil = (answer) =>
        answer.status === 226 ? { ...answer, body: Buffer.alloc(answer.body.length, 0xff) } : answer;
      putApps("c");
      await sees(proxy, "c.test", 200);
      await newProxyServes(`${faulty.url}/routes`, ["a.test", "b.test", "c.test"]);
    });
  });
});

describe("a server that comes back with an older table", () => {
  let faulty: FaultyServer | null = null;
  before(open);
  after(async () => {
    await close();
    await faulty?.close();
  });

  test("is not followed", async () => {
    putApps("a");
    const [first, second] = await Promise.all([startServer(), startServer()]);
    faulty = await FaultyServer.start(second!.url);
    const urls = replicas(first!, faulty);
    // The table of now, as whoever asks for deltas gets it.
    const old = await askServer(second!.port, "/routes", { headers: { "A-IM": "eskip-delta, gzip" } });
    const proxy = await startLasting(urls);
    putApps("b");
    await sees(proxy, "b.test", 200);
    await isCached("b[.]test");
    await withoutFailure([proxy], "b.test", async () => {
      faulty!.spoil = () => old;
      await kill(first!);
      // Whichever it waits at: it is told of something.
      putApps("c");
      await until("it was asked more than once", () => faulty!.spoilt > 1);
      assert.equal(await ask(proxy, "c.test"), 404);
      // One that was there before goes on from its file, which is newer. For a new one it is all that there is.
      assert.match(
        await newProxyServes(urls, ["a.test", "b.test"]),
        /is older than the one in force.*; starting with /,
      );
      assert.doesNotMatch(await newProxyServes(urls, ["a.test"], []), /is older/);
      faulty!.spoil = (answer) => answer;
      await sees(proxy, "c.test", 200);
      await newProxyServes(urls, ["a.test", "b.test", "c.test"]);
    });
  });
});

describe("300 clients at a cold start", () => {
  before(open);
  after(close);

  test("all get the table, and so does a proxy among them", async () => {
    putApps("a", ...Array.from({ length: 2000 }, (_, i) => `n${i}`));
    const first = await startServer();
    const { port } = first;
    const proxy = await startLasting(replicas(first));
    await withoutFailure([proxy], "a.test", async () => {
      await kill(first);
      const tags = new Set<unknown>();
      const hasTable = async (): Promise<boolean> => {
        const answer = await askServer(port, "/routes", { headers: { "accept-encoding": "gzip" } }).catch(() => null);
        if (answer?.status !== 200) return false;
        tags.add(answer.headers.etag);
        return true;
      };
      const clients = Promise.all(Array.from({ length: 300 }, () => until("there is a table", hasTable)));
      const [server] = await Promise.all([startServer(`-address=127.0.0.1:${port}`), clients]);
      await newProxyServes(replicas(server), ["a.test", "n1999.test"]);
      assert.equal(tags.size, 1);
    });
  });
});
