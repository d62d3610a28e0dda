import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiRequest, Fault } from "../../test/support/kubernetes-api.ts";
import { endpoints, ingress } from "../../test/support/kubernetes-objects.ts";
import { type ClusterOptions, small, TestCluster } from "./cluster.fixture.ts";
import type { TranslationUpdate } from "./composition.ts";
import type { ComposedChange } from "./data-client.ts";
import { emptyListsNeeded } from "./resource-watch.ts";
import { plainSettings } from "./settings.fixture.ts";
import { ClusterTranslator } from "./translator.ts";

let cluster: TestCluster | null = null;
afterEach(async () => {
  await cluster?.stop();
  cluster = null;
});

async function start(...args: Parameters<typeof TestCluster.start>): Promise<TestCluster> {
  cluster = await TestCluster.start(...args);
  return cluster;
}

test("watches that end at once, again and again, are given up for polling", async () => {
  const { api } = await start(small, {}, (prepared) => {
    prepared.fault = ({ verb, resource }) => (verb === "watch" && resource === "ingresses" ? "half" : null);
  });
  await cluster!.untilLogged("cannot watch ingresses");
  const lists = api.count("list", "ingresses");
  await api.until(() => api.count("list", "ingresses") > lists);
  api.put(ingress("e", "e.test", "web"));
  await cluster!.inStep();
});

describe("faults of the API leave the last good routes", () => {
  const faults: readonly (readonly [string, Fault, ClusterOptions?])[] = [
    ["closed connections", "refuse"],
    ["no answers", "hang", { answerMs: 300 }],
    ["halves of answers", "half"],
    ["garbage", "garbage"],
    ["500", { status: 500 }],
    ["503 with Retry-After", { status: 503, headers: { "retry-after": "0" } }],
    ["429 with Retry-After", { status: 429, headers: { "retry-after": "0" } }],
    ["401", { status: 401 }],
    ["403", { status: 403 }],
  ];
  for (const watch of [true, false]) {
    for (const [title, fault, options] of faults) {
      test(`${title}, ${watch ? "watched" : "polled"}: said once, over as soon as it is over`, async () => {
        const { api, host } = await start(small, { watch, ...options });
        if (watch) await cluster!.watching();
        const routes = cluster!.routes();
        api.fault = ({ verb }) => (fault === "half" && verb === "watch" ? "refuse" : fault);
        api.breakWatches();
        api.put(ingress("e", "e.test", "web"));
        const asked = api.requests.length;
        await api.until(() => api.requests.length > asked + 12);
        assert.deepEqual(cluster!.routes(), routes);
        assert.ok(host.failures.length >= 1 && host.failures.length <= 8, `${host.failures.length} failures`);
        assert.equal(new Set(host.failures.map(({ reason }) => reason)).size, host.failures.length, "each once");
        assert.match(host.failures[0]!.reason, /^failed to load cluster state: /);
        assert.equal(host.failures[0]!.initial, false);
        api.fault = () => null;
        await cluster!.inStep();
        await cluster!.untilLogged("the Kubernetes API is in sight again");
        assert.equal(cluster!.gauges.get("kubernetes.last_known_good_age"), 0);
      });
    }
  }

  test("a server that is away", async () => {
    const { api, host } = await start(small);
    await cluster!.watching();
    await api.down();
    await host.until(() => host.failures.length > 0);
    api.put(ingress("e", "e.test", "web"));
    await sleep(100);
    assert.equal(host.failures.length, 1, "one reason for all kinds");
    assert.match(host.failures[0]!.reason, /connection refused$/);
    assert.equal(cluster!.logged("polling for updates failed: failed to load cluster state: ").length, 1);
    await api.up();
    await cluster!.inStep();
  });

  for (const fault of ["refuse", { status: 500 }, { status: 404 }, { status: 403 }, "garbage"] as const) {
    test(`at the start: ${JSON.stringify(fault)} for Services; loaded when it is over`, async () => {
      const { api, host } = await start(small, {}, (prepared) => {
        prepared.fault = ({ resource }) => (resource === "services" ? fault : null);
      });
      assert.equal(host.transactions.length, 0);
      assert.equal(host.failures.length, 1);
      assert.equal(host.failures[0]!.initial, true);
      assert.match(host.failures[0]!.reason, /^failed to load cluster state: ./);
      api.fault = () => null;
      await cluster!.inStep();
      assert.deepEqual(
        host.transactions.map(({ initial }) => initial),
        [true],
      );
    });
  }

  test("a 429 is not asked again before its Retry-After", async () => {
    const asked: number[] = [];
    const { api, host } = await start(small, {}, (prepared) => {
      prepared.fault = ({ resource }) => {
        if (resource !== "services") return null;
        asked.push(performance.now());
        return { status: 429, headers: { "retry-after": "1" } };
      };
    });
    assert.equal(host.failures.length, 1);
    await api.until(() => asked.length === 2);
    assert.ok(asked[1]! - asked[0]! >= 990, `again after ${asked[1]! - asked[0]!} ms`);
  });

  test("a token that was rotated", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "skipper-token-"));
    const token = path.join(folder, "token");
    writeFileSync(token, "one");
    const { api, host } = await start(
      small,
      { watch: false },
      (prepared) => (prepared.tokens = new Set(["one"])),
      token,
    );
    writeFileSync(token, "two");
    api.tokens = new Set(["two"]);
    api.put(ingress("e", "e.test", "web"));
    await cluster!.inStep();
    assert.deepEqual(host.failures, []);
    rmSync(folder, { recursive: true });
  });

  test("an object that cannot be decoded keeps its kind as it was; the others go on", async () => {
    const { api, host } = await start(small);
    await cluster!.watching();
    const wrong = ingress("wrong", "wrong.test", "web");
    api.put({ ...wrong, spec: { ...(wrong.spec as object), wrong: true } }, ingress("e", "e.test", "web"));
    await host.until(() => host.failures.length > 0);
    assert.match(host.failures[0]!.reason, /cannot decode Ingress default\/wrong$/);
    api.put(endpoints("web", "10.9.9.9"));
    await host.until(() => cluster!.routes().Ingress__default__a__a?.includes("10.9.9.9") !== false);
    api.store.delete("Ingress", "default", "wrong");
    await cluster!.inStep();
  });

  test("while Services cannot be seen nothing is translated; while Ingresses cannot, the rest is", async () => {
    const { api, host, translator } = await start(small, { watch: false });
    const forbid = (resource: string) => {
      api.forbidden.clear();
      if (resource !== "") api.forbidden.add(`list ${resource}`);
    };
    forbid("services");
    await host.until(() => host.failures.length === 1);
    const translated = translator.translations;
    api.put(ingress("e", "e.test", "new"), endpoints("web", "10.7.7.7"));
    api.store.delete("Ingress", "default", "a");
    const lists = api.count("list", "endpoints");
    await api.until(() => api.count("list", "endpoints") > lists + 2);
    assert.equal(translator.translations, translated);
    forbid("ingresses");
    await host.until(() => host.failures.length === 2);
    forbid("");
    await cluster!.inStep();
  });
});

