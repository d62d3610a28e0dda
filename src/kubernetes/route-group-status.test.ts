import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { endpoints, routeGroup, service } from "../../test/support/kubernetes-objects.ts";
import { TestCluster } from "./cluster.fixture.ts";

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
}

let clusters: TestCluster[] = [];
afterEach(async () => {
  for (const cluster of clusters) await cluster.stop();
  clusters = [];
});

const web = [service("web"), endpoints("web", "10.0.0.1")];
const invalid = routeGroup("wrong", ["web.test"], { invalid: "yes" });

async function start(...args: Parameters<typeof TestCluster.start>): Promise<TestCluster> {
  const cluster = await TestCluster.start(...args);
  clusters.push(cluster);
  return cluster;
}

function accepted({ api }: TestCluster, name: string): Condition | undefined {
  const object = api.store.get("routegroups", "default", name);
  return (object?.status as { conditions?: Condition[] } | undefined)?.conditions?.[0];
}

const says = (cluster: TestCluster, name: string, reason: string) =>
  cluster.api.until(() => accepted(cluster, name)?.reason === reason);

test("a group that is invalid, or lacks something, is told so; one without faults is left alone", async () => {
  const cluster = await start([
    ...web,
    invalid,
    routeGroup("half", ["web.test", "none.test"]),
    routeGroup("ok", ["web.test"]),
  ]);
  await says(cluster, "wrong", "Invalid");
  await says(cluster, "half", "Incomplete");
  const { lastTransitionTime, ...condition } = accepted(cluster, "wrong")!;
  assert.deepEqual(condition, { type: "Accepted", status: "False", reason: "Invalid", message: "[fixture] invalid" });
  assert.match(lastTransitionTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  const { status, message } = accepted(cluster, "half")!;
  assert.deepEqual([status, message], ["True", "Failed to get service none"]);
  assert.equal(accepted(cluster, "ok"), undefined);
});

test("a group that was mended is told so too, and the time is that of the last change of its status", async () => {
  const old = {
    type: "Accepted",
    status: "False",
    reason: "Invalid",
    message: "x",
    lastTransitionTime: "2020-01-01T00:00:00Z",
  };
  const cluster = await start([...web, { ...invalid, status: { conditions: [old] } }]);
  await cluster.api.until(() => accepted(cluster, "wrong")?.message === "[fixture] invalid");
  assert.equal(accepted(cluster, "wrong")!.lastTransitionTime, "2020-01-01T00:00:00Z");
  cluster.api.put({ ...routeGroup("wrong", ["web.test"]), status: { conditions: [accepted(cluster, "wrong")] } });
  await says(cluster, "wrong", "Accepted");
  assert.notEqual(accepted(cluster, "wrong")!.lastTransitionTime, "2020-01-01T00:00:00Z");
});

test("what stands there is not written again, and what another writes is not undone", async () => {
  const cluster = await start([...web, invalid]);
  await says(cluster, "wrong", "Invalid");
  const other = { ...accepted(cluster, "wrong")!, reason: "Other" };
  cluster.api.put({ ...invalid, status: { conditions: [other] } }, routeGroup("later", ["none.test"]));
  await says(cluster, "later", "Incomplete");
  assert.equal(accepted(cluster, "wrong")!.reason, "Other");
  assert.equal(cluster.api.count("patch", "routegroups"), 2);
});

const schema = ".status.conditions: field not declared in schema";

for (const [title, fault, said] of [
  ["writing is not allowed", { status: 403 }, "patch request to /apis/zalando.org/v1/"],
  [
    "the definition has no conditions",
    { status: 500, message: schema },
    `their definition in the cluster .*: ${schema}`,
  ],
] as const) {
  test(`where ${title} that is said once, and given up`, async () => {
    const cluster = await start([...web, invalid, routeGroup("half", ["none.test"])], {}, (api) => {
      api.fault = ({ verb }) => (verb === "patch" ? fault : null);
    });
    await cluster.untilLogged("the status of RouteGroups is not written: ");
    assert.match(cluster.logged("is not written: ")[0]!, new RegExp(`is not written: ${said}`));
    assert.equal(cluster.api.count("patch", "routegroups"), 1);
  });
}

test("an error that may pass is tried again", async () => {
  let isOver = false;
  const cluster = await start([...web, invalid], { pollMs: 5 }, (api) => {
    api.fault = ({ verb }) => (verb === "patch" && !isOver ? { status: 500, message: "etcdserver: timeout" } : null);
  });
  await cluster.api.until(() => cluster.api.count("patch", "routegroups") > 1);
  isOver = true;
  await says(cluster, "wrong", "Invalid");
});
