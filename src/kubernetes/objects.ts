// The objects of a cluster as far as routes depend on them (spec kubernetes 4): decoded once from the API's JSON (decode.ts), never
// changed afterwards. Everything else that an object holds is dropped when it is decoded, so that a large cluster stays small.

/** What routes depend on; the order is that of a full load. */
export const KINDS = ["Ingress", "RouteGroup", "Service", "Endpoints", "EndpointSlice", "Secret"] as const;
export type Kind = (typeof KINDS)[number];

export interface Metadata {
  /** "default" where the spec says that an empty one counts so. */
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
  /** What follows is empty in objects that have no routes themselves. */
  readonly uid: string;
  /** RFC 3339, "" when the object has none. */
  readonly creationTimestamp: string;
  readonly annotations: ReadonlyMap<string, string>;
  readonly labels: ReadonlyMap<string, string>;
}

/** A port by number or by name. */
export type PortRef = number | string;

export interface ServiceBackend {
  readonly service: string;
  readonly port: PortRef;
}

export interface IngressPath {
  readonly path: string;
  /** "" when absent. */
  readonly pathType: string;
  readonly backend: ServiceBackend;
}

export interface IngressRule {
  readonly host: string;
  /** null: the rule has no `http`. */
  readonly paths: readonly IngressPath[] | null;
}

export interface TlsEntry {
  readonly hosts: readonly string[];
  readonly secretName: string;
}

export interface Address {
  readonly ip: string;
  readonly hostname: string;
}

export interface Ingress {
  readonly kind: "Ingress";
  readonly metadata: Metadata;
  readonly ingressClassName: string;
  readonly defaultBackend: ServiceBackend | null;
  readonly rules: readonly IngressRule[];
  readonly tls: readonly TlsEntry[];
  /** status.loadBalancer.ingress */
  readonly addresses: readonly Address[];
}

/** A backend as written: checked by validate-route-group.ts, so every field may be missing ("" or 0). */
export interface RouteGroupBackend {
  readonly name: string;
  readonly type: string;
  readonly address: string;
  readonly algorithm: string;
  readonly endpoints: readonly string[];
  readonly serviceName: string;
  readonly servicePort: number;
}

export interface BackendReference {
  readonly backendName: string;
  readonly weight: number;
}

export interface RouteGroupRoute {
  readonly path: string;
  readonly pathSubtree: string;
  readonly pathRegexp: string;
  readonly backends: readonly BackendReference[];
  readonly filters: readonly string[];
  readonly predicates: readonly string[];
  readonly methods: readonly string[];
}

export interface RouteGroupSpec {
  readonly hosts: readonly string[];
  readonly backends: readonly RouteGroupBackend[];
  readonly defaultBackends: readonly BackendReference[];
  /** null: an entry that is null in the object. */
  readonly routes: readonly (RouteGroupRoute | null)[];
  readonly tls: readonly TlsEntry[];
}

/** What the status of a RouteGroup says of it. */
export interface AcceptedCondition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /** RFC 3339. */
  readonly lastTransitionTime: string;
}

export interface RouteGroup {
  readonly kind: "RouteGroup";
  readonly metadata: Metadata;
  /** null: the object has none. */
  readonly spec: RouteGroupSpec | null;
  /** The condition Accepted; null when there is none. */
  readonly accepted: AcceptedCondition | null;
}

export interface ServicePort {
  readonly name: string;
  readonly port: number;
  /** null when absent. */
  readonly targetPort: PortRef | null;
}

export interface Service {
  readonly kind: "Service";
  readonly metadata: Metadata;
  readonly type: string;
  readonly clusterIp: string;
  readonly externalName: string;
  readonly externalIps: readonly string[];
  readonly ports: readonly ServicePort[];
  /** status.loadBalancer.ingress */
  readonly addresses: readonly Address[];
}

export interface EndpointPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  /** "" for Endpoints. */
  readonly appProtocol: string;
}

export interface EndpointSubset {
  /** IP addresses that are ready. */
  readonly addresses: readonly string[];
  readonly ports: readonly EndpointPort[];
}

export interface Endpoints {
  readonly kind: "Endpoints";
  readonly metadata: Metadata;
  readonly subsets: readonly EndpointSubset[];
}

export interface SliceEndpoint {
  /** The first address; the others do not count. */
  readonly address: string;
  readonly zone: string;
  /** `conditions.ready` absent or true. */
  readonly ready: boolean;
  readonly terminating: boolean;
}

export interface EndpointSlice {
  readonly kind: "EndpointSlice";
  readonly metadata: Metadata;
  /** Value of the label kubernetes.io/service-name. */
  readonly service: string;
  readonly endpoints: readonly SliceEndpoint[];
  /** null: the slice counts as absent (spec kubernetes 7.3). */
  readonly ports: readonly EndpointPort[] | null;
}

export interface Secret {
  readonly kind: "Secret";
  readonly metadata: Metadata;
  readonly type: string;
  /** Base64 as received; null when the key is absent. */
  readonly certificate: string | null;
  readonly privateKey: string | null;
}

export type KubernetesObject = Ingress | RouteGroup | Service | Endpoints | EndpointSlice | Secret;

/** `namespace/name`: what an object is known by within its kind. */
export function keyOf(object: KubernetesObject): string {
  return `${object.metadata.namespace}/${object.metadata.name}`;
}
