import assert from "node:assert/strict";
import { test } from "node:test";
import { endpoints, ingress, service } from "../../test/support/kubernetes-objects.ts";
import type { StoredObject } from "../../test/support/kubernetes-store.ts";
import { printExpression } from "../eskip/printer.ts";
import { ClusterState } from "./cluster-state.ts";
import { IncrementalTranslation } from "./incremental-translation.ts";
import type { Kind } from "./objects.ts";
import { Pace } from "./pace.ts";
import { plainSettings } from "./settings.fixture.ts";
import { ClusterTranslator } from "./translator.ts";

const fail = (message: unknown): never => assert.fail(String(message));

function start(...objects: readonly StoredObject[]) {
  const state = new ClusterState(() => {});
  const translator = new ClusterTranslator(plainSettings, fail);
  const log = { debug() {}, info() {}, warn() {}, error: fail };
  const incremental = new IncrementalTranslation(state, translator, 60_000, log);
  const put = (object: StoredObject) => {
    state.store(object.kind as Kind).put(translator.decode(object.kind as Kind, object)!);
  };
  /** What a run gives, in short. */
  const run = async () =>
    (await incremental.run(true, new Pace(false))).map(({ key, translation, isRenewal }) => {
      const backends = translation!.hosts.flatMap(({ routes }) =>
        routes.map((route) => printExpression(route).split("-> ").at(-1)),
      );
      return [key, isRenewal ? "renewed" : "translated", ...backends].join(" ");
    });
  for (const object of objects) put(object);
  return { state, put, run };
}

/** Two paths to two Services. */
function twoPaths(first: string, second: string): StoredObject {
  const object = ingress("a", "a.test", first);
  const [rule] = (object.spec as { rules: { http: { paths: object[] } }[] }).rules;
  const [other] = (ingress("a", "a.test", second).spec as { rules: { http: { paths: object[] } }[] }).rules;
  rule!.http.paths.push({ ...other!.http.paths[0], path: "/second" });
  return object;
}

test("other endpoints renew a translation; one, several and none are different things", async () => {
  const { state, put, run } = start(
    service("web"),
    endpoints("web", "10.0.0.1", "10.0.0.2"),
    ingress("a", "a.test", "web"),
  );
  const lb = (...ips: number[]) => `<roundRobin, ${ips.map((ip) => `"http://10.0.0.${ip}:8080"`).join(", ")}>`;
  assert.deepEqual(await run(), [`Ingress default/a translated ${lb(1, 2)}`]);
  put(endpoints("web", "10.0.0.1", "10.0.0.3", "10.0.0.4"));
  assert.deepEqual(await run(), [`Ingress default/a renewed ${lb(1, 3, 4)}`]);
  put(endpoints("web", "10.0.0.5"));
  assert.deepEqual(await run(), ['Ingress default/a translated "http://10.0.0.5:8080"']);
  put(endpoints("web", "10.0.0.6"));
  assert.deepEqual(await run(), ['Ingress default/a renewed "http://10.0.0.6:8080"']);
  put(endpoints("web"));
  assert.deepEqual(await run(), ["Ingress default/a translated <shunt>"]);
  put(endpoints("web", "10.0.0.7"));
  assert.deepEqual(await run(), ['Ingress default/a translated "http://10.0.0.7:8080"']);
  put(endpoints("web", "10.0.0.8"));
  put(service("web", 80, { ports: [{ name: "main", port: 80, targetPort: "other" }] }));
  assert.match((await run()).join(), /^Ingress default\/a translated /);
  assert.equal(state.touched, 0);
});

test("a source that waits for what it refers to is not renewed as it was before", async () => {
  const { put, run } = start(service("web"), endpoints("web", "10.0.0.1", "10.0.0.2"), ingress("a", "a.test", "web"));
  assert.equal((await run()).length, 1);
  put(twoPaths("web", "late"));
  assert.deepEqual(await run(), []);
  put(endpoints("web", "10.0.0.3", "10.0.0.4"));
  assert.deepEqual(await run(), []);
  put(service("late"));
  assert.deepEqual(await run(), []);
  put(endpoints("late", "10.0.0.5"));
  const lb = '<roundRobin, "http://10.0.0.3:8080", "http://10.0.0.4:8080">';
  assert.deepEqual(await run(), [`Ingress default/a translated ${lb} "http://10.0.0.5:8080"`]);
});
