// A plain translation for tests of the data client: a route for each rule of an Ingress and each host of a RouteGroup, to the endpoints
// of the Service of its name. It asks the cluster the same questions as the real one, and finds the same kinds of faults.

import { makeRoute, type Route, shuntBackend } from "../eskip/route.ts";
import type { RouteSource, SourceKey } from "./cluster-state.ts";
import type { ComposedChange, Translator } from "./data-client.ts";
import type { TranslationChange } from "./incremental-translation.ts";
import type { Kind, KubernetesObject, Metadata } from "./objects.ts";
import { type CertificateWish, type ClusterView, type Problem, type Translation, untranslated } from "./translation.ts";

// The objects of the stand-in are written by the tests, so their shape is known.
// biome-ignore lint/suspicious/noExplicitAny: plain JSON
type Any = any;

function metadataOf({ metadata }: Any): Metadata {
  return {
    namespace: metadata.namespace ?? "default",
    name: metadata.name,
    uid: metadata.uid ?? "",
    resourceVersion: metadata.resourceVersion ?? "",
    creationTimestamp: metadata.creationTimestamp ?? "",
    annotations: new Map(Object.entries(metadata.annotations ?? {})),
    labels: new Map(Object.entries(metadata.labels ?? {})),
  };
}

/** Throws for an object whose `spec.wrong` is true, leaves out one without spec. */
export function decodeFixture(kind: Kind, json: Any): KubernetesObject | null {
  const metadata = metadataOf(json);
  const spec = json.spec ?? {};
  if (spec.wrong === true) throw new Error(`cannot decode ${kind} ${metadata.namespace}/${metadata.name}`);
  const addresses = (json.status?.loadBalancer?.ingress ?? []).map((one: Any) => ({ ip: "", hostname: "", ...one }));
  switch (kind) {
    case "Ingress":
      if (json.spec === undefined) return null;
      return {
        kind,
        metadata,
        ingressClassName: "",
        defaultBackend: null,
        rules: (spec.rules ?? []).map((rule: Any) => ({
          host: rule.host ?? "",
          paths: rule.http.paths.map((path: Any) => ({
            path: path.path ?? "",
            pathType: "",
            backend: { service: path.backend.service.name, port: path.backend.service.port.number },
          })),
        })),
        tls: (spec.tls ?? []).map((one: Any) => ({ hosts: one.hosts, secretName: one.secretName })),
        addresses,
      };
    case "RouteGroup":
      return {
        kind,
        metadata,
        spec: { hosts: spec.hosts ?? [], backends: [], defaultBackends: [], routes: [], tls: [] },
        accepted: json.status?.conditions?.[0] ?? null,
      };
    case "Service":
      return {
        kind,
        metadata,
        type: spec.type ?? "ClusterIP",
        clusterIp: spec.clusterIP ?? "",
        externalName: spec.externalName ?? "",
        externalIps: spec.externalIPs ?? [],
        ports: (spec.ports ?? []).map((port: Any) => ({
          name: "",
          port: port.port,
          targetPort: port.targetPort ?? null,
        })),
        addresses,
      };
    case "Endpoints":
      return {
        kind,
        metadata,
        subsets: (json.subsets ?? []).map((subset: Any) => ({
          addresses: subset.addresses.map((one: Any) => one.ip),
          ports: [],
        })),
      };
    case "EndpointSlice":
      return {
        kind,
        metadata,
        service: json.metadata.labels["kubernetes.io/service-name"],
        endpoints: json.endpoints.map((one: Any) => ({
          address: one.addresses[0],
          zone: one.zone ?? "",
          ready: one.conditions?.ready !== false,
          terminating: one.conditions?.terminating === true,
        })),
        ports: [],
      };
    case "Secret":
      return {
        kind,
        metadata,
        type: json.type ?? "kubernetes.io/tls",
        certificate: json.data?.["tls.crt"] ?? null,
        privateKey: json.data?.["tls.key"] ?? null,
      };
  }
}

