// The skipper command that reads its routes from routesrv commands: changes that arrive by themselves, replicas that die, a start while
// everything else is down. Traffic goes on with no failed request.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { makeCertificate } from "../support/certificates.ts";
import { KubernetesApi } from "../support/kubernetes-api.ts";
import { endpointsAt, ingress, service } from "../support/kubernetes-objects.ts";
import { type Backend, RunningProxy, startBackend, until } from "./running-proxy.ts";
import { PLAIN, type RouteServerProcess, ServedCluster } from "./running-route-server.ts";
import { ask, sees, withoutFailure } from "./steady-traffic.ts";

let cluster: ServedCluster;
let backend: Backend;
let proxies: RunningProxy[] = [];

beforeEach(async () => {
  cluster = await ServedCluster.open();
  backend = await startBackend((_request, response) => response.end("backend"));
});
afterEach(async () => {
  for (const proxy of proxies) await proxy.stop();
  proxies = [];
  await backend.close();
  await cluster.close();
});

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

/** A proxy that would poll too seldom to see anything in time. */
async function startProxy(urls: string, ...flags: readonly string[]): Promise<RunningProxy> {
  const proxy = await RunningProxy.start("", `-routes-urls=${urls}`, "-source-poll-timeout=10000", ...flags);
  proxies.push(proxy);
  return proxy;
}

describe("a proxy behind a Route Server", () => {
  test("sees a change without a poll, as a delta", async () => {
    putApps("a", ...Array.from({ length: 50 }, (_, i) => `n${i}`));
    const server = await startServer();
    const proxy = await startProxy(`${server.url}/routes`);
    assert.equal(await ask(proxy, "a.test"), 200);
    assert.equal(await ask(proxy, "b.test"), 404);
    putApps("b");
    await sees(proxy, "b.test", 200);
    cluster.api.store.delete("Ingress", "default", "b");
    await sees(proxy, "b.test", 404);
    const metrics = await server.metrics();
    assert.ok(metrics.get('routesrv_custom_total{key="226"}')! >= 2);
    assert.equal(metrics.get('routesrv_custom_total{key="200"}'), 1);
  });

  test("goes over to another replica when one is killed, with no failed request, and back", async () => {
    putApps("a");
    const servers = [await startServer(), await startServer()];
    const proxy = await startProxy(servers.map(({ url }) => `${url}/routes`).join("|"), "-source-poll-timeout=3000");
    await withoutFailure([proxy], "a.test", async () => {
      // Whichever is used: killing one after the other, with a new one in between, meets it.
      await servers[0]!.terminate("SIGKILL");
      putApps("b");
      await sees(proxy, "b.test", 200);
      cluster.servers.splice(cluster.servers.indexOf(servers[0]!), 1);
      const again = await cluster.start(...PLAIN, `-address=127.0.0.1:${servers[0]!.port}`);
      await until("the table is there", async () => (await servers[0]!.ask("/health")).status === 204);
      await servers[1]!.terminate("SIGKILL");
      cluster.servers.splice(cluster.servers.indexOf(servers[1]!), 1);
      putApps("c");
      await sees(proxy, "c.test", 200);
      // All of them: the routes stay.
      await again.terminate("SIGKILL");
      cluster.servers.splice(cluster.servers.indexOf(again), 1);
      await until("the failure is told", () => proxy.log.includes("LoadAll from remote URL failed"));
      for (const host of ["a.test", "b.test", "c.test"]) assert.equal(await ask(proxy, host), 200);
    });
  });

  test("starts from its file while everything else is down", async () => {
    putApps("a");
    const folder = mkdtempSync(join(tmpdir(), "routes-cache-"));
    try {
      const cache = join(folder, "routes");
      const server = await startServer();
      const flags = [`-routes-cache-file=${cache}`, "-source-poll-timeout=3000"];
      await startProxy(`${server.url}/routes`, ...flags);
      const written = () => {
        try {
          return readFileSync(cache, "utf8").includes("a[.]test");
        } catch {
          return false;
        }
      };
      await until("the file is written", written);
      await server.terminate("SIGKILL");
      cluster.servers.length = 0;
      await cluster.api.down();
      const proxy = await startProxy(`${server.url}/routes`, ...flags);
      assert.equal(await ask(proxy, "a.test"), 200);
      await proxy.logs("starting with the routes of ");
      await cluster.api.up();
      putApps("b");
      await cluster.start(...PLAIN, `-address=127.0.0.1:${server.port}`);
      await sees(proxy, "b.test", 200);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("serves the certificates of the cluster, with no other rights than theirs", async () => {
    putApps("a");
    const server = await startServer();
    const { cert, key } = makeCertificate("2024-01-01", "a.test");
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const api = await KubernetesApi.start();
    try {
      const plain = ingress("a", "a.test", "web");
      const tls = [{ hosts: ["a.test"], secretName: "cert" }];
      api.put(
        { ...plain, spec: { ...(plain.spec as object), tls } },
        {
          kind: "Secret",
          metadata: { namespace: "default", name: "cert" },
          type: "kubernetes.io/tls",
          data: { "tls.crt": base64(cert), "tls.key": base64(key) },
        },
      );
      for (const resource of ["services", "endpoints", "endpointslices"]) {
        api.forbidden.add(`list ${resource}`).add(`watch ${resource}`);
      }
      api.forbidden.add("create events").add("patch routegroups");
      const proxy = await startProxy(`${server.url}/routes`, "-kubernetes-enable-tls", `-kubernetes-url=${api.url}`);
      const status = () =>
        new Promise<number>((resolve) => {
          const options = {
            port: proxy.port,
            servername: "a.test",
            headers: { host: "a.test" },
            ca: cert,
            agent: false,
          };
          https
            .get(options, (response) => {
              response.resume();
              resolve(response.statusCode!);
            })
            .on("error", () => resolve(0));
        });
      await until("it is served with the certificate", async () => (await status()) === 200);
      const read = new Set(api.requests.filter(({ verb }) => verb !== "discovery").map(({ resource }) => resource));
      assert.deepEqual([...read].sort(), ["ingresses", "routegroups", "secrets"]);
    } finally {
      await api.down();
    }
  });
});
