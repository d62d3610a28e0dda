// Whether a RouteGroup may have routes (spec kubernetes 9.2): asked when the cluster is loaded and by the admission webhook, so that
// both say the same. What is not checked here (paths, methods, endpoint URLs, names of filters) concerns single routes.

import { LB_ALGORITHMS } from "../eskip/lb-algorithms.ts";
import { parseFilters, parsePredicates } from "../eskip/parser.ts";
import { checkUrl, schemeOf } from "../eskip/url.ts";
import type { BackendReference, RouteGroup, RouteGroupBackend, RouteGroupRoute, RouteGroupSpec } from "./objects.ts";

const BACKEND_TYPES: ReadonlySet<string> = new Set([
  "",
  "service",
  "network",
  "shunt",
  "loopback",
  "dynamic",
  "lb",
  "forward",
]);
const MAX_PORT = 65_535;

/** What is wrong with the group, one message each; empty when it is valid. A fault of its structure hides all others. */
export function validateRouteGroup(group: RouteGroup): readonly string[] {
  const { metadata, spec } = group;
  if (metadata.name === "") return ["route group without name"];
  const fault = spec === null ? "route group without spec" : findStructureFault(spec);
  if (fault !== "") return [`error in route group ${metadata.namespace}/${metadata.name}: ${fault}`];
  return spec === null ? [] : findTextFaults(spec);
}

/** The first fault of backends, references and routes, "" when there is none. */
function findStructureFault(spec: RouteGroupSpec): string {
  if (spec.backends.length === 0) return "route group without backend";
  const names = new Set<string>();
  for (const backend of spec.backends) {
    if (names.has(backend.name)) return `backends with duplicate name: ${backend.name}`;
    names.add(backend.name);
    const fault = findBackendFault(backend);
    if (fault !== "") return `invalid backend: ${backend.name}, ${fault}`;
  }
  const fault = findReferenceFault(spec.defaultBackends, names);
  if (fault !== "") return fault;
  const hasDefaults = spec.defaultBackends.length > 0;
  if (!hasDefaults && spec.routes.length === 0) return "missing backend reference";
  for (const [i, route] of spec.routes.entries()) {
    const routeFault = route === null ? "invalid route spec" : findRouteFault(route, names, hasDefaults);
    if (routeFault !== "") return `invalid route at ${i}, ${routeFault}`;
  }
  return "";
}

function findBackendFault({ name, type, algorithm, ...backend }: RouteGroupBackend): string {
  if (algorithm !== "" && !LB_ALGORITHMS.has(algorithm)) return "unsupported algorithm";
  if (!BACKEND_TYPES.has(type)) return `unsupported backend type: ${type}`;
  if (name === "") return "unnamed backend";
  if (type === "network" && backend.address === "") return `address missing in backend: ${name}`;
  if (type === "service" || type === "") {
    if (backend.serviceName === "") return `service name missing in backend: ${name}`;
    const port = backend.servicePort;
    if (port < 1 || port > MAX_PORT) return `invalid service port in backend: ${name}, ${port}`;
  }
  return type === "lb" && backend.endpoints.length === 0 ? `missing LB endpoints in backend: ${name}` : "";
}

function findReferenceFault(references: readonly BackendReference[], backends: ReadonlySet<string>): string {
  const names = new Set<string>();
  for (const { backendName, weight } of references) {
    if (names.has(backendName)) return `duplicate backend reference: ${backendName}`;
    names.add(backendName);
    if (backendName === "") return "unnamed backend reference";
    if (!backends.has(backendName)) return `invalid backend reference: ${backendName}`;
    if (weight < 0) return `invalid weight in backend: ${backendName}, ${weight}`;
  }
  return "";
}

function findRouteFault(route: RouteGroupRoute, backends: ReadonlySet<string>, hasDefaults: boolean): string {
  if (!hasDefaults && route.backends.length === 0) return "missing backend reference";
  const fault = findReferenceFault(route.backends, backends);
  if (fault !== "") return fault;
  if (route.path !== "" && route.pathSubtree !== "") return "path and path subtree in the same route";
  return route.methods.includes("") ? "invalid method" : "";
}

/** All faults of the texts that a well-formed group holds. */
function findTextFaults(spec: RouteGroupSpec): string[] {
  const routes = spec.routes.filter((route) => route !== null);
  const faults = [
    ...routes.flatMap((route) => route.filters.map(filterFault)),
    ...routes.flatMap((route) => route.predicates.map(predicateFault)),
    ...spec.backends.map(({ type, address }) => (type === "network" ? addressFault(address) : "")),
    ...spec.hosts.map(repeatedHosts()),
  ];
  return faults.filter((fault) => fault !== "");
}

/** A function that is called for one host after the other, and says which came before. */
function repeatedHosts(): (host: string) => string {
  const seen = new Set<string>();
  return (host) => (seen.size === seen.add(host).size ? `duplicate host ${JSON.stringify(host)}` : "");
}

function filterFault(text: string): string {
  const { filters, error } = parseFilters(text);
  if (error !== null) return error.message;
  return filters.length === 1 ? "" : `single filter expected at ${JSON.stringify(text)}`;
}

function predicateFault(text: string): string {
  const { predicates, error } = parsePredicates(text);
  if (error !== null) return error.message;
  return predicates.length === 1 ? "" : `single predicate expected at ${JSON.stringify(text)}`;
}

/** A network backend is a scheme and a host, perhaps with user and port, and nothing behind them. */
function addressFault(address: string): string {
  const quoted = JSON.stringify(address);
  const scheme = schemeOf(address);
  // Without a scheme it may be a path, which is an address that parses, but not one of a backend.
  const fault = scheme === "" && !/^[:/]/.test(address) ? relativeFault(address) : checkUrl(address);
  if (fault !== "") return `failed to parse backend address ${quoted}: ${fault}`;
  const authority = scheme === "" ? "" : address.slice(scheme.length + 1);
  return /^\/\/(?:[^/?]*@)?[^/?@]+$/.test(authority)
    ? ""
    : `backend address ${quoted} does not match scheme://host format`;
}

/** What a text that begins neither with a scheme nor with a slash has against being a relative URL. */
function relativeFault(address: string): string {
  const segment = address.split(/[/?]/, 1)[0]!;
  return segment.includes(":")
    ? `parse ${JSON.stringify(address)}: first path segment in URL cannot contain colon`
    : "";
}
