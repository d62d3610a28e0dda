import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { endpointsForIngress, endpointsForRouteGroup } from "./endpoints.ts";
import { metadataOf } from "./objects.fixture.ts";
import type { EndpointSubset, Endpoints, ServicePort } from "./objects.ts";

/** `10.0.0.1,10.0.0.2 http:80,admin:81` */
function subset(text: string): EndpointSubset {
  const [addresses = "", ports = ""] = text.split(" ");
  return {
    addresses: addresses.split(",").filter((address) => address !== ""),
    ports: ports.split(",").map((port) => {
      const [name = "", number] = port.split(":");
      return { name, port: Number(number), protocol: "TCP", appProtocol: "" };
    }),
  };
}

const object = (...subsets: string[]): Endpoints => ({
  kind: "Endpoints",
  metadata: metadataOf("web"),
  subsets: subsets.map(subset),
});
const port = (name: string, targetPort: ServicePort["targetPort"]): ServicePort => ({ name, port: 80, targetPort });

describe("an Ingress", () => {
  for (const [name, of, wanted, expected] of [
    ["takes a single port whatever its name", object("10.0.0.1 any:8080"), port("web", 1), ["10.0.0.1:8080"]],
    ["goes by the name of the Service port", object("10.0.0.1 a:1,web:2"), port("web", 1), ["10.0.0.1:2"]],
    [
      "takes the first subset that fits",
      object("10.0.0.1 a:1,b:2", "10.0.0.2 x:3", "10.0.0.3 web:4"),
      port("web", 1),
      ["10.0.0.2:3"],
    ],
    ["finds nothing", object("10.0.0.1 a:1,b:2"), port("web", 1), []],
    ["finds no address", object(" web:2", "10.0.0.1 web:2"), port("web", 1), []],
    ["has no Endpoints", undefined, port("web", 1), []],
    ["has them sorted as text", object("10.0.0.2,10.0.0.10 :80"), port("", 1), ["10.0.0.10:80", "10.0.0.2:80"]],
    ["has IPv6 in brackets", object("fd00::1 :80"), port("", 1), ["[fd00::1]:80"]],
  ] as const) {
    test(name, () => {
      const found = endpointsForIngress(of, wanted, "https");
      assert.deepEqual(
        found,
        expected.map((address) => ({ address: `https://${address}`, zone: "" })),
      );
    });
  }
});

describe("a RouteGroup", () => {
  for (const [name, of, wanted, expected] of [
    [
      "goes by the number of the target port",
      object("10.0.0.1 a:1", "10.0.0.2 a:8080"),
      port("web", 8080),
      ["10.0.0.2:8080"],
    ],
    ["goes by its name", object("10.0.0.1 a:1,http:2"), port("web", "http"), ["10.0.0.1:2"]],
    ["does not take a single port of another name", object("10.0.0.1 web:1"), port("web", "http"), []],
  ] as const) {
    test(name, () => {
      const found = endpointsForRouteGroup(of, wanted, "http");
      assert.deepEqual(
        found.map(({ address }) => address),
        expected.map((address) => `http://${address}`),
      );
    });
  }
});
