// What of deploy/ the API server itself enforces: the schema of RouteGroups, and the rights of the service account.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { ControlPlane } from "./control-plane.ts";
import { type KubeObject, type Rule, rightsOf } from "./kube-api.ts";
import { appliedRoles, deployed, routeGroup } from "./scenario.ts";

const serviceBackend = { name: "app", type: "service", serviceName: "web", servicePort: 80 };
const network = { name: "app", type: "network", address: "http://127.0.0.1:1" };

const accepted: Readonly<Record<string, object>> = {
  "a forward backend": { backends: [{ name: "app", type: "forward" }], defaultBackends: [{ backendName: "app" }] },
  "a service backend with algorithm": {
    backends: [{ ...serviceBackend, algorithm: "leastRequests" }],
    routes: [{ path: "/", methods: ["GET"], backends: [{ backendName: "app", weight: 1 }] }],
  },
  "a group without hosts": { hosts: null, backends: [network], defaultBackends: [{ backendName: "app" }] },
};

const refused: Readonly<Record<string, object>> = {
  "no backends": { backends: [] },
  "an unknown type": { backends: [{ name: "app", type: "cloud" }] },
  "an unknown algorithm": { backends: [{ ...serviceBackend, algorithm: "best" }] },
  "a backend without type": { backends: [{ name: "app" }] },
  "a port that is a text": { backends: [{ ...serviceBackend, servicePort: "80" }] },
  "a negative weight": { defaultBackends: [{ backendName: "app", weight: -1 }] },
  "an unknown method": { routes: [{ path: "/", methods: ["get"] }] },
  "the same host twice": { hosts: ["a.test", "a.test"] },
  "a host that is none": { hosts: ["A_test"] },
  "a list of TLS hosts without Secret": { tls: [{ hosts: ["a.test"] }] },
};

export function testDefinitions(controlPlane: () => ControlPlane): void {
  describe("the RouteGroup definition", () => {
    let plane: ControlPlane;
    before(() => {
      plane = controlPlane();
    });
    const group = (spec: object): KubeObject => {
      const valid = routeGroup("checked", "checked.test", network.address);
      return { ...valid, spec: { ...(valid.spec as object), ...spec } };
    };

    for (const [what, spec] of Object.entries(accepted)) {
      test(`accepts ${what}`, async () => {
        await plane.admin.apply(group(spec));
        await plane.admin.delete(group(spec));
      });
    }

    for (const [what, spec] of Object.entries(refused)) {
      test(`refuses ${what}`, async () => {
        const { status, body } = await plane.admin.create(group(spec));
        assert.equal(status, 422, JSON.stringify(body));
      });
    }

    test("shows hosts and addresses in tables, and goes by short names", async () => {
      const columns = ["Name", "Hosts", "Address"];
      const path = "/apis/zalando.org/v1/routegroups";
      const { body } = await plane.admin.ask("GET", path, undefined, {
        Accept: "application/json;as=Table;g=meta.k8s.io;v=v1",
      });
      assert.deepEqual(
        body.columnDefinitions.map(({ name }: { name: string }) => name),
        columns,
      );
      const { body: list } = await plane.admin.ask("GET", "/apis/zalando.org/v1");
      const resource = list.resources.find(({ name }: { name: string }) => name === "routegroups");
      assert.deepEqual(resource.shortNames, ["rg", "rgs"]);
      assert.deepEqual(resource.categories, ["all"]);
    });
  });

  describe("the service account", () => {
    test("may do exactly what the roles of deploy/ say", async () => {
      const { admin } = controlPlane();
      const nobody = { apiVersion: "v1", kind: "ServiceAccount", metadata: { namespace: "default", name: "nobody" } };
      await admin.apply(nobody);
      const rightsOfAll = await admin.as(await admin.tokenOf("default", "nobody")).rights();
      const rights = await admin.as(await admin.tokenOf("kube-system", "skipper-ingress")).rights();
      const roles = appliedRoles.flatMap(deployed).filter(({ kind }) => kind === "ClusterRole");
      const given = rightsOf(roles.flatMap(({ rules }) => rules as Rule[]));
      assert.deepEqual(
        rights.filter((right) => !rightsOfAll.includes(right)),
        given,
      );
      const written = given.filter((right) => !/^(list|watch) /.test(right));
      assert.deepEqual(written, [
        "create events.k8s.io events",
        "patch networking.k8s.io ingresses/status",
        "patch zalando.org routegroups/status",
      ]);
    });
  });
}
