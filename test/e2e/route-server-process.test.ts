// The routesrv command beside its text: tables of zones, what is done to routes before they are served, shards, logs, metrics, start and
// end (spec routesrv 3 to 10).

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, test } from "node:test";
import { endpoints, ingress, routeGroup, service } from "../support/kubernetes-objects.ts";
import type { StoredObject } from "../support/kubernetes-store.ts";
import { until } from "./running-proxy.ts";
import { type Answer, PLAIN, RouteServerProcess, ServedCluster } from "./running-route-server.ts";

let cluster: ServedCluster;
beforeEach(async () => {
  cluster = await ServedCluster.open();
});
afterEach(() => cluster.close());

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

describe("tables of zones", () => {
  const slice = (...zones: readonly string[]): StoredObject => ({
    kind: "EndpointSlice",
    metadata: { namespace: "default", name: "web", labels: { "kubernetes.io/service-name": "web" } },
    endpoints: zones.map((zone, i) => ({ addresses: [`10.0.0.${i + 1}`], zone, conditions: { ready: true } })),
    ports: [{ name: "main", port: 8080, protocol: "TCP" }],
  });

  test("hold the endpoints of the zone where there are three of them, and are the full table for unknown zones", async () => {
    cluster.api.put(ingress("a", "a.test", "web"), service("web"), slice("z-1", "z-1", "z-1", "z-2", "z-2"));
    await cluster.start(...PLAIN, "-enable-kubernetes-endpointslices");
    await cluster.server.shows("10.0.0.5");
    const addresses = ({ text }: Answer) => [...text.matchAll(/10\.0\.0\.(\d)/g)].map(([, last]) => last).join("");
    const full = await cluster.server.ask("/routes");
    assert.match(full.text, /"http:\/\/10\.0\.0\.1:8080\?zone=z-1"/);
    const [near, few, unknown] = await Promise.all(
      ["z-1", "z-2", "z-9"].map((zone) => cluster.server.ask(`/routes/${zone}`)),
    );
    assert.deepEqual([full, near!, few!, unknown!].map(addresses), ["12345", "123", "12345", "12345"]);
    assert.equal(near!.headers.etag, `"${sha256(near!.body)}"`);
    assert.equal(near!.headers["x-count"], full.headers["x-count"]);
    for (const name of ["etag", "last-modified", "x-count"]) assert.equal(unknown!.headers[name], full.headers[name]);
    // One endpoint of the other zone goes: the table of the first zone stays what it was.
    cluster.api.put(slice("z-1", "z-1", "z-1", "z-2"));
    await until("the full table is another", async () => addresses(await cluster.server.ask("/routes")) === "1234");
    assert.equal((await cluster.server.ask("/routes/z-1")).headers.etag, near!.headers.etag);
  });

  test("change with their zone alone: whoever waits for one hears of nothing else", async () => {
    const three = (zone: string) => [zone, zone, zone];
    cluster.api.put(ingress("a", "a.test", "web"), service("web"), slice(...three("z-1"), ...three("z-2")));
    await cluster.start(...PLAIN, "-enable-kubernetes-endpointslices");
    await cluster.server.shows("10.0.0.6");
    const paths = ["/routes", "/routes/z-1", "/routes/z-2"];
    const tags = new Map<string, string>();
    for (const path of paths) tags.set(path, (await cluster.server.ask(path)).headers.etag!);
    const answered = new Map<string, number>();
    const waiting = paths.map(async (path) => {
      const headers = { "If-None-Match": tags.get(path)!, Prefer: "wait=100" };
      answered.set(path, (await cluster.server.ask(path, { headers })).status);
    });
    const count = async () => (await cluster.server.metrics()).get('routesrv_custom_gauges{key="clients.waiting"}');
    await until("all wait", async () => (await count()) === 3);
    cluster.api.put(slice(...three("z-1"), ...three("z-2"), "z-2"));
    await Promise.all([waiting[0], waiting[2]]);
    assert.deepEqual([...answered].sort(), [
      ["/routes", 200],
      ["/routes/z-2", 200],
    ]);
    assert.equal(await count(), 1);
    assert.equal((await cluster.server.ask("/routes/z-1")).headers.etag, tags.get("/routes/z-1"));
    // The other zone's turn.
    cluster.api.put(slice("z-1", ...three("z-1"), ...three("z-2")));
    await waiting[1];
    assert.equal(answered.get("/routes/z-1"), 200);
  });
});

