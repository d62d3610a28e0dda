import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { certificateWishes } from "./certificates.ts";
import { metadataOf } from "./objects.fixture.ts";
import type { Secret } from "./objects.ts";
import type { ClusterView } from "./translation.ts";

const secret: Secret = {
  kind: "Secret",
  metadata: metadataOf("cert"),
  type: "kubernetes.io/tls",
  certificate: "",
  privateKey: "",
};
const view = {
  secret: (namespace, name) => (namespace === "default" && name === "cert" ? secret : undefined),
} as Partial<ClusterView> as ClusterView;
const ownHosts = ["a.test", "b.test"];

describe("an entry", () => {
  for (const [name, hosts, secretName, wished, problems] of [
    ["for hosts of the object", ["b.test", "a.test"], "cert", ["b.test", "a.test"], []],
    [
      "for some of them",
      ["a.test", "c.test"],
      "cert",
      ["a.test"],
      ["info Hosts in TLS and Ingress don't match: tls hosts: [a.test c.test], ingress hosts: [a.test b.test]"],
    ],
    [
      "for none of them",
      ["c.test", "d.test"],
      "cert",
      null,
      ["error No matching tls hosts found - tls hosts: [c.test d.test], ingress hosts: [a.test b.test]"],
    ],
    [
      "without hosts",
      [],
      "cert",
      null,
      ["error No matching tls hosts found - tls hosts: [], ingress hosts: [a.test b.test]"],
    ],
    ["without secret", ["a.test"], "", null, ["debug No tls secret defined for hosts - [a.test]"]],
    [
      "with a secret that is not there",
      ["a.test"],
      "gone",
      null,
      ["error Failed to find secret gone in namespace default"],
    ],
  ] as const) {
    test(name, () => {
      const found = certificateWishes(metadataOf("shop"), [{ hosts, secretName }], ownHosts, "Ingress", view);
      assert.deepEqual(found.wishes, wished === null ? [] : [{ hosts: wished, secret }]);
      assert.deepEqual(
        found.problems.map(({ level, message }) => `${level} ${message}`),
        problems,
      );
    });
  }
});

test("a RouteGroup is called by its name", () => {
  const { problems } = certificateWishes(
    metadataOf("shop"),
    [{ hosts: ["c"], secretName: "" }],
    ["a"],
    "RouteGroup",
    view,
  );
  assert.equal(problems[0]!.message, "No matching tls hosts found - tls hosts: [c], routegroup hosts: [a]");
});