describe("a list that comes back empty", () => {
  const emptied = (resource: string) => (request: ApiRequest) =>
    request.verb === "list" && request.resource === resource ? ("empty" as const) : null;

  test("is not believed at once, and said once", async () => {
    const { api, host } = await start(small, { watch: false });
    const routes = cluster!.routes();
    api.fault = emptied("ingresses");
    await host.until(() => host.failures.length === 1);
    assert.match(host.failures[0]!.reason, /the list of ingresses is empty while 4 are known: they stay until/);
    api.fault = () => null;
    await cluster!.untilLogged("in sight again");
    assert.deepEqual(cluster!.routes(), routes);
  });

  test("is believed after some more, the more the more there was", async () => {
    const { api, host } = await start(small, { watch: false });
    const before = api.count("list", "ingresses");
    for (const object of api.store.all("Ingress")) {
      api.store.delete("Ingress", object.metadata.namespace!, object.metadata.name);
    }
    await cluster!.inStep();
    assert.equal([...host.routes.keys()].filter((id) => id.startsWith("Ingress")).length, 0);
    assert.ok(api.count("list", "ingresses") - before >= 1 + emptyListsNeeded(4));
    assert.deepEqual([1, 5, 20_000].map(emptyListsNeeded), [1, 5, 10]);
  });

  test("objects that a watch deletes one by one are gone at once", async () => {
    const { api, host } = await start(small);
    await cluster!.watching();
    for (const object of api.store.all("Ingress")) {
      api.store.delete("Ingress", object.metadata.namespace!, object.metadata.name);
    }
    await cluster!.inStep();
    assert.deepEqual(host.failures, []);
  });
});

test("what a fault of ours kept from being applied is not renewed, but translated anew", async () => {
  let fails = false;
  class FaultyTranslator extends ClusterTranslator {
    override compose(changes: Iterable<TranslationUpdate>): ComposedChange {
      if (!fails) return super.compose(changes);
      fails = false;
      throw new Error("made up");
    }
  }
  const makeTranslator = () => new FaultyTranslator(plainSettings, () => {});
  const { api } = await start(small, { makeTranslator });
  await cluster!.watching();
  fails = true;
  api.put(ingress("a", "moved.test", "web"));
  await cluster!.untilLogged("routes of the cluster could not be applied: Error: made up");
  api.put(endpoints("web", "10.0.0.9"));
  await cluster!.inStep();
});
