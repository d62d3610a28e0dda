import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sliceEndpointsForIngress, sliceEndpointsForRouteGroup } from "./endpoint-slices.ts";
import { metadataOf } from "./objects.fixture.ts";
import type { EndpointPort, EndpointSlice, ServicePort, SliceEndpoint } from "./objects.ts";

const endpoint = (address: string, fields: Partial<SliceEndpoint> = {}): SliceEndpoint => ({
  address,
  zone: "",
  ready: true,
  terminating: false,
  ...fields,
});
const port = (name: string, number: number, fields: Partial<EndpointPort> = {}): EndpointPort => ({
  name,
  port: number,
  protocol: "TCP",
  appProtocol: "",
  ...fields,
});
const slice = (
  endpoints: readonly SliceEndpoint[],
  ports: EndpointSlice["ports"] = [port("web", 80)],
): EndpointSlice => ({
  kind: "EndpointSlice",
  metadata: metadataOf("web-1"),
  service: "web",
  endpoints,
  ports,
});
const service = (name: string, targetPort: ServicePort["targetPort"]): ServicePort => ({ name, port: 80, targetPort });
const one = endpoint("10.0.0.1");

describe("addresses", () => {
  const addresses = (...slices: EndpointSlice[]): readonly string[] =>
    sliceEndpointsForIngress(slices, service("web", 1), "").map(({ address, zone }) => `${address} ${zone}`);

  test("are those that are ready in one slice, with the zone of the last", () => {
    assert.deepEqual(
      addresses(
        slice([endpoint("10.0.0.2"), endpoint("10.0.0.1", { zone: "north" }), endpoint("10.0.0.3", { ready: false })]),
        slice([endpoint("10.0.0.3", { zone: "south" }), endpoint("10.0.0.1", { zone: "west" })]),
      ),
      ["http://10.0.0.1:80 west", "http://10.0.0.2:80 ", "http://10.0.0.3:80 south"],
    );
  });
  test("are none that ends anywhere", () => {
    const ending = slice([endpoint("10.0.0.1", { terminating: true })]);
    assert.deepEqual(addresses(ending, slice([one])), []);
    assert.deepEqual(addresses(slice([one]), ending), []);
  });
  test("are not taken from slices without ports, and the ports are those of the last slice", () => {
    const slices = [slice([one], [port("web", 1)]), slice([endpoint("10.0.0.2")], [port("web", 2)])];
    assert.deepEqual(addresses(...slices, slice([endpoint("10.0.0.3")], null)), [
      "http://10.0.0.1:2 ",
      "http://10.0.0.2:2 ",
    ]);
  });
  test("are none without slices", () => assert.deepEqual(addresses(), []));
});

describe("the port of an Ingress", () => {
  for (const [name, ports, wanted, expected] of [
    ["has the name of the Service port", [port("a", 1), port("web", 2)], service("web", 9), 2],
    ["has its number", [port("a", 80)], service("web", 9), 80],
    ["is the target of a Service port without name, unchecked", [port("a", 1)], service("", 9), 9],
    ["has no name either where the target has one", [port("a", 1), port("", 2)], service("", "http"), 2],
    ["speaks TCP", [port("web", 1, { protocol: "UDP" }), port("web", 2)], service("web", 9), 2],
    ["speaks TCP when it says nothing", [port("web", 1, { protocol: "" })], service("web", 9), 1],
    ["is 0 when none fits", [port("a", 1)], service("web", 1), 0],
  ] as const) {
    test(name, () => {
      const found = sliceEndpointsForIngress([slice([one], ports)], wanted, "");
      assert.equal(found[0]!.address, `http://10.0.0.1:${expected}`);
    });
  }
});

describe("the port of a RouteGroup", () => {
  for (const [name, ports, wanted, expected] of [
    ["has the name of the target", [port("web", 1), port("http", 2)], service("web", "http"), 2],
    ["has its number", [port("web", 1), port("x", 8080)], service("web", 8080), 8080],
    ["has no name, whatever its number", [port("", 1), port("x", 8080)], service("web", 8080), 1],
    ["is 0 when none fits", [port("web", 80)], service("web", "http"), 0],
  ] as const) {
    test(name, () => {
      const found = sliceEndpointsForRouteGroup([slice([one], ports)], wanted, "");
      assert.equal(found[0]!.address, `http://10.0.0.1:${expected}`);
    });
  }
});

describe("the scheme", () => {
  const h2c = { appProtocol: "kubernetes.io/h2c" };
  for (const [name, ports, scheme, expected] of [
    ["is that of the port", [port("web", 1, h2c)], "", "h2c"],
    ["is that of the annotation", [port("web", 1, h2c)], "https", "https"],
    ["is http for other protocols", [port("web", 1, { appProtocol: "kubernetes.io/ws" })], "", "http"],
    ["is not that of another port", [port("a", 1, h2c), port("web", 2)], "", "http"],
  ] as const) {
    test(name, () => {
      const [found] = sliceEndpointsForIngress([slice([one], ports)], service("web", 1), scheme);
      assert.ok(found!.address.startsWith(`${expected}://`), found!.address);
    });
  }
});
