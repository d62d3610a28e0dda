import assert from "node:assert/strict";
import { test } from "node:test";
import { RecordingHost } from "../../test/support/recording-host.ts";
import type { Logger } from "../observability/log.ts";
import type { DataClient } from "../spec/data-client.ts";
import { buildDataClients, type SourceSettings } from "./build.ts";
import { InlineRoutes } from "./inline-routes.ts";

const lines: string[] = [];
const line = (message: string): void => void lines.push(message);
const log: Logger = { debug: line, info: line, warn: line, error: line };

function build(settings: Partial<SourceSettings>, custom: DataClient[] = [], fallback: (() => never) | null = null) {
  const none: SourceSettings = {
    routesFile: "",
    routesUrls: [],
    inlineRoutes: "",
    etcdUrls: "",
    etcdPrefix: "/skipper",
    etcdTimeout: 1000,
    etcdInsecure: false,
    etcdOauthToken: "",
    etcdUsername: "",
    etcdPassword: "",
    sourcePollTimeout: 3000,
    ensureDataclients: [],
    routesUrlsWait: 0,
    routesCacheFile: "",
    routesUrlsClientCert: "",
    routesUrlsClientKey: "",
    routesUrlsCa: "",
    routesUrlsTokenFile: "",
    routesFallbackAfter: 60_000,
    routesFallbackBudget: 5,
    routesFallbackFleet: 0,
  };
  return buildDataClients({ ...none, ...settings }, {}, log, custom, fallback);
}

function names(settings: Partial<SourceSettings>, custom: DataClient[] = []): string[] {
  const built = build(settings, custom);
  assert.ok("clients" in built, JSON.stringify(built));
  return built.clients.map((client) => client.name);
}

test("sources stand in the order in which later ones win", () => {
  assert.deepEqual(names({}), []);
  const all = {
    etcdUrls: "http://127.0.0.1:1,http://127.0.0.1:2",
    inlineRoutes: "r: * -> <shunt>",
    routesUrls: ["http://a.test", "local.eskip"],
    routesFile: "a,b",
  };
  const custom = new InlineRoutes("");
  assert.deepEqual(names(all, [custom]), [
    "eskipfile-watch",
    "eskipfile-watch",
    "eskipfile-remote",
    "eskipfile-remote",
    "inline",
    "etcd",
    "inline",
  ]);
});

test("a source that is listed twice is used once", () => {
  const custom = new InlineRoutes("");
  lines.length = 0;
  assert.deepEqual(names({}, [custom, custom]), ["inline"]);
  assert.deepEqual(lines, ["Duplicate data clients are not allowed, ignoring client #1: inline"]);
});

test("sources that must be there", () => {
  assert.deepEqual(names({ inlineRoutes: "//", ensureDataclients: ["inline"] }), ["inline"]);
  assert.deepEqual(build({ inlineRoutes: "//", ensureDataclients: ["inline", "etcd"] }), {
    error: 'failed to find dataclient that was ensured: "etcd"',
  });
});

test("a bad etcd URL stops the start", () => {
  const built = build({ etcdUrls: "::" });
  assert.ok("error" in built);
  assert.match(built.error, /^error while creating etcd client: \S/);
});

test("half a client certificate stops the start", () => {
  const error = "-routes-urls-client-cert and -routes-urls-client-key: both are needed, or none";
  assert.deepEqual(build({ routesUrlsClientCert: "/c" }), { error });
  assert.deepEqual(build({ routesUrlsClientKey: "/k" }), { error });
});

for (const [title, settings, error] of [
  [
    "without a server",
    { routesUrls: ["local.eskip"] },
    "-routes-fallback-kubernetes: -routes-urls names no server whose place the cluster could take",
  ],
  [
    "without a budget",
    { routesUrls: ["http://a.test"], routesFallbackBudget: 0 },
    "-routes-fallback-budget: expected a number above 0, got 0",
  ],
] as const) {
  test(`a fallback ${title} stops the start`, () => {
    assert.deepEqual(
      build(settings, [], () => assert.fail("opened")),
      { error },
    );
  });
}

test("inline routes are delivered at start", async () => {
  const host = new RecordingHost();
  await new InlineRoutes("// nothing").start(host);
  assert.deepEqual(host.transactions, [{ initial: true, upserts: [], deletes: [] }]);
  await new InlineRoutes("a: * -> <shunt>; b: * -> <shunt>").start(host);
  assert.deepEqual([...host.routes.keys()], ["a", "b"]);
});

test("a mistake in inline routes stops the start", async () => {
  const host = new RecordingHost();
  await assert.rejects(new InlineRoutes("a: * -> # ").start(host), (error: Error) => {
    assert.match(
      error.message,
      /^error while parsing inline routes: parse failed after token ->, last route id: a, position 8: /,
    );
    return true;
  });
  assert.deepEqual(host.transactions, []);
});
