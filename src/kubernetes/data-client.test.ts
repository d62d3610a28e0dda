import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiRequest, Fault } from "../../test/support/kubernetes-api.ts";
import { endpointSlice, endpoints, ingress, routeGroup, service } from "../../test/support/kubernetes-objects.ts";
import { small, TestCluster } from "./cluster.fixture.ts";

let cluster: TestCluster | null = null;
afterEach(async () => {
  await cluster?.stop();
  cluster = null;
});

async function start(...args: Parameters<typeof TestCluster.start>): Promise<TestCluster> {
  cluster = await TestCluster.start(...args);
  return cluster;
}

describe("a cluster that is watched", () => {
  test("is loaded as a whole, then followed by differences", async () => {
    const { api, host, translator } = await start(small);
    assert.ok(cluster!.isInStep());
    assert.equal(host.transactions.length, 1);
    assert.equal(host.transactions[0]!.initial, true);
    assert.equal(host.transactions[0]!.upserts.length, 6);
    await cluster!.watching();
    const lists = api.requests.filter(({ verb }) => verb === "list").length;
    const translated = translator.translations;

    api.put(endpoints("team/web", "10.0.0.4", "10.0.0.5"));
    await cluster!.inStep();
    assert.equal(translator.translations, translated + 1, "only what asked for the endpoints");
    assert.deepEqual(host.transactions.at(-1), {
      initial: false,
      upserts: ["Ingress__team__c__c.test"],
      deletes: [],
    });
    api.put(ingress("e", "e.test", "web"), ingress("a", "other.test", "web"));
    await cluster!.inStep();
    api.store.delete("Ingress", "default", "b");
    api.store.delete("Service", "default", "shop");
    await cluster!.inStep();
    api.put(service("shop"), service("web", 81));
    await cluster!.inStep();
    assert.equal(api.requests.filter(({ verb }) => verb === "list").length, lists, "nothing is listed again");
    assert.deepEqual(host.failures, []);
  });

  test("with EndpointSlices, which move between Services", async () => {
    const slices = [endpointSlice("web-1", "web", "10.0.0.1"), endpointSlice("web-2", "web", "10.0.0.2")];
    const objects = [ingress("a", "a.test", "web"), ingress("b", "b.test", "shop"), service("web"), service("shop")];
    const { api } = await start([...objects, ...slices], { endpointSlices: true });
    await cluster!.watching();
    assert.ok(cluster!.isInStep());
    api.put(endpointSlice("web-2", "shop", "10.0.0.9"));
    await cluster!.inStep();
    api.store.delete("EndpointSlice", "default", "web-1");
    await cluster!.inStep();
    assert.equal(api.count("list", "endpoints"), 0);
  });

  test("in one namespace, by labels", async () => {
    const labelled = ingress("team/x", "x.test", "web");
    labelled.metadata.labels = { app: "x" };
    const { api, host } = await start([...small, labelled], { namespace: "team", selectors: { Ingress: "app=x" } });
    assert.deepEqual([...host.routes.keys()], ["Ingress__team__x__x.test"]);
    await cluster!.watching();
    api.put(ingress("e", "e.test", "web"), { ...labelled, metadata: { ...labelled.metadata, name: "y" } });
    await host.until(() => host.routes.has("Ingress__team__y__x.test"));
    assert.equal(host.routes.size, 2);
    assert.ok(api.requests.some(({ path }) => path === "/apis/networking.k8s.io/v1/namespaces/team/ingresses"));
  });

  test("that holds nothing is loaded too", async () => {
    const { host } = await start([]);
    assert.deepEqual(host.transactions, [{ initial: true, upserts: [], deletes: [] }]);
  });

  test("goes on where a watch ended, broke, or died silently, without a list", async () => {
    const { api } = await start(small, { timing: { idleMs: 100 } });
    const lists = () => api.requests.filter(({ verb }) => verb === "list").length;
    await cluster!.watching();
    const before = lists();
    for (const [i, act] of [() => api.endWatches(), () => api.breakWatches(), () => api.silence()].entries()) {
      const watches = api.count("watch", "ingresses");
      act();
      api.put(ingress("e", `e${i}.test`, "web"));
      await cluster!.inStep();
      await api.until(() => api.count("watch", "ingresses") > watches);
      await cluster!.watching();
    }
    assert.equal(lists(), before);
    assert.deepEqual(cluster!.host.failures, []);
  });

  test("resumes from a bookmark after everything before it was forgotten", async () => {
    const { api } = await start(small);
    await cluster!.watching();
    api.put(service("other"));
    api.bookmark();
    api.store.compact();
    const lists = api.count("list", "ingresses");
    api.endWatches("ingresses");
    api.put(ingress("e", "e.test", "web"));
    await cluster!.inStep();
    assert.equal(api.count("list", "ingresses"), lists);
  });

  test("is listed again when the version of its watch is forgotten, and only the difference is applied", async () => {
    const { api, host, translator } = await start(small);
    await cluster!.watching();
    api.fault = ({ verb, resource }) => (verb === "watch" && resource === "ingresses" ? "refuse" : null);
    api.breakWatches("ingresses");
    api.put(ingress("e", "e.test", "web"));
    api.store.delete("Ingress", "default", "b");
    api.store.compact();
    const translated = translator.translations;
    api.fault = () => null;
    await cluster!.inStep();
    assert.equal(translator.translations, translated + 1);
    const last = host.transactions.at(-1)!;
    assert.deepEqual([last.upserts, last.deletes], [["Ingress__default__e__e.test"], ["Ingress__default__b__b.test"]]);
  });

  test("a server that answers 410 itself, or whose watches send what cannot be understood, is listed again", async () => {
    const { api } = await start(small);
    await cluster!.watching();
    for (const act of [
      () => {
        const gone = (request: ApiRequest): Fault | null => {
          if (request.verb !== "watch") return null;
          api.fault = () => null;
          return { status: 410 };
        };
        api.fault = gone;
        api.endWatches("ingresses");
      },
      () => api.say("<html>\n", "ingresses"),
      () => api.say('{"type":"WEIRD","object":{}}\n', "ingresses"),
      () => api.say('{"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcd"}}\n', "ingresses"),
    ]) {
      const lists = api.count("list", "ingresses");
      act();
      await api.until(() => api.count("list", "ingresses") > lists);
      await cluster!.watching();
      api.put(ingress("e", `e${lists}.test`, "web"));
      await cluster!.inStep();
    }
  });

  test("is listed again after some time, whatever the watches said", async () => {
    const { api } = await start(small, { timing: { relistMs: 50 } }, (prepared) => {
      prepared.fault = ({ verb, resource }) => (verb === "list" && resource === "ingresses" ? "empty" : null);
    });
    await cluster!.watching();
    assert.equal(cluster!.isInStep(), false, "the first list was empty");
    api.fault = () => null;
    await sleep(100);
    api.endWatches("ingresses");
    await cluster!.inStep();
  });

  test("storage that was set back: an object with a known version and another content is seen", async () => {
    const { api } = await start(small);
    await cluster!.watching();
    const object = api.store.get("ingresses", "default", "a")!;
    api.fault = () => "refuse";
    api.breakWatches();
    api.store.version = 50;
    api.store.oldest = 1000;
    Object.assign(object, { spec: ingress("a", "reborn.test", "web").spec });
    api.fault = () => null;
    await api.until(() => api.count("watch", "ingresses") > 2);
    api.store.oldest = 0;
    await cluster!.inStep();
    assert.ok(cluster!.host.routes.has("Ingress__default__a__reborn.test"));
  });
});

