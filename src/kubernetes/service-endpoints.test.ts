import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { KubernetesApi } from "../../test/support/kubernetes-api.ts";
import { endpointSlice, endpoints } from "../../test/support/kubernetes-objects.ts";
import { ApplicationLog } from "../observability/log.ts";
import { ApiClient } from "./api-client.ts";
import { ClusterState } from "./cluster-state.ts";
import type { Kind } from "./objects.ts";
import { sliceAddresses } from "./service-addresses.ts";
import { knownEndpoints, requestEndpoints } from "./service-endpoints.ts";
import { decodeFixture } from "./translator.fixture.ts";

const ring = { namespace: "infra", name: "ring" };
const objects = [
  endpoints("infra/ring", "10.0.0.2", "10.0.0.1"),
  endpointSlice("infra/ring-1", "ring", "10.0.0.4", "10.0.0.2"),
  endpointSlice("infra/ring-2", "ring", "10.0.0.3", "10.0.0.2"),
  endpointSlice("infra/other-1", "other", "10.0.0.9"),
  endpointSlice("ring-1", "ring", "10.0.0.8"),
];
const fromEndpoints = ["10.0.0.1", "10.0.0.2"];
const fromSlices = ["10.0.0.2", "10.0.0.3", "10.0.0.4"];

test("the addresses of a Service as the data client knows them, sorted, each once", () => {
  const state = new ClusterState(() => {});
  for (const object of objects) {
    const kind = object.kind as Kind;
    state.store(kind).put(decodeFixture(kind, object)!);
  }
  assert.deepEqual(knownEndpoints(state, false, ring), fromEndpoints);
  assert.deepEqual(knownEndpoints(state, true, ring), fromSlices);
  const none = { namespace: "infra", name: "none" };
  assert.deepEqual([knownEndpoints(state, false, none), knownEndpoints(state, true, none)], [[], []]);
});

test("an address that ends in one slice is left out, one that is not ready too; a zone leaves out the others", () => {
  const slice = endpointSlice("s", "ring", "a", "b", "c", "d");
  const [a, b, c, d] = slice.endpoints as Record<string, unknown>[];
  const one = {
    ...slice,
    endpoints: [{ ...a, zone: "x" }, { ...b, conditions: { ready: false } }, { ...c, zone: "y" }, d],
  };
  const two = { ...slice, endpoints: [{ ...d, conditions: { terminating: true } }] };
  const slices = [one, two].map((json) => decodeFixture("EndpointSlice", json));
  const read = slices.filter((object) => object?.kind === "EndpointSlice");
  assert.deepEqual(sliceAddresses(read, ""), ["a", "c"]);
  assert.deepEqual(sliceAddresses(read, "y"), ["c"]);
});

describe("asked for directly", () => {
  let api: KubernetesApi;
  let client: ApiClient;

  async function connect(): Promise<void> {
    api = await KubernetesApi.start();
    api.put(...objects);
    const log = new ApplicationLog({
      level: "error",
      prefix: "",
      json: false,
      terminal: false,
      write: () => {},
      now: Date.now,
    });
    client = new ApiClient({ access: { url: api.url, ca: "", tokenFile: "", proxyEnv: null }, log });
  }
  afterEach(async () => {
    client.close();
    await api.down();
  });

  test("from Endpoints and from EndpointSlices, by one request each", async () => {
    await connect();
    assert.deepEqual(await requestEndpoints(client, decodeFixture, false, ring), fromEndpoints);
    assert.deepEqual(await requestEndpoints(client, decodeFixture, true, ring), fromSlices);
    assert.deepEqual(
      api.requests.map(({ path, query }) => [path, query.get("labelSelector")]),
      [
        ["/api/v1/namespaces/infra/endpoints/ring", null],
        ["/apis/discovery.k8s.io/v1/namespaces/infra/endpointslices", "kubernetes.io/service-name=ring"],
      ],
    );
  });

  test("failures say what was asked for", async () => {
    await connect();
    const none = { namespace: "infra", name: "none" };
    await assert.rejects(requestEndpoints(client, decodeFixture, false, none), {
      message: "requesting endpoints for infra/none failed: resource not found",
    });
    await assert.rejects(requestEndpoints(client, decodeFixture, true, none), {
      message:
        "requesting endpointslices for infra/none failed: unexpected number of endpoint slices for infra/none: 0",
    });
  });
});
