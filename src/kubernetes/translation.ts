// The contract between translating one object and keeping a whole cluster translated. An object is translated alone, from itself and
// from what it asks a ClusterView for; whoever holds the cluster records the questions, so that it can translate the object again
// when an answer changes, and only then. What several objects make together (catch-all routes, duplicate ids) is composed from the
// translations in their order, by composition.ts.

import type { Route } from "../eskip/route.ts";
import type { EndpointSlice, Endpoints, Kind, Secret, Service } from "./objects.ts";
import type { ServiceUse } from "./service-use.ts";

/** The rest of the cluster, as a translation may ask for it. Answers are those of one moment. */
export interface ClusterView {
  service(namespace: string, name: string): Service | undefined;
  endpoints(namespace: string, service: string): Endpoints | undefined;
  /** All slices of a Service, in the order of their names. */
  endpointSlices(namespace: string, service: string): readonly EndpointSlice[];
  secret(namespace: string, name: string): Secret | undefined;
  /** Text of the file `<service>.<namespace>` of -default-filters-dir (spec kubernetes 7.7); undefined: there is none. */
  defaultFilters(namespace: string, service: string): string | undefined;
}

/** Something that the owner of an object should know. */
export interface Problem {
  readonly level: "error" | "info" | "debug";
  /** The message of the log line (spec kubernetes 6 to 13), without the fields kind, ns and name. */
  readonly message: string;
  /** True: the line carries no fields and is not limited to one a minute (spec kubernetes 18). */
  readonly bare: boolean;
}

/** A certificate that an object wants to be served for hosts. */
export interface CertificateWish {
  readonly hosts: readonly string[];
  readonly secret: Secret;
}

/** What an Ingress contributes to what all Ingresses make of a host together (spec kubernetes 7.10, 7.11, 10.2). */
export interface IngressHostPart {
  readonly host: string;
  /** All routes of the host, in order: path, extra, redirect and east-west routes. */
  readonly routes: readonly Route[];
  /** The last word of the Ingress on redirects of the host: a status code, "disabled", or null when it says nothing. */
  readonly redirect: number | "disabled" | null;
  /** True when one of the routes makes a catch-all route superfluous. */
  readonly catchesAll: boolean;
}

export interface Translation {
  /** Routes that belong to no host (default backends), and for a RouteGroup all of them, in order. */
  readonly routes: readonly Route[];
  /** Only of an Ingress; in first-seen order of the hosts. */
  readonly hosts: readonly IngressHostPart[];
  /** What was asked about endpoints, with the answers: each backend that was made of them, once. */
  readonly services: readonly ServiceUse[];
  readonly problems: readonly Problem[];
  readonly certificates: readonly CertificateWish[];
  /** True: the object is invalid as a whole and has no routes. */
  readonly isRejected: boolean;
}

const none: readonly never[] = Object.freeze([]);

/** Of an object that is not ours. */
export const untranslated: Translation = {
  routes: none,
  hosts: none,
  services: none,
  problems: none,
  certificates: none,
  isRejected: false,
};

/** Of an object that is invalid as a whole. */
export function rejected(message: string): Translation {
  return { ...untranslated, problems: [{ level: "error", message, bare: true }], isRejected: true };
}

/** What a cluster looks like as routes: the result of translating all objects, in the order of spec kubernetes 5. */
export interface ComposedRoutes {
  readonly routes: readonly Route[];
  /** About routes of several objects, e.g. the same id from two of them. */
  readonly problems: readonly Problem[];
}

/** Names one question to a ClusterView, e.g. `Service team/web`; `DefaultFilters team/web` for the directory. */
export type Dependency = `${Kind | "DefaultFilters"} ${string}/${string}`;