class Builder {
  readonly routes: Route[] = [];
  readonly problems: Problem[] = [];
  readonly #source: RouteSource;
  readonly #view: ClusterView;
  readonly #slices: boolean;

  constructor(source: RouteSource, view: ClusterView, slices: boolean) {
    this.#source = source;
    this.#view = view;
    this.#slices = slices;
  }

  add(host: string, service: string): void {
    const { kind, metadata } = this.#source;
    const { namespace, name } = metadata;
    const found = this.#view.service(namespace, service);
    if (found === undefined) {
      this.problems.push({ level: "error", message: `Failed to get service ${service}`, bare: false });
      return;
    }
    const addresses = this.#slices
      ? this.#view.endpointSlices(namespace, service).flatMap((slice) => slice.endpoints.map((one) => one.address))
      : (this.#view.endpoints(namespace, service)?.subsets.flatMap((subset) => subset.addresses) ?? []);
    const port = found.ports[0]?.port ?? 0;
    const filters = this.#view.defaultFilters(namespace, service) ?? "";
    const mark = metadata.annotations.get("mark") ?? "";
    this.routes.push(
      makeRoute({
        id: `${kind}__${namespace}__${name}__${host}`,
        hostRegexps: [`^${host}$`],
        filters: [{ name: "comment", args: [`${mark}${filters}`] }],
        backend:
          addresses.length === 0
            ? shuntBackend
            : {
                type: "lb",
                algorithm: "roundRobin",
                endpoints: addresses.sort().map((one) => ({ address: `http://${one}:${port}`, zone: "" })),
              },
      }),
    );
  }
}

function translateFixture(source: RouteSource, view: ClusterView, slices: boolean): Translation {
  const builder = new Builder(source, view, slices);
  const { namespace, annotations } = source.metadata;
  const isRejected = annotations.has("invalid");
  const certificates: CertificateWish[] = [];
  if (isRejected) builder.problems.push({ level: "error", message: "[fixture] invalid", bare: true });
  else if (source.kind === "RouteGroup") for (const host of source.spec!.hosts) builder.add(host, host.split(".")[0]!);
  else {
    for (const rule of source.rules) for (const path of rule.paths!) builder.add(rule.host, path.backend.service);
    for (const { hosts, secretName } of source.tls) {
      const secret = view.secret(namespace, secretName);
      if (secret !== undefined) certificates.push({ hosts, secret });
    }
  }
  return { ...untranslated, routes: builder.routes, problems: builder.problems, certificates, isRejected };
}

/** Routes by object; an id that two objects make belongs to the first of them in the order of their keys. */
export class FixtureTranslator implements Translator {
  translations = 0;
  readonly #slices: boolean;
  readonly #routes = new Map<SourceKey, readonly Route[]>();
  #composed = new Map<string, string>();

  constructor(endpointSlices = false) {
    this.#slices = endpointSlices;
  }

  decode(kind: Kind, json: unknown): KubernetesObject | null {
    return decodeFixture(kind, json);
  }

  translate(source: RouteSource, view: ClusterView): Translation {
    this.translations++;
    return translateFixture(source, view, this.#slices);
  }

  /** Notes no use of endpoints. */
  renew(): null {
    return null;
  }

  compose(changes: readonly TranslationChange[]): ComposedChange {
    for (const { key, translation } of changes) {
      if (translation === null) this.#routes.delete(key);
      else this.#routes.set(key, translation.routes);
    }
    const upserts: Route[] = [];
    const composed = new Map<string, string>();
    for (const key of [...this.#routes.keys()].sort()) {
      for (const route of this.#routes.get(key)!) {
        if (composed.has(route.id)) continue;
        const text = JSON.stringify(route);
        composed.set(route.id, text);
        if (this.#composed.get(route.id) !== text) upserts.push(route);
      }
    }
    const deletes = [...this.#composed.keys()].filter((id) => !composed.has(id));
    this.#composed = composed;
    return { upserts, deletes, problems: [] };
  }

  isSelected(): boolean {
    return true;
  }
}
