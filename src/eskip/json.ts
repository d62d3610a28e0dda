// Routes as JSON (spec eskip 9): what `eskip print -json` and `/routes` write, and what programs hand in. Writing shows the
// canonical form; reading takes predicates and filters as they are.

import { canonicalRoute } from "./canonical.ts";
import { endpointText, parseEndpoint } from "./endpoint.ts";
import type { Arg, Backend, Call, Route } from "./route.ts";
import { dynamicBackend, forwardBackend, loopbackBackend, makeRoute, shuntBackend } from "./route.ts";

/** A route that the table refused, with the reason as text (spec route-sources 6.1). */
export interface InvalidRoute {
  readonly route: Route;
  readonly error: string;
}

type JsonValue = string | number | readonly JsonValue[] | JsonFields;
/** Fields in the order in which they are written; undefined ones are left out. */
interface JsonFields {
  readonly [name: string]: JsonValue | undefined;
}

/**
 * Routes as a JSON array without newline at the end. With `escapeHtml` the characters `<`, `>` and `&` are written as escapes.
 * JSON knows no infinity: then there is no text, only an error.
 */
export function routesToJson(routes: readonly Route[], escapeHtml = false): { text: string; error: string } {
  return toJson(routes.map(routeFields), escapeHtml);
}

/** The list of `/routes?invalid=true`: all keys in alphabetical order, `<`, `>` and `&` escaped. */
export function invalidRoutesToJson(list: readonly InvalidRoute[]): { text: string; error: string } {
  return toJson(
    list.map(({ route, error }) => sortKeys({ ...routeFields(route), error }) as JsonFields),
    true,
  );
}

/** Reads one route or an array of routes; all or nothing. */
export function routesFromJson(text: string): { routes: Route[]; error: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { routes: [], error: error instanceof Error ? error.message : "malformed JSON" };
  }
  const routes: Route[] = [];
  for (const item of Array.isArray(value) ? value : [value]) {
    const route = readRoute(item);
    if (typeof route === "string") return { routes: [], error: route };
    routes.push(route);
  }
  return { routes, error: "" };
}

function routeFields(route: Route): JsonFields {
  const canonical = canonicalRoute(route);
  return {
    id: route.id === "" ? undefined : route.id,
    backend: backendFields(canonical.backend),
    predicates: callList(canonical.predicates),
    filters: callList(canonical.filters),
  };
}

function backendFields(backend: Backend): JsonFields | undefined {
  if (backend.type === "network") {
    return backend.address === "" ? undefined : { type: "network", address: backend.address };
  }
  if (backend.type !== "lb") return { type: backend.type };
  const algorithm = backend.algorithm === "" ? undefined : backend.algorithm;
  return { type: "lb", algorithm, endpoints: backend.endpoints.map(endpointText) };
}

function callList(calls: readonly Call[]): JsonFields[] | undefined {
  if (calls.length === 0) return undefined;
  return calls.map(({ name, args }) => ({ name, args: args.length === 0 ? undefined : args }));
}

function sortKeys(value: JsonValue): JsonValue {
  if (typeof value !== "object") return value;
  if (isList(value)) return value.map(sortKeys);
  const sorted: Record<string, JsonValue> = {};
  for (const key of Object.keys(value).sort()) if (value[key] !== undefined) sorted[key] = sortKeys(value[key]);
  return sorted;
}

function isList(value: readonly JsonValue[] | JsonFields): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function toJson(value: readonly JsonFields[], escapeHtml: boolean): { text: string; error: string } {
  const writer = new JsonWriter(escapeHtml);
  const text = writer.write(value);
  return writer.error === "" ? { text, error: "" } : { text: "", error: writer.error };
}

class JsonWriter {
  error = "";
  readonly #escapeHtml: boolean;

  constructor(escapeHtml: boolean) {
    this.#escapeHtml = escapeHtml;
  }

  write(value: JsonValue): string {
    if (typeof value === "string") return this.#string(value);
    if (typeof value === "number") return this.#number(value);
    if (isList(value)) return `[${value.map((item) => this.write(item)).join(",")}]`;
    const fields: string[] = [];
    for (const [name, field] of Object.entries(value)) {
      if (field !== undefined) fields.push(`${this.#string(name)}:${this.write(field)}`);
    }
    return `{${fields.join(",")}}`;
  }

  #number(value: number): string {
    if (!Number.isFinite(value)) {
      this.error = `unsupported value: ${value > 0 ? "+Inf" : value < 0 ? "-Inf" : "NaN"}`;
    }
    return Object.is(value, -0) ? "-0" : String(value);
  }

  #string(text: string): string {
    const json = JSON.stringify(text.toWellFormed()).replace(/[\u2028\u2029]/g, unicodeEscape);
    return this.#escapeHtml ? json.replace(/[<>&]/g, unicodeEscape) : json;
  }
}

function unicodeEscape(c: string): string {
  return `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** The route, or what is wrong with the value. */
function readRoute(value: unknown): Route | string {
  if (!isObject(value)) return "invalid route: expected an object";
  const id = value.id ?? "";
  if (typeof id !== "string") return "invalid route: expected a string as id";
  const backend = readBackend(value.backend ?? {});
  if (typeof backend === "string") return backend;
  const predicates = readCalls(value.predicates ?? [], "predicates");
  if (typeof predicates === "string") return predicates;
  const filters = readCalls(value.filters ?? [], "filters");
  if (typeof filters === "string") return filters;
  return makeRoute({
    id,
    backend,
    ...(predicates.length > 0 && { predicates }),
    ...(filters.length > 0 && { filters }),
  });
}

function readBackend(value: unknown): Backend | string {
  if (!isObject(value)) return "invalid backend: expected an object";
  const { type = "", address = "", algorithm = "", endpoints = [] } = value;
  switch (type ?? "") {
    case "":
    case "network":
      if (typeof address !== "string") return "invalid backend: expected a string as address";
      return { type: "network", address };
    case "lb":
      if (typeof algorithm !== "string") return "invalid backend: expected a string as algorithm";
      if (!Array.isArray(endpoints) || !endpoints.every((item) => typeof item === "string")) {
        return "invalid backend: expected an array of strings as endpoints";
      }
      return { type: "lb", algorithm, endpoints: endpoints.map(parseEndpoint) };
    case "shunt":
      return shuntBackend;
    case "loopback":
      return loopbackBackend;
    case "dynamic":
      return dynamicBackend;
    case "forward":
      return forwardBackend;
    default:
      return `unsupported backend type: ${typeof type === "string" ? type : JSON.stringify(type)}`;
  }
}

function readCalls(value: unknown, field: string): Call[] | string {
  if (!Array.isArray(value)) return `invalid route: expected an array as ${field}`;
  const calls: Call[] = [];
  for (const item of value) {
    if (!isObject(item) || typeof item.name !== "string") return `invalid ${field}: expected objects with a name`;
    const args = item.args ?? [];
    if (!Array.isArray(args) || !args.every(isArg)) return `invalid ${field}: expected numbers and strings as args`;
    calls.push({ name: item.name, args });
  }
  return calls;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isArg(value: unknown): value is Arg {
  return typeof value === "string" || typeof value === "number";
}
