// The objects of a large cluster: 15,000 Ingresses with three paths, 5,000 RouteGroups with four routes, 20,000 Services with three
// endpoints each. Objects are as large as they are in clusters: each carries the field management of its controllers.

import type { KubernetesApi } from "../../test/support/kubernetes-api.ts";
import { endpointsAt, ingress, service } from "../../test/support/kubernetes-objects.ts";
import type { PreparedChange, StoredObject } from "../../test/support/kubernetes-store.ts";

const ingresses = 15_000;
const routeGroups = 5_000;
const namespaces = 500;
/** Services that lead to the backend of the run; the endpoints of the others do not exist. */
const liveServices = 64;
const endpointsPerService = 3;

export interface KubernetesCluster {
  /** Hosts that lead to the backend. */
  readonly liveHosts: readonly string[];
  readonly objects: number;
  /** Sets the filter of the first Ingress, which answers for `liveHosts[0]`. */
  change(api: KubernetesApi, filter: string): void;
  /** The next change that replaces the endpoints of one Service; every eighth is of one that serves traffic. */
  prepareChurn(api: KubernetesApi): PreparedChange;
}

/** Fills the API. `addresses` are where the backend listens, `scale` is the share of the full size. */
export function fillCluster(
  api: KubernetesApi,
  addresses: readonly string[],
  port: number,
  scale: number,
): KubernetesCluster {
  const withIngress = Math.round(ingresses * scale);
  const apps = withIngress + Math.round(routeGroups * scale);
  const live = Math.min(liveServices, withIngress);
  for (let i = 0; i < apps; i++) {
    api.store.put(managed(i < withIngress ? largeIngress(i) : largeRouteGroup(i)));
    const ports = [{ name: "main", port: 80, targetPort: port, protocol: "TCP" }];
    api.store.put(managed(service(appName(i), 80, { clusterIP: address(i, 0), ports })));
    const ips = i < live ? addresses.slice(0, 1) : deadAddresses(i, 0);
    api.store.put(managed(endpointsAt(appName(i), port, ips)));
  }
  let changes = 0;
  return {
    liveHosts: Array.from({ length: live }, (_, i) => hostOf(i)),
    objects: 3 * apps,
    change: (to, filter) => {
      const object = largeIngress(0);
      object.metadata.annotations = { ...object.metadata.annotations, "zalando.org/skipper-filter": filter };
      to.store.put(managed(object));
    },
    prepareChurn: (to) => {
      const turn = ++changes;
      const app = turn % 8 === 0 ? (turn / 8) % live : live + ((turn * 7919) % Math.max(apps - live, 1));
      const list = app < live ? addresses.slice(0, 1 + (turn % addresses.length)) : deadAddresses(app, turn);
      return to.store.prepare(managed(endpointsAt(appName(app), port, list)));
    },
  };
}

function hostOf(i: number): string {
  return `app-${String(i + 1).padStart(5, "0")}.team.example.org`;
}

function appName(i: number): string {
  return `team-${i % namespaces}/app-${i + 1}`;
}

function deadAddresses(i: number, turn: number): string[] {
  return Array.from({ length: endpointsPerService }, (_, k) => address(i, turn + k));
}

function address(i: number, k: number): string {
  return `10.${(i >> 8) & 255}.${i & 255}.${1 + (k % 250)}`;
}

function largeIngress(i: number): StoredObject {
  const name = appName(i);
  const object = ingress(name, hostOf(i), name.slice(name.indexOf("/") + 1), {
    "zalando.org/skipper-predicate": "True()",
    "zalando.org/skipper-filter": 'setRequestHeader("X-Bench", "1")',
  });
  const [rule] = (object.spec as { rules: { http: { paths: object[] } }[] }).rules;
  const [first] = rule!.http.paths;
  rule!.http.paths = ["/", "/api", "/static"].map((path) => ({ ...first, path }));
  return object;
}

function largeRouteGroup(i: number): StoredObject {
  const [namespace = "", name = ""] = appName(i).split("/");
  const filters = ['setRequestHeader("X-Bench", "1")'];
  return {
    kind: "RouteGroup",
    metadata: { namespace, name },
    spec: {
      hosts: [hostOf(i)],
      backends: [{ name: "app", type: "service", serviceName: name, servicePort: 80 }],
      defaultBackends: [{ backendName: "app" }],
      routes: [
        { pathSubtree: "/", filters },
        { pathSubtree: "/api", filters },
        { pathSubtree: "/static", filters },
        { pathSubtree: "/", methods: ["POST"], filters },
      ],
    },
  };
}

/** With what API servers keep beside the object itself. */
function managed(object: StoredObject): StoredObject {
  const fields = {
    "f:metadata": { "f:annotations": { ".": {}, "f:app": {} } },
    "f:spec": { "f:rules": {}, "f:tls": {} },
  };
  const managedFields = ["kubectl-client-side-apply", "controller", "deployer"].map((manager) => ({
    manager,
    operation: "Update",
    apiVersion: "v1",
    time: "2024-01-01T00:00:00Z",
    fieldsType: "FieldsV1",
    fieldsV1: fields,
  }));
  const labels = { application: "app", team: "team", "deployment-id": "d-0123456789abcdef" };
  const metadata = { ...object.metadata, labels, managedFields };
  return { ...object, metadata };
}