describe("what is served", () => {
  test("edits, clones, default filters and the grant callback in their order", async () => {
    await cluster.startOn(
      ["a"],
      '-default-filters-prepend=setPath("/p")',
      "-default-filters-append=status(200)",
      "-edit-route=#/p#/q#",
      "-clone-route=/Host/HostAny/",
      "-enable-oauth2-grant-flow",
    );
    const { text } = await cluster.server.ask("/routes");
    assert.match(
      text,
      /^__oauth2_grant_callback: Path\("\/\.well-known\/oauth2-callback"\) -> grantCallback\(\) -> <shunt>;$/m,
    );
    const routes = text.split("\n").filter((line) => !line.startsWith("__"));
    for (const line of routes) assert.match(line, /-> setPath\("\/q"\) -> .*status\(200\) -> [^ ]+;$/);
    assert.match(text, /^clone_kube_default__a__a_test_____web: .*HostAny\(/m);
    assert.match(text, /^kube_default__a__a_test_____web: .*Host\(/m);
  });

  test("without routes that no proxy could use, each reported once until it is mended", async () => {
    await cluster.startOn(["a"]);
    const invalid = (filter: string) => ({ "zalando.org/skipper-filter": filter });
    cluster.api.put(ingress("bad", "bad.test", "web", invalid("nope()")), ingress("b", "b.test", "web"));
    await cluster.server.shows("kube_default__b_");
    const { text } = await cluster.server.ask("/routes");
    assert.doesNotMatch(text, /nope/);
    const told = () => [
      ...cluster.server.log.matchAll(/failed to process route kube_default__bad__bad_test_____web: unknown_filter/g),
    ];
    await until("it is told", () => told().length > 0);
    assert.equal(told().length, 1, cluster.server.log);
    const key = 'routesrv_route_invalid{route_id="kube_default__bad__bad_test_____web",reason="unknown_filter"}';
    assert.equal((await cluster.server.metrics()).get(key), 1);
    cluster.api.put(endpoints("web", "10.0.0.1", "10.0.0.2"));
    await cluster.server.shows("10.0.0.2");
    assert.equal(told().length, 1);
    cluster.api.put(ingress("bad", "bad.test", "web", invalid("status(201)")));
    await cluster.server.shows("kube_default__bad__bad_test_____web: ");
    assert.equal((await cluster.server.metrics()).get(key), 0);
  });

  test("with all routes where proxies know other filters", async () => {
    cluster.api.put(
      ingress("a", "a.test", "web", { "zalando.org/skipper-filter": "nope()" }),
      service("web"),
      endpoints("web", "10.0.0.1"),
    );
    await cluster.start("-route-server-validation=false");
    await cluster.server.shows("-> nope() ->");
  });

  test("RouteGroups, health check and redirect routes, no certificates", async () => {
    cluster.api.put(routeGroup("rg", ["web.test"]), service("web"), endpoints("web", "10.0.0.1"));
    await cluster.start("-kubernetes-enable-tls");
    await cluster.server.shows("kube_rg__default__rg");
    const { text } = await cluster.server.ask("/routes");
    for (const id of ["kube__healthz_up", "kube__healthz_down", "kube__redirect"])
      assert.match(text, new RegExp(`^${id}: `, "m"));
    assert.ok(!cluster.api.requests.some(({ resource }) => resource === "secrets"));
  });
});

describe("shards", () => {
  const flags = ["redis", "valkey"].flatMap((kind) => [
    `-kubernetes-${kind}-service-namespace=default`,
    `-kubernetes-${kind}-service-name=${kind}`,
  ]);

  test("are the addresses of a Service with the port, and follow it", async () => {
    cluster.api.put(service("redis"), endpoints("redis", "10.0.0.9", "10.0.0.10"));
    await cluster.start(...flags, "-kubernetes-redis-service-port=6380", ...PLAIN);
    const listed = async (path: string) => JSON.parse((await cluster.server.ask(path)).text);
    const at = (...addresses: readonly string[]) => ({ endpoints: addresses.map((address) => ({ address })) });
    assert.deepEqual(await listed("/swarm/redis/shards"), at("10.0.0.10:6380", "10.0.0.9:6380"));
    assert.equal((await cluster.server.ask("/swarm/valkey/shards")).text, '{"endpoints":[]}');
    for (const method of ["HEAD", "POST"])
      assert.equal((await cluster.server.ask("/swarm/redis/shards", { method })).status, 405);
    assert.equal((await cluster.server.metrics()).get('routesrv_custom_gauges{key="redis_endpoints"}'), 2);
    cluster.api.put(endpoints("redis", "10.0.0.9"));
    await until("one is left", async () => (await listed("/swarm/redis/shards")).endpoints.length === 1);
    await cluster.server.logs('msg="Use endpoints default/valkey to fetch updated valkey shards"');
  });

  test("need a first load, or the process ends", async () => {
    cluster.api.fault = () => ({ status: 500 });
    const log = await RouteServerProcess.fails(...cluster.apiFlags, ...flags);
    assert.match(log, /level=fatal msg="failed to load cluster state: .*status: 500/);
  });
});

describe("the process", () => {
  test("needs -kubernetes, a free address, and readable flags", async () => {
    assert.match(await RouteServerProcess.fails(), /level=fatal msg="-kubernetes flag required"/);
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const log = await RouteServerProcess.fails(
      "-kubernetes",
      `-kubernetes-url=${cluster.api.url}`,
      `-address=127.0.0.1:${port}`,
    );
    assert.match(log, /level=fatal msg="listen tcp 127\.0\.0\.1:\d+: bind: address already in use"/);
    taken.close();
    assert.match(await RouteServerProcess.fails("-kubernetes", "-enable-mtls"), /-tls-cert and -tls-key are needed/);
  });

  test("logs and counts what it serves", async () => {
    await cluster.startOn(["a"], "-application-log-level=DEBUG", "-application-log-prefix=[X]");
    const { headers, body } = await cluster.server.ask("/routes");
    await cluster.server.ask("/routes", { headers: { "If-None-Match": headers.etag! } });
    const hash = headers.etag!.slice(1, -1);
    const count = Number(headers["x-count"]);
    for (const line of [
      'level=info msg="starting polling" timeout=50ms',
      `level=info msg="routes initialized" bytes=${body.length} count=${count} hash=${hash}`,
      `level=info msg="routes updated" bytes=${body.length} count=${count} hash=${hash}`,
      `level=debug msg="Inserted route 1 of ${count}" id=kube_`,
    ]) {
      await cluster.server.logs(line);
    }
    assert.match(cluster.server.log, /^time=/);
    const metrics = await cluster.server.metrics();
    for (const key of ["polling_started_timestamp", "routes.initialized_timestamp", "routes.updated_timestamp"]) {
      assert.ok(Math.abs(metrics.get(`routesrv_custom_gauges{key="${key}"}`)! - Date.now() / 1000) < 60, key);
    }
    assert.equal(metrics.get('routesrv_custom_gauges{key="routes.total"}'), count);
    assert.equal(metrics.get('routesrv_custom_gauges{key="routes.byte"}'), body.length);
    assert.equal(metrics.get('routesrv_custom_total{key="304"}'), 1);
    const served = metrics.get("routesrv_backend_combined_duration_seconds_count")!;
    assert.ok(served >= 3);
    assert.equal(metrics.get('routesrv_backend_duration_seconds_count{route="routersv",host="",zone=""}'), served);
    const other = await new Promise<number>((resolve) => {
      request({ port: cluster.server.supportPort, path: "/routes" }, ({ statusCode }) => resolve(statusCode!)).end();
    });
    assert.equal(other, 404);
  });

  test("serves on while it waits for the health checks, then ends in order", async () => {
    await cluster.startOn(["a"], "-wait-for-healthcheck-interval=3s");
    cluster.server.signal("SIGTERM");
    await until("the shutdown begins", () => cluster.server.log.includes("shutting down the server in 3s..."));
    assert.equal((await cluster.server.ask("/health")).status, 204);
    cluster.putApps("late");
    await cluster.server.shows("kube_default__late");
    assert.equal(await cluster.server.terminate(), 0);
    assert.match(cluster.server.log, /supportServer shut down[\s\S]*server shut down[\s\S]*polling stopped/);
  });
});