describe("polling", () => {
  test("where it is forced", async () => {
    const { api, host } = await start(small, { watch: false });
    api.put(ingress("e", "e.test", "web"));
    await cluster!.inStep();
    api.store.delete("Ingress", "default", "a");
    api.put(endpoints("web", "10.1.1.1"));
    await cluster!.inStep();
    assert.equal(api.requests.filter(({ verb }) => verb === "watch").length, 0);
    assert.ok(host.transactions.length <= 5);
    assert.deepEqual(cluster!.logged("cannot watch"), []);
  });

  for (const status of [400, 403, 404, 405]) {
    test(`where a watch is refused with ${status}, said once; watched again when it is allowed`, async () => {
      const { api } = await start(small, { timing: { retryWatchMs: 100 } }, (prepared) => {
        prepared.fault = ({ verb }) => (verb === "watch" ? { status } : null);
      });
      for (const host of ["x.test", "y.test", "z.test"]) {
        api.put(ingress("e", host, "web"));
        await cluster!.inStep();
      }
      await api.until(() => api.count("watch", "ingresses") >= 2);
      assert.equal(cluster!.logged("cannot watch ingresses, polling every 0.03s instead").length, 1);
      api.fault = () => null;
      await cluster!.watching();
      const lists = api.count("list", "ingresses");
      api.put(ingress("e", "watched.test", "web"));
      await cluster!.inStep();
      assert.equal(api.count("list", "ingresses"), lists);
    });
  }
});

