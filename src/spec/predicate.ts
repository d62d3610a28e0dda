// The contract of a predicate: a declaration, and a function from the request to yes or no that is always synchronous.

import type { Headers } from "../http/headers.ts";
import type { AnyArgSpec, ArgValues } from "./args.ts";

/** What a predicate may look at. All strings are byte strings. In a loopback pass it shows the request as filters left it. */
export interface PredicateRequest {
  /** As received; case-sensitive. */
  readonly method: string;
  /** The request host as matching sees it (spec matching 10): with port, dot and letter case; "" when there is none. */
  readonly host: string;
  /** The cleaned, decoded path with its trailing slash (spec matching 3). */
  readonly matchPath: string;
  /** The query without `?`, "" when there is none. */
  readonly rawQuery: string;
  readonly headers: Headers;
  /** IP address of the peer without port or brackets. */
  readonly remoteAddress: string;
  /** Declared length of the body in bytes: 0 without body, -1 when not declared (chunked). */
  readonly contentLength: number;
  /** The random number in [0, 1) of this request: drawn at first use, the same in all loopback passes. */
  trafficSegment(): number;
  /** The members of the W3C baggage that came with the request; null when there are none. */
  baggage(): ReadonlyMap<string, string> | null;
}

export type PredicateTest = (request: PredicateRequest) => boolean;

/** What a predicate may need from outside; tests pass their own. */
export interface PredicateEnv {
  /** Milliseconds since 1970. */
  now(): number;
  /** A random number in [0, 1). */
  random(): number;
  /** True from SIGTERM on. */
  shuttingDown(): boolean;
}

export interface PredicateSpec {
  readonly name: string;
  readonly summary: string;
  readonly details: string;
  readonly args: readonly AnyArgSpec[];
  readonly examples: readonly string[];
  /** True when the number and kind of arguments is not looked at. */
  readonly anyArgs: boolean;
  /** What it adds to the weight of its route (spec matching 7). */
  weight(values: readonly unknown[]): number;
  /** Rules between arguments; gives the message of what is wrong, or "". */
  check(values: readonly unknown[]): string;
  create(values: readonly unknown[], env: PredicateEnv): PredicateTest;
}

/** Declares a predicate. `examples` are whole eskip routes; each is parsed and checked by a test and stands in the reference. */
export function definePredicate<const S extends readonly AnyArgSpec[]>(declaration: {
  name: string;
  summary: string;
  details?: string;
  args: S;
  anyArgs?: boolean;
  examples?: readonly string[];
  weight?: (values: ArgValues<S>) => number;
  check?: (values: ArgValues<S>) => string;
  create: (values: ArgValues<S>, env: PredicateEnv) => PredicateTest;
}): PredicateSpec {
  return {
    name: declaration.name,
    summary: declaration.summary,
    details: declaration.details ?? "",
    args: declaration.args,
    anyArgs: declaration.anyArgs ?? false,
    examples: declaration.examples ?? [],
    // The values come from checkArgs over the same `args`, so they have the types of S.
    weight: (declaration.weight ?? (() => 1)) as PredicateSpec["weight"],
    check: (declaration.check ?? (() => "")) as PredicateSpec["check"],
    create: declaration.create as PredicateSpec["create"],
  };
}
