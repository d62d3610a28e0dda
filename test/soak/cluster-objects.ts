// The cluster of a soak: Services whose endpoints lie on loopback addresses, an Ingress or a RouteGroup for each, and what changes
// in it. The API server stands in for a real one and can go away; the objects are changed all the same, as others change them.

import { makeCertificate } from "../support/certificates.ts";
import type { KubernetesApi } from "../support/kubernetes-api.ts";
import { ingress, routeGroup, service } from "../support/kubernetes-objects.ts";
import type { StoredObject } from "../support/kubernetes-store.ts";

const services = 40;
export const secureHost = "secure.test";
/** The first day of the first certificate. */
const firstDay = Date.UTC(2000, 0, 1);
const dayMs = 86_400_000;

export class SoakCluster {
  readonly #api: KubernetesApi;
  readonly #port: number;
  /** Addresses that may be given to Services. */
  readonly #healthy: Set<string>;
  readonly #given = new Map<string, readonly string[]>();
  #turn = 0;
  #certificates = 0;

  /** `addresses`: where backends listen, all at one port. */
  constructor(api: KubernetesApi, addresses: readonly string[], port: number) {
    this.#api = api;
    this.#port = port;
    this.#healthy = new Set(addresses);
    for (let i = 0; i < services; i++) {
      const name = `svc${i}`;
      const ports = [{ name: "main", port: 80, targetPort: port }];
      api.put(
        service(name, 80, { ports }),
        hostOf(i).startsWith("group") ? groupOf(i) : ingress(name, hostOf(i), name),
      );
      this.#give(name, addresses);
    }
    this.version(0);
    this.rotate();
  }

  get hosts(): readonly string[] {
    return Array.from({ length: services }, (_, i) => hostOf(i));
  }

  /** Another choice of endpoints for the next Service. */
  churn(): void {
    const turn = ++this.#turn;
    const healthy = [...this.#healthy];
    const chosen = healthy.filter((_, i) => (turn >> (i % 5)) % 3 !== 0);
    this.#give(`svc${turn % services}`, chosen.length > 0 ? chosen : healthy);
  }

  /** No Service leads to the address any more. */
  leave(address: string): void {
    this.#healthy.delete(address);
    for (const [name, given] of this.#given) {
      if (!given.includes(address)) continue;
      const rest = given.filter((one) => one !== address);
      this.#give(name, rest.length > 0 ? rest : [...this.#healthy]);
    }
  }

  /** The address may be given again. */
  enter(address: string): void {
    this.#healthy.add(address);
  }

  /** An Ingress that answers with a version, beside one that is there in every second version. */
  version(version: number): void {
    const answer = { "zalando.org/skipper-filter": `inlineContent("${version}")`, "zalando.org/skipper-routes": "" };
    this.#api.put(ingress("version", "version.test", "svc0", answer));
    if (version % 2 === 0) this.#api.put(ingress("odd", "odd.test", "svc1"));
    else this.#api.store.delete("Ingress", "default", "odd");
  }

  /** A newer certificate for `secureHost`; gives the day from which it is valid, as `2000-01-31`. */
  rotate(): string {
    const day = new Date(firstDay + dayMs * this.#certificates++).toISOString().slice(0, 10);
    const { cert, key } = makeCertificate(day, secureHost);
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const secure = ingress("secure", secureHost, "svc0");
    this.#api.put(
      {
        kind: "Secret",
        metadata: { namespace: "default", name: "secure" },
        type: "kubernetes.io/tls",
        data: { "tls.crt": base64(cert), "tls.key": base64(key) },
      },
      { ...secure, spec: { ...(secure.spec as object), tls: [{ hosts: [secureHost], secretName: "secure" }] } },
    );
    return day;
  }

  #give(name: string, addresses: readonly string[]): void {
    this.#given.set(name, addresses);
    this.#api.put({
      kind: "EndpointSlice",
      metadata: { namespace: "default", name: `${name}-1`, labels: { "kubernetes.io/service-name": name } },
      endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
      ports: [{ name: "main", port: this.#port, protocol: "TCP" }],
    });
  }
}

function hostOf(i: number): string {
  return `${i % 4 === 3 ? "group" : "host"}${i}.test`;
}

function groupOf(i: number): StoredObject {
  const backends = [`svc${i}`, `svc${i - 1}`].map((name) => ({
    name,
    type: "service",
    serviceName: name,
    servicePort: 80,
  }));
  const object = routeGroup(`group${i}`, [hostOf(i)]);
  const defaultBackends = backends.map(({ name }, weight) => ({ backendName: name, weight: weight + 1 }));
  return { ...object, spec: { hosts: [hostOf(i)], backends, defaultBackends } };
}