describe("RouteGroups", () => {
  const missing = "RouteGroups CRD is not installed in the cluster.";

  test("that are not installed are said once, and found when they are", async () => {
    const { api } = await start(small, { pollMs: 10 }, (prepared) => (prepared.hasRouteGroups = null));
    assert.ok(cluster!.isInStep());
    await api.until(() => api.count("discovery", "") > 3);
    assert.equal(cluster!.logged(missing).length, 1);
    api.hasRouteGroups = true;
    await cluster!.inStep();
    await cluster!.watching();
    api.put(routeGroup("other", ["web.example"]));
    await cluster!.inStep();
  });

  test("whose definition is removed go away, after some doubt", async () => {
    const { api, host } = await start(small, { pollMs: 10 });
    await cluster!.watching();
    api.hasRouteGroups = null;
    api.breakWatches("routegroups");
    await cluster!.inStep();
    assert.equal(host.routes.size, 4);
    assert.ok(api.count("discovery", "") > 1);
    api.hasRouteGroups = true;
    await cluster!.inStep();
  });

  test("a group without them is silent", async () => {
    await start(small, {}, (prepared) => (prepared.hasRouteGroups = false));
    assert.ok(cluster!.isInStep());
    assert.deepEqual(cluster!.logged(missing), []);
  });

  test("an error of the discovery lets the start go on without them, and takes none away later", async () => {
    const failing = ({ verb }: ApiRequest) => (verb === "discovery" ? { status: 500 } : null);
    const { api, host } = await start(small, { watch: false }, (prepared) => (prepared.fault = failing));
    await host.until(() => host.transactions.length === 1);
    assert.equal(host.routes.size, 4);
    const line =
      'level=error msg="Error while checking known resource types: request to /apis/zalando.org/v1 failed, status: 500, 500 Internal Server Error."';
    assert.deepEqual(cluster!.logged("known resource types"), [line]);
    api.fault = () => null;
    await cluster!.inStep();
    const routes = cluster!.routes();
    api.fault = failing;
    const failures = host.failures.length;
    await host.until(() => host.failures.length > failures);
    assert.deepEqual(cluster!.routes(), routes);
  });
});

describe("default filters", () => {
  test("are read again, and change the routes of their Service alone", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "skipper-filters-"));
    writeFileSync(path.join(folder, "shop.default"), "one()");
    const { host, translator } = await start(small, { defaultFiltersDir: folder });
    const filters = () => JSON.stringify(host.routes.get("Ingress__default__b__b.test")!.filters);
    assert.match(filters(), /one\(\)/);
    const translated = translator.translations;
    // In one step: half a file would be a version of its own.
    writeFileSync(path.join(folder, "next"), "two()");
    renameSync(path.join(folder, "next"), path.join(folder, "shop.default"));
    await host.until(() => filters().includes("two()"));
    assert.equal(translator.translations, translated + 2);
    rmSync(folder, { recursive: true });
  });
});

describe("a source that refers to what is not there yet", () => {
  test("keeps its routes for a moment, and gets the new ones as soon as it is there", async () => {
    const { api, host } = await start(small, { timing: { graceMs: 60_000 } });
    await cluster!.watching();
    const routes = cluster!.routes();
    api.put(ingress("a", "a.test", "late"), ingress("e", "e.test", "web"));
    await host.until(() => host.routes.has("Ingress__default__e__e.test"));
    assert.equal(cluster!.routes()["Ingress__default__a__a.test"], routes["Ingress__default__a__a.test"]);
    api.put(service("late"), endpoints("late", "10.3.3.3"));
    await cluster!.inStep();
  });

  test("is translated without it when the moment is over", async () => {
    const { api } = await start(small, { timing: { graceMs: 50 } });
    await cluster!.watching();
    api.put(ingress("a", "a.test", "never"));
    await cluster!.inStep();
    assert.equal(cluster!.logged("Failed to get service never").length, 1);
  });
});

