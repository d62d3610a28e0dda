// The endpoints of one named Service (spec kubernetes 17): the shards of a Redis or Valkey ring. From the cluster as the data client
// sees it; where there is no data client, asked for directly.

import type { ApiClient } from "./api-client.ts";
import type { ClusterState } from "./cluster-state.ts";
import type { Kind, KubernetesObject } from "./objects.ts";
import { listPath } from "./resources.ts";
import { endpointAddresses, sliceAddresses } from "./service-addresses.ts";

export interface ServiceReference {
  readonly namespace: string;
  readonly name: string;
}

/** Addresses without port, sorted; none when there is no such Service. */
export function knownEndpoints(state: ClusterState, endpointSlices: boolean, service: ServiceReference): string[] {
  const { namespace, name } = service;
  const view = state.view();
  return endpointSlices
    ? sliceAddresses(view.endpointSlices(namespace, name), "")
    : endpointAddresses(view.endpoints(namespace, name));
}

/** The same from the API, by one request; rejects with what failed. `decode` as in Translator. */
export async function requestEndpoints(
  client: ApiClient,
  decode: (kind: Kind, json: unknown) => KubernetesObject | null,
  endpointSlices: boolean,
  service: ServiceReference,
): Promise<string[]> {
  const { namespace, name } = service;
  const resource = endpointSlices ? "endpointslices" : "endpoints";
  try {
    return await (endpointSlices ? requestSlices(client, decode, service) : requestOne(client, decode, service));
  } catch (error) {
    throw new Error(`requesting ${resource} for ${namespace}/${name} failed: ${(error as Error).message}`);
  }
}

type Decode = Parameters<typeof requestEndpoints>[1];

async function requestOne(client: ApiClient, decode: Decode, { namespace, name }: ServiceReference): Promise<string[]> {
  const object = decode(
    "Endpoints",
    await client.get(`${listPath("Endpoints", namespace)}/${encodeURIComponent(name)}`),
  );
  return endpointAddresses(object?.kind === "Endpoints" ? object : undefined);
}

async function requestSlices(client: ApiClient, decode: Decode, service: ServiceReference): Promise<string[]> {
  const { namespace, name } = service;
  const slices: KubernetesObject[] = [];
  await client.list(listPath("EndpointSlice", namespace), `kubernetes.io/service-name=${name}`, true, (item) => {
    const slice = decode("EndpointSlice", item);
    if (slice !== null) slices.push(slice);
  });
  const found = slices.filter((slice) => slice.kind === "EndpointSlice");
  const groups = new Set(found.map((slice) => `${slice.metadata.namespace}/${slice.service}`));
  if (groups.size !== 1) {
    throw new Error(`unexpected number of endpoint slices for ${namespace}/${name}: ${groups.size}`);
  }
  return sliceAddresses(found, "");
}
