// The skipper command when Route Servers go and come: the cluster itself takes their place, the file of the last good table where that is
// down too, and traffic goes on with no failed request.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { freePort } from "../conformance/socket-reader.ts";
import { endpointsAt, ingress, service } from "../support/kubernetes-objects.ts";
import { type Backend, RunningProxy, startBackend, until } from "./running-proxy.ts";
import { ask as askPort, PLAIN, type RouteServerProcess, ServedCluster } from "./running-route-server.ts";
import { ask, sees, withoutFailure } from "./steady-traffic.ts";

let cluster: ServedCluster;
let backend: Backend;
let proxies: RunningProxy[] = [];
let supportPort = 0;
let folder = "";

beforeEach(async () => {
  cluster = await ServedCluster.open();
  backend = await startBackend((_request, response) => response.end("backend"));
  folder = mkdtempSync(join(tmpdir(), "routes-fallback-"));
});
afterEach(async () => {
  for (const proxy of proxies) await proxy.stop();
  proxies = [];
  await backend.close();
  await cluster.close();
  rmSync(folder, { recursive: true });
});

function putApps(...names: readonly string[]): void {
  const ports = [{ name: "main", port: 80, targetPort: backend.port }];
  cluster.api.put(service("web", 80, { ports }), endpointsAt("web", backend.port, ["127.0.0.1"]));
  for (const name of names) cluster.api.put(ingress(name, `${name}.test`, "web"));
}

/** Starts a Route Server, on the port of one that is gone when that is given. */
async function startServer(port?: number): Promise<RouteServerProcess> {
  const server = await cluster.start(...PLAIN, ...(port === undefined ? [] : [`-address=127.0.0.1:${port}`]));
  const listens = async () => (await askPort(port ?? server.port, "/health", {})).status === 204;
  await until("the table is there", listens);
  return server;
}

async function kill(...servers: readonly RouteServerProcess[]): Promise<void> {
  for (const server of servers) {
    await server.terminate("SIGKILL");
    cluster.servers.splice(cluster.servers.indexOf(server), 1);
  }
}

async function startProxy(urls: string, ...flags: readonly string[]): Promise<RunningProxy> {
  supportPort = await freePort();
  const proxy = await RunningProxy.start(
    "",
    `-routes-urls=${urls}`,
    "-source-poll-timeout=2000",
    "-routes-fallback-kubernetes",
    `-kubernetes-url=${cluster.api.url}`,
    ...PLAIN,
    "-routes-fallback-after=300ms",
    "-routes-fallback-fleet=1",
    `-support-listener=127.0.0.1:${supportPort}`,
    ...flags,
  );
  proxies.push(proxy);
  return proxy;
}

function isWritten(text: string): boolean {
  const file = join(folder, "routes");
  return existsSync(file) && readFileSync(file, "utf8").includes(text);
}

/** What the proxy that was started last says of its table. */
async function origin(): Promise<{ source: string; age: number; changed: string }> {
  const { headers } = await askPort(supportPort, "/routes", { method: "HEAD" });
  const [source, age, changed] = ["x-routes-source", "x-routes-age", "x-timestamp"].map((name) => headers[name]);
  return { source: String(source), age: Number(age), changed: String(changed) };
}

const comesFrom = (source: string) =>
  until(`the routes come from ${source}`, async () => (await origin()).source === source);

