// The route as data: what the eskip parser, the data clients and the pre-processors hand around, before anything is built from it.
// Strings are ordinary Unicode strings here; the data plane turns them into byte strings (util/bytes.ts) when a route is built.
// A Route is never changed after it was made: whoever needs another one makes a copy.

/** An eskip argument: a number is an IEEE-754 double; a string and a regexp literal are the same thing after lexing (spec eskip 2.3). */
export type Arg = number | string;

/** One predicate or filter with its arguments, as written. */
export interface Call {
  readonly name: string;
  readonly args: readonly Arg[];
}

/** An endpoint of a load balanced backend; `zone` is "" when the route gives none (spec eskip 5.3). */
export interface LbEndpoint {
  readonly address: string;
  readonly zone: string;
}

export type Backend =
  | { readonly type: "network"; readonly address: string }
  | { readonly type: "lb"; readonly algorithm: string; readonly endpoints: readonly LbEndpoint[] }
  | { readonly type: "shunt" }
  | { readonly type: "loopback" }
  | { readonly type: "dynamic" }
  | { readonly type: "forward" };

/**
 * A route definition (spec eskip 4). The six classic matchers have slots when the route comes from an eskip document;
 * routes from other notations may carry the same predicates in `predicates` instead.
 */
export interface Route {
  /** "" for a single expression without id. */
  readonly id: string;
  /** Argument of `Path`, "" when not set. */
  readonly path: string;
  readonly hostRegexps: readonly string[];
  readonly pathRegexps: readonly string[];
  /** Argument of `Method`, "" when not set. */
  readonly method: string;
  /** Name and value of each `Header`, in document order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Name and patterns of each `HeaderRegexp`, in document order; one entry per name. */
  readonly headerRegexps: readonly (readonly [name: string, patterns: readonly string[]])[];
  /** All other predicates, in document order. */
  readonly predicates: readonly Call[];
  readonly filters: readonly Call[];
  readonly backend: Backend;
}

const none: readonly never[] = Object.freeze([]);

/** The shared backends without fields, so that a table of many routes holds each once. */
export const shuntBackend: Backend = Object.freeze({ type: "shunt" });
export const loopbackBackend: Backend = Object.freeze({ type: "loopback" });
export const dynamicBackend: Backend = Object.freeze({ type: "dynamic" });
export const forwardBackend: Backend = Object.freeze({ type: "forward" });

/** A route with every field present; absent fields share one empty list. */
export function makeRoute(fields: Partial<Route> & { id: string; backend: Backend }): Route {
  return {
    id: fields.id,
    path: fields.path ?? "",
    hostRegexps: fields.hostRegexps ?? none,
    pathRegexps: fields.pathRegexps ?? none,
    method: fields.method ?? "",
    headers: fields.headers ?? none,
    headerRegexps: fields.headerRegexps ?? none,
    predicates: fields.predicates ?? none,
    filters: fields.filters ?? none,
    backend: fields.backend,
  };
}