describe("invalid objects", () => {
  const wrong = ingress("wrong", "wrong.test", "web", { invalid: "yes" });

  test("are told in the log with their names, once, as a metric and as an Event", async () => {
    const { api, gauges } = await start([...small, wrong, ingress("half", "half.test", "none")]);
    await cluster!.watching();
    assert.deepEqual(cluster!.logged("level=error").sort(), [
      'level=error msg="Failed to get service none" kind=Ingress name=half ns=default',
      'level=error msg="[fixture] invalid" kind=Ingress name=wrong ns=default',
    ]);
    assert.equal(gauges.get("kubernetes.invalid.ingress"), 2);
    await api.until(() => api.events.length === 2);
    const { metadata, eventTime, reportingInstance, ...event } = api.events.find(
      ({ note }) => note === "[fixture] invalid",
    )!;
    assert.match(metadata.name, /^wrong\.[0-9a-f]{16}$/);
    assert.equal(metadata.namespace, "default");
    assert.match(String(eventTime), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    assert.ok(String(reportingInstance) !== "");
    const { uid, resourceVersion } = api.store.get("ingresses", "default", "wrong")!.metadata;
    assert.deepEqual(event, {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      type: "Warning",
      reason: "InvalidIngress",
      action: "Translate",
      note: "[fixture] invalid",
      reportingController: "skipper",
      regarding: {
        apiVersion: "networking.k8s.io/v1",
        kind: "Ingress",
        namespace: "default",
        name: "wrong",
        uid,
        resourceVersion,
      },
    });
    for (let i = 0; i < 3; i++) {
      api.put(ingress("half", `half${i}.test`, "none"));
      api.put(ingress("e", `e${i}.test`, "web"));
      await cluster!.inStep();
    }
    assert.equal(cluster!.logged("Failed to get service none").length, 1);
    api.put(service("none"));
    api.store.delete("Ingress", "default", "wrong");
    await cluster!.inStep();
    assert.equal(gauges.get("kubernetes.invalid.ingress"), 0);
    assert.equal(api.count("create", "events"), 2);
  });

  test("Events that are not allowed are given up with one line", async () => {
    const { api } = await start([...small, wrong, ingress("half", "half.test", "none")], {}, (prepared) =>
      prepared.forbidden.add("create events"),
    );
    await cluster!.untilLogged("Events about invalid objects are not written");
    assert.equal(api.count("create", "events"), 1);
  });

  test("are left out where they have nothing to be translated", async () => {
    const { api, host } = await start([...small, { kind: "Ingress", metadata: { name: "empty" } }]);
    await cluster!.watching();
    assert.ok(cluster!.isInStep());
    api.put({ kind: "Ingress", metadata: { name: "a" } });
    await host.until(() => !host.routes.has("Ingress__default__a__a.test"));
    await cluster!.inStep();
  });
});

test("a large change is applied in parts, additions before deletions", async () => {
  const { api, host } = await start(small, { watch: false, timing: { batchMs: 100 } });
  const many = Array.from({ length: 1500 }, (_, i) => ingress(`many-${i}`, `many-${i}.test`, "web"));
  api.put(...many);
  await cluster!.inStep();
  const before = host.transactions.length;
  assert.ok(before >= 3);
  for (const { metadata } of many) api.store.delete("Ingress", "default", metadata.name);
  api.put(...many.map(({ metadata }) => ingress(`again-${metadata.name}`, `${metadata.name}.test`, "web")));
  await cluster!.inStep();
  const later = host.transactions.slice(before);
  const lastAddition = later.findLastIndex(({ upserts }) => upserts.length > 0);
  const firstDeletion = later.findIndex(({ deletes }) => deletes.length > 0);
  assert.ok(lastAddition <= firstDeletion, `${lastAddition} ${firstDeletion}`);
});