describe("a proxy whose Route Servers are gone", () => {
  test("reads the cluster until one is back, with no failed request", async () => {
    putApps("a");
    const servers = [await startServer(), await startServer()];
    const proxy = await startProxy(servers.map(({ url }) => `${url}/routes`).join("|"));
    await comesFrom("routes-url");
    await withoutFailure([proxy], "a.test", async () => {
      await kill(...servers);
      await comesFrom("kubernetes");
      putApps("b");
      await sees(proxy, "b.test", 200);
      await startServer(servers[0]!.port);
      await comesFrom("routes-url");
      await until("the cluster is left alone", () => cluster.api.watches("ingresses") === 1);
      putApps("c");
      await sees(proxy, "c.test", 200);
      assert.equal(await ask(proxy, "b.test"), 200);
    });
    await proxy.logs("routes come from the cluster, until a server of ");
    await proxy.logs(/routes come from http:\S+ again/);
  });

  test("starts from the cluster, and goes over to a server that comes", async () => {
    putApps("a");
    cluster.api.put(ingress("bad", "bad.test", "web", { "zalando.org/skipper-filter": "nope(" }));
    const port = await freePort();
    const proxy = await startProxy(`http://127.0.0.1:${port}/routes`);
    assert.equal(await ask(proxy, "a.test"), 200);
    // What is wrong with objects is logged, and told to their owners by the Route Servers alone.
    await proxy.logs(/ns=default.*bad|bad.*default/);
    const before = await origin();
    assert.equal(before.source, "kubernetes");
    await until("a second has gone by", () => Date.now() > (Number(before.changed) + 1) * 1000);
    assert.deepEqual(new Set(cluster.api.requests.map(({ method }) => method)), new Set(["GET"]));
    await withoutFailure([proxy], "a.test", async () => {
      await startServer(port);
      await comesFrom("routes-url");
    });
    // The routes are equal: the table is the one that it was.
    assert.equal((await origin()).changed, before.changed);
  });

  test("starts from its file when the API is down too, and follows whoever comes first", async () => {
    putApps("a");
    const server = await startServer();
    const cache = join(folder, "routes");
    const urls = `${server.url}/routes`;
    await startProxy(urls, `-routes-cache-file=${cache}`);
    await until("the file is written", () => isWritten("a[.]test"));
    await kill(server);
    await cluster.api.down();
    const proxy = await startProxy(urls, `-routes-cache-file=${cache}`);
    assert.equal(await ask(proxy, "a.test"), 200);
    const { source, age } = await origin();
    assert.equal(source, "cache-file");
    assert.ok(age < 60, String(age));
    await withoutFailure([proxy], "a.test", async () => {
      await until("the cluster is tried", () => proxy.log.includes("failed to load cluster state"));
      assert.equal((await origin()).source, "cache-file");
      await cluster.api.up();
      await comesFrom("kubernetes");
      putApps("b");
      await sees(proxy, "b.test", 200);
      const metrics = (await askPort(supportPort, "/metrics", {})).text;
      assert.match(metrics, /routes\.source_age/);
      await startServer(server.port);
      await comesFrom("routes-url");
      assert.equal(await ask(proxy, "b.test"), 200);
    });
  });

  test("leaves the routes of the cluster in its file, for a start while everything is down", async () => {
    putApps("a");
    const port = await freePort();
    const flags = [`-routes-cache-file=${join(folder, "routes")}`];
    await startProxy(`http://127.0.0.1:${port}/routes`, ...flags);
    await comesFrom("kubernetes");
    putApps("b");
    await until("the file is written", () => isWritten("a[.]test") && isWritten("b[.]test"));
    await cluster.api.down();
    const proxy = await startProxy(`http://127.0.0.1:${port}/routes`, ...flags);
    assert.equal((await origin()).source, "cache-file");
    for (const host of ["a.test", "b.test"]) assert.equal(await ask(proxy, host), 200);
    await withoutFailure([proxy], "a.test", async () => {
      await cluster.api.up();
      await startServer(port);
      await comesFrom("routes-url");
      await until("the file is written", () => isWritten(`"etag":"\\"`));
    });
  });

  test("waits as long as an API server under load says", async () => {
    putApps("a");
    const server = await startServer();
    const proxy = await startProxy(`${server.url}/routes`);
    let refused = 0;
    let askedAgain = Number.NaN;
    await withoutFailure([proxy], "a.test", async () => {
      await kill(server);
      let since = Number.NaN;
      cluster.api.fault = ({ verb, resource }) => {
        if (verb !== "list" || resource !== "services") return null;
        if (refused++ === 0) {
          since = Date.now();
          return { status: 429, headers: { "Retry-After": "2" } };
        }
        askedAgain = Date.now() - since;
        return null;
      };
      await comesFrom("kubernetes");
    });
    assert.ok(askedAgain >= 1900, `asked again after ${askedAgain} ms`);
  });

  test("does not start without any of them, and says why", async () => {
    await cluster.api.down();
    await assert.rejects(
      startProxy("http://127.0.0.1:1/routes"),
      /error while loading routes from url .*refused; fallback: failed to load cluster state: /,
    );
  });
});
