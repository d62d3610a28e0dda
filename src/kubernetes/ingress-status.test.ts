import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { endpointSlice, endpoints, ingress, service } from "../../test/support/kubernetes-objects.ts";
import type { StoredObject } from "../../test/support/kubernetes-store.ts";
import { TestCluster } from "./cluster.fixture.ts";
import type { KubernetesOptions } from "./data-client.ts";

let cluster: TestCluster | null = null;
afterEach(async () => {
  await cluster?.stop();
  cluster = null;
});

const options = { statusFromService: "infra/front" } as const;
const address = (ip: string) => ({ ip });

async function start(front: object, more: Partial<KubernetesOptions> = {}, ...objects: StoredObject[]) {
  const basics = [ingress("a", "a.test", "web"), service("web"), service("infra/front", 80, front)];
  cluster = await TestCluster.start([...basics, ...objects], { ...options, ...more });
  return cluster.api;
}

const statusOf = (name: string) =>
  (cluster!.api.store.get("ingresses", "default", name)!.status as { loadBalancer?: { ingress?: unknown } } | undefined)
    ?.loadBalancer?.ingress;

const written = (name: string, expected: unknown) =>
  cluster!.api.until(() => JSON.stringify(statusOf(name)) === JSON.stringify(expected));

describe("the addresses of a Service", () => {
  for (const [spec, expected] of [
    [{ type: "ExternalName", externalName: "front.test" }, [{ hostname: "front.test" }]],
    [{ type: "ClusterIP", clusterIP: "10.1.1.1" }, [address("10.1.1.1")]],
    [{ type: "NodePort", externalIPs: ["1.1.1.1", "1.1.1.2"] }, [address("1.1.1.1"), address("1.1.1.2")]],
    [{ type: "NodePort" }, [address("10.5.5.1"), address("10.5.5.2")]],
    [{ type: "LoadBalancer", externalIPs: ["1.1.1.1"] }, [address("1.1.1.1")]],
    [{ type: "Other", externalIPs: ["1.1.1.1"] }, [address("1.1.1.1")]],
  ] as const) {
    test(`${JSON.stringify(spec)}: ${JSON.stringify(expected)}`, async () => {
      await start(spec, {}, endpoints("infra/front", "10.5.5.2", "10.5.5.1"));
      await written("a", expected);
    });
  }

  test("of its status, when it is a load balancer", async () => {
    const balanced = { ...service("infra/front", 80, { type: "LoadBalancer" }) };
    const status = { loadBalancer: { ingress: [{ ip: "1.2.3.4" }, { hostname: "lb.test" }] } };
    await start({}, {}, { ...balanced, status });
    await written("a", [{ ip: "1.2.3.4" }, { hostname: "lb.test" }]);
  });

  test("of its endpoints in one zone", async () => {
    const slice = endpointSlice("front-1", "front", "10.5.5.1", "10.5.5.2", "10.5.5.3");
    const [one, two, three] = slice.endpoints as object[];
    const zoned = [
      { ...one, zone: "x" },
      { ...two, zone: "y" },
      { ...three, zone: "x" },
    ];
    const more = { endpointSlices: true, topologyZone: "x" };
    await start({ type: "NodePort" }, more, {
      ...slice,
      metadata: { ...slice.metadata, namespace: "infra" },
      endpoints: zoned,
    });
    await written("a", [address("10.5.5.1"), address("10.5.5.3")]);
  });
});

test("they follow the Service and the Ingresses, and are written once", async () => {
  const api = await start({ clusterIP: "10.1.1.1" }, {}, ingress("invalid", "b.test", "web", { invalid: "yes" }));
  await written("a", [address("10.1.1.1")]);
  api.put(ingress("late", "late.test", "web"));
  await written("late", [address("10.1.1.1")]);
  api.put(service("infra/front", 80, { clusterIP: "10.1.1.2" }));
  await written("a", [address("10.1.1.2")]);
  await written("late", [address("10.1.1.2")]);
  api.put(service("infra/front", 80, { clusterIP: "None" }));
  await written("a", null);
  await written("late", null);
  assert.equal(statusOf("invalid"), undefined);
  assert.equal(api.count("patch", "ingresses"), 6);
});

test("addresses in another order are left alone", async () => {
  const present = ingress("a", "a.test", "web");
  present.status = { loadBalancer: { ingress: [{ ip: "1.1.1.2" }, { ip: "1.1.1.1" }] } };
  const spec = { type: "NodePort", externalIPs: ["1.1.1.1", "1.1.1.2"] };
  const api = await start(spec, {}, present, ingress("other", "o.test", "web"));
  await written("other", [address("1.1.1.1"), address("1.1.1.2")]);
  assert.equal(api.count("patch", "ingresses"), 1);
});

describe("failures", () => {
  test("of a patch are logged once and tried again; routes are not touched", async () => {
    cluster = await TestCluster.start(
      [ingress("a", "a.test", "web"), service("web"), service("infra/front")],
      options,
      (api) => api.forbidden.add("patch ingresses"),
    );
    const path = "/apis/networking.k8s.io/v1/namespaces/default/ingresses/a/status";
    const line = `level=error msg="failed to update ingress status: patch request to ${path} failed, status: 403, Forbidden"`;
    await cluster.untilLogged(line);
    await cluster.api.until(() => cluster!.api.count("patch", "ingresses") > 2);
    assert.equal(cluster.logged("failed to update ingress status").length, 1);
    assert.equal(cluster.host.routes.size, 1);
    cluster.api.forbidden.clear();
    await written("a", [address("10.0.0.1")]);
  });

  test("of a Service that is not there", async () => {
    cluster = await TestCluster.start([ingress("a", "a.test", "web"), service("web")], options);
    await cluster.untilLogged("failed to update ingress status: service not found: infra/front");
    cluster.api.put(service("infra/front"));
    await written("a", [address("10.0.0.1")]);
  });

  for (const reference of ["front", "a/b/c", "/front", "infra/"]) {
    test(`of a reference that is none: ${reference}`, async () => {
      cluster = await TestCluster.start([ingress("a", "a.test", "web")], { statusFromService: reference });
      const reason = `invalid resource reference \\"${reference}\\", expected <namespace>/<name>`;
      await cluster.untilLogged(`level=error msg="failed to update ingress status: ${reason}"`);
    });
  }
});
