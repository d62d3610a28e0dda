// One test from all predicates of a route but its path (spec matching 6): method, hosts, path patterns, headers, header patterns,
// then the others as written; it ends at the first that fails. Called when a worker builds a route, by who implements BuildRoute.

import { normalizeSlots } from "../eskip/canonical.ts";
import type { Arg, Route } from "../eskip/route.ts";
import { checkArgs } from "../spec/args.ts";
import type { PredicateEnv, PredicateRequest, PredicateTest } from "../spec/predicate.ts";
import type { Registry } from "../spec/registry.ts";
import { creationFailure } from "./creation-failure.ts";

/** Predicates that are never asked: the tree does them, or they say nothing about a request. */
const NOT_ASKED: ReadonlySet<string> = new Set(["Path", "PathSubtree", "Weight", "Any", "*"]);

/** The test of a checked route; throws for requests that come to a predicate which could not be created. */
export function buildMatcher(route: Route, registry: Registry, env: PredicateEnv): PredicateTest {
  const tests: PredicateTest[] = [];
  const add = (name: string, args: readonly Arg[]): void => {
    try {
      tests.push(createTest(name, args, registry, env));
    } catch (cause) {
      tests.push(failing(creationFailure(`route ${route.id}: predicate ${name}`, cause)));
    }
  };
  const normal = normalizeSlots(route);
  if (normal.method !== "") add("Method", [normal.method]);
  for (const pattern of normal.hostRegexps) add("Host", [pattern]);
  for (const pattern of normal.pathRegexps) add("PathRegexp", [pattern]);
  for (const [name, value] of normal.headers) add("Header", [name, value]);
  for (const [name, patterns] of normal.headerRegexps)
    for (const pattern of patterns) add("HeaderRegexp", [name, pattern]);
  for (const call of normal.predicates) if (!NOT_ASKED.has(call.name)) add(call.name, call.args);
  return allOf(tests);
}

function createTest(name: string, args: readonly Arg[], registry: Registry, env: PredicateEnv): PredicateTest {
  const spec = registry.predicate(name);
  if (spec === undefined) throw new Error(`predicate ${name} is not registered`);
  if (spec.anyArgs) return spec.create([], env);
  const checked = checkArgs(spec.args, args);
  if ("error" in checked) throw new Error(`predicate ${name}: ${checked.error.message}`);
  return spec.create(checked.values, env);
}

function failing(error: Error): PredicateTest {
  return () => {
    throw error;
  };
}

function allOf(tests: readonly PredicateTest[]): PredicateTest {
  const [first, second] = tests;
  if (first === undefined) return always;
  if (second === undefined) return first;
  if (tests.length === 2) return (request) => first(request) && second(request);
  return (request) => passesAll(tests, request);
}

function always(): boolean {
  return true;
}

function passesAll(tests: readonly PredicateTest[], request: PredicateRequest): boolean {
  for (let i = 0; i < tests.length; i++) if (!tests[i]!(request)) return false;
  return true;
}
