// `npm run e2e:kubernetes -- --apiserver PATH [--etcd PATH]`: bin/skipper and bin/webhook against a real kube-apiserver with etcd, all on
// loopback addresses, with nothing but the definitions and the rights of deploy/. Not part of `npm test`. The parts run in this order
// on one control plane; CONTRIBUTING.md says where a kube-apiserver comes from.

import { after, before, describe } from "node:test";
import { parseArgs } from "node:util";
import { testCertificates } from "./certificate-tests.ts";
import { ControlPlane } from "./control-plane.ts";
import { testDefinitions } from "./definition-tests.ts";
import { testProxy } from "./proxy-tests.ts";
import { appliedRoles, deployed, routeGroupsAreServed } from "./scenario.ts";
import { testWebhook } from "./webhook-tests.ts";

const { values } = parseArgs({ options: { apiserver: { type: "string" }, etcd: { type: "string", default: "etcd" } } });
const { apiserver, etcd } = values;
if (apiserver === undefined) {
  console.error("usage: npm run e2e:kubernetes -- --apiserver PATH [--etcd PATH]");
  process.exit(2);
}

describe("with a real API server", () => {
  let plane: ControlPlane;

  before(async () => {
    plane = await ControlPlane.start({ apiserver, etcd });
    await plane.admin.apply(...deployed("routegroup-crd.yaml"), ...appliedRoles.flatMap(deployed));
    await routeGroupsAreServed(plane.admin);
  });

  after(async () => {
    await plane?.stop();
  });

  for (const part of [testDefinitions, testWebhook, testProxy, testCertificates]) part(() => plane);
});
