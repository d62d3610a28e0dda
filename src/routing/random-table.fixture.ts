// Random changes of a routing table and random requests, for the tests that compare the table with its twin. Everything comes from
// one seed: a failure can be run again, and two threads can make the same.

import { parseRoutes } from "../eskip/parser.ts";
import type { Route } from "../eskip/route.ts";
import type { RouteText } from "../spec/data-client.ts";
import type { PredicateRequest, PredicateTest } from "../spec/predicate.ts";
import { toByteString } from "../util/bytes.ts";
import { sharedBytes } from "../util/shared-arena.ts";
import { buildMatcher } from "./build-matcher.ts";
import { ReferenceMatcher, type ReferenceRoute } from "./matcher.reference.ts";
import { requestOf, routeOf, testEnv, testRegistry } from "./table.fixture.ts";
import type { TableTransaction } from "./table-transaction.ts";

/** A whole number from 0 to below `below`. */
export type Random = (below: number) => number;

/** A linear congruence. */
export function randomOf(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export function pick<T>(random: Random, list: readonly T[]): T {
  return list[random(list.length)]!;
}

/** One route as delivered. */
export interface Delivered {
  readonly route: Route;
  readonly expression: string;
  /** All predicates but the path; null for a route that the table has to refuse. */
  readonly matches: PredicateTest | null;
}

/** One transaction of one source. */
export interface RandomChange {
  readonly source: number;
  readonly isReset: boolean;
  readonly upserts: readonly Delivered[];
  readonly deletes: readonly string[];
  /** The routes come as parts of one text, as from a file. */
  readonly asText: boolean;
}

const SOURCES = 3;

/** Few, so that routes meet. */
const SEGMENTS = ["a", "b", "a", "b", "abc", "abd", "x%2F", "a.b", ":x", ":y", ":", ":x", "\u00fc", ":a:b"];
const ENDS = ["", "", "", "/", "/*", "/**", "/*rest"];
const ODD_PATHS = [
  "/a//b",
  "/a/./b/..",
  "a",
  "a/",
  "\u00fc/",
  "/a/b:c",
  "/a*/b",
  "/:x/a:b",
  "",
  "/",
  "//",
  "/.",
  "/a".repeat(40),
  "/:x".repeat(36),
  `${"/a".repeat(38)}/*rest`,
];

const PREDICATES = [
  // Names, one and several, in all forms that the index reads.
  'Host("^a[.]test$")',
  'Host("^(a[.]test[.]?(:[0-9]+)?)$")',
  'Host("^(a[.]test[.]?(:[0-9]+)?|b[.]test[.]?(:[0-9]+)?)$")',
  'Host("^(?:c[.]test|1[.]2[.]3[.]4(?::[0-9]+)?|A[.]test)$")',
  'Host("^x[.]y[.]test[.]?$")',
  'HostAny("a.test", "c.test:80", "")',
  'HostAny("b.test", "x.y.test.", "a.test")',
  'HostAny("[::1]:80", "\u00fc.test")',
  // One label more.
  'Host("^([^.]+[.]test[.]?(:[0-9]+)?)$")',
  'Host("^([a-z0-9-]+[.]test|[^.]+[.]y[.]test)$")',
  // What only an expression can say.
  'Host("test")',
  'Host("^a[.]test")',
  'Host("(?i)^a[.]test$")',
  'Host("^a.test$|^$")',
  'Host("")',
  'Host("^[^:]*$")',
  'Method("GET")',
  'Header("X", "1")',
  'Header("X", "1") && Header("x", "1")',
  'HeaderRegexp("X", "^2?$")',
  "Weight(2)",
  "Weight(-3)",
  "Weight(0.9)",
  "TrafficSegment(0, 1)",
  "True()",
  "False()",
  'PathRegexp("/$")',
  'PathRegexp("b")',
];
const REFUSED = [
  "Nope()",
  "Host(/(/)",
  'HeaderRegexp("X", "*")',
  'Path("/a/*x/b")',
  'PathSubtree("/a") && PathSubtree("/b")',
  'Weight("1")',
];

const REQUEST_SEGMENTS = [
  "a",
  "b",
  "a",
  "b",
  "abc",
  "abd",
  "x%2F",
  "a.b",
  "\u00c3\u00bc",
  "+",
  "%zz",
  "%2B",
  "c",
  ":x",
  "*",
];
const HOSTS = [
  "a.test",
  "a.test",
  "b.test:80",
  "a.test.",
  "a.test.:80",
  "a.test:",
  "c.test:80",
  "c.test",
  "x.y.test",
  "x.y.test.",
  "test",
  "",
  "A.test",
  "1.2.3.4:5",
  "[::1]:80",
  "\u00c3\u00bc.test",
  "z.test..",
  ".test",
];

function randomPath(random: Random, segments: readonly string[], ends: readonly string[]): string {
  let path = "";
  for (let i = random(5); i > 0; i--) path += `/${pick(random, segments)}`;
  return path + pick(random, ends);
}

function randomExpression(
  random: Random,
  isNarrow: boolean,
): { readonly expression: string; readonly isValid: boolean } {
  if (random(25) === 0) return { expression: `${pick(random, REFUSED)} -> <shunt>`, isValid: false };
  const predicates: string[] = [];
  const kind = random(9);
  if (kind > 0) {
    const isOdd = !isNarrow && random(8) === 0;
    const path = isOdd ? pick(random, ODD_PATHS) : isNarrow ? "/a" : randomPath(random, SEGMENTS, ENDS);
    predicates.push(`${kind < 5 ? "Path" : "PathSubtree"}("${path}")`);
  }
  for (let i = random(4); i > 0; i--) {
    const predicate = pick(random, PREDICATES);
    const name = predicate.slice(0, predicate.indexOf("("));
    const isRepeatable = name === "Host" || name === "HostAny" || name === "Weight";
    if (isRepeatable || !predicates.some((known) => known.startsWith(`${name}(`))) predicates.push(predicate);
  }
  return { expression: `${predicates.join(" && ") || "*"} -> <shunt>`, isValid: true };
}

/** What the sources delivered, in Maps: the twin of RoutingTable. Also says what they deliver next. */
export class RandomTable {
  readonly #random: Random;
  readonly #ids: readonly string[];
  readonly #isNarrow: boolean;
  readonly #sources: readonly Map<string, Delivered>[] = Array.from({ length: SOURCES }, () => new Map());

  /** `isNarrow`: all routes that have a path have the same, so that many come and go at one place. */
  constructor(random: Random, ids: number, isNarrow: boolean) {
    this.#random = random;
    this.#isNarrow = isNarrow;
    // Their byte order is not that of their letters.
    this.#ids = Array.from({ length: ids }, (_, i) => `${["r", "R", "_", "\u00e9"][i % 4]}${i}`);
  }

  /** The next change; the twin itself stays as it is. */
  propose(): RandomChange {
    const random = this.#random;
    const source = random(SOURCES);
    const known = this.#sources[source]!;
    const upserts: Delivered[] = [];
    for (let i = random(7); i > 0; i--) {
      const id = pick(random, this.#ids);
      const former = known.get(id);
      // What comes again unchanged must be no change.
      if (former !== undefined && random(5) === 0) upserts.push(former);
      else {
        const { expression, isValid } = randomExpression(random, this.#isNarrow);
        const route = routeOf(id, expression);
        upserts.push({ route, expression, matches: isValid ? buildMatcher(route, testRegistry, testEnv) : null });
      }
    }
    const deletes = Array.from({ length: random(3) }, () => pick(random, this.#ids));
    const isAscii = upserts.every(({ route }) => /^\w+$/.test(route.id));
    return { source, isReset: random(14) === 0, upserts, deletes, asText: isAscii && random(2) === 0 };
  }

  /** Takes a change over. */
  accept({ source, isReset, upserts, deletes }: RandomChange): void {
    const routes = this.#sources[source]!;
    if (isReset) routes.clear();
    for (const id of deletes) routes.delete(id);
    for (const one of upserts) routes.set(one.route.id, one);
  }

  /** Of each id what the highest source delivered. */
  #winners(): Delivered[] {
    const merged = new Map<string, Delivered>();
    for (const source of this.#sources) for (const [id, one] of source) merged.set(id, one);
    return [...merged.values()];
  }

  /** The ids of the valid and of the refused routes, sorted by their bytes. */
  ids(isValid: boolean): string[] {
    const ids = this.#winners().filter(({ matches }) => (matches !== null) === isValid);
    return ids.map(({ route }) => route.id).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  snapshot(ignoreTrailingSlash: boolean): RandomSnapshot {
    return new RandomSnapshot(this.#winners(), ignoreTrailingSlash);
  }
}

/** The twin as it was at some time, with what requests need to meet its routes. */
export class RandomSnapshot {
  readonly matcher: ReferenceMatcher;
  readonly #paths: readonly string[];

  constructor(routes: readonly Delivered[], ignoreTrailingSlash: boolean) {
    const valid: ReferenceRoute[] = [];
    for (const { route, matches } of routes) if (matches !== null) valid.push({ route, matches });
    this.matcher = new ReferenceMatcher(valid, ignoreTrailingSlash);
    this.#paths = routes.flatMap(({ expression }) => /Path(?:Subtree)?\("(.+?)"\)/.exec(expression)?.[1] ?? []);
  }

  /** Half of the requests go to the path of some route. */
  request(random: Random): PredicateRequest {
    const isMeant = this.#paths.length > 0 && random(2) === 0;
    const path = isMeant
      ? filledPath(random, pick(random, this.#paths))
      : randomPath(random, REQUEST_SEGMENTS, ["", "", "/"]);
    return requestOf({
      path,
      host: pick(random, HOSTS),
      method: pick(random, ["GET", "PUT"]),
      headers: pick<Readonly<Record<string, string>>>(random, [{ X: "1" }, { X: "2" }, {}]),
    });
  }
}

/** A path that the definition may match: its wildcards filled, and sometimes more behind it. */
function filledPath(random: Random, definition: string): string {
  const parts = definition.split("/").map((part) => {
    if (part.startsWith("*")) return randomPath(random, REQUEST_SEGMENTS, ["", "/"]).slice(1);
    return part.startsWith(":") ? pick(random, REQUEST_SEGMENTS) : toByteString(part);
  });
  return parts.join("/") + pick(random, ["", "", "", "/", "/a", "/b/a"]);
}

/** Delivers a change to the table; `between` runs after each route. */
export function deliver(transaction: TableTransaction, change: RandomChange, between: () => void = () => {}): void {
  if (change.isReset) transaction.reset();
  if (change.asText) {
    for (const [route, text] of textsOf(change.upserts)) {
      transaction.upsert(route, text);
      between();
    }
  } else {
    for (const { route } of change.upserts) {
      transaction.upsert(route);
      between();
    }
  }
  for (const id of change.deletes) transaction.delete(id);
}

/** The routes parsed from one text in shared memory. */
function textsOf(upserts: readonly Delivered[]): [Route, RouteText][] {
  const text = Buffer.from(upserts.map(({ route, expression }) => `${route.id}: ${expression};\n`).join(""));
  const bytes = sharedBytes(text.length);
  bytes.set(text);
  const parsed: [Route, RouteText][] = [];
  const error = parseRoutes(bytes, (route, start, end) => parsed.push([route, { bytes, start, end }]));
  if (error !== null) throw new Error(error.message);
  return parsed;
}
