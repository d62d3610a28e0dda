// What -enable-advanced-validation adds to the webhook (spec kubernetes 14): filters, predicates, routes and backends are checked against
// what this process knows. How a route is checked is given as a function; a load of the cluster never validates this deep.

import type { InvalidReason } from "../../eskip/diagnostics.ts";
import { parseDocument, parseFilters, parsePredicates } from "../../eskip/parser.ts";
import { type Call, makeRoute, type Route, shuntBackend } from "../../eskip/route.ts";
import { type Ingress, keyOf, type RouteGroup } from "../objects.ts";
import type { Check } from "./admitter.ts";

/** The first problem of a route, null when the process could use it. */
export type CheckRoute = (route: Route) => { readonly reason: InvalidReason; readonly text: string } | null;

/** A part of an object that the process could not use. */
export interface Failure {
  /** Names object and part: `validation "RouteGroup" team/shop filters nope`. */
  readonly id: string;
  readonly reason: InvalidReason;
}

/** Told after each object: what it was (`RouteGroup team/shop`), and which of its parts failed. */
export type ReportFailures = (object: string, failures: readonly Failure[]) => void;

export function advancedRouteGroupCheck(checkRoute: CheckRoute, report: ReportFailures): Check<RouteGroup> {
  return (group) => {
    const findings = new Findings("RouteGroup", group, checkRoute);
    const routes = (group.spec?.routes ?? []).filter((route) => route !== null);
    for (const text of routes.flatMap(({ filters }) => filters)) {
      const { filters } = parseFilters(text);
      findings.check({ filters }, `filters ${namesOf(filters)}`, `invalid filter ${JSON.stringify(text)}: `);
    }
    for (const route of routes) {
      const predicates = route.predicates.flatMap((text) => parsePredicates(text).predicates);
      findings.check({ predicates }, `predicates ${namesOf(predicates)}`, "");
    }
    for (const { type, address } of group.spec?.backends ?? []) {
      if (type !== "network") continue;
      findings.check({ backend: { type, address } }, "backend", "backend validation failed: ");
    }
    return findings.done(report);
  };
}

export function advancedIngressCheck(checkRoute: CheckRoute, report: ReportFailures): Check<Ingress> {
  return (ingress) => {
    const findings = new Findings("Ingress", ingress, checkRoute);
    const text = (name: string) => ingress.metadata.annotations.get(`zalando.org/skipper-${name}`) ?? "";
    const invalid = (name: string) => `invalid "zalando.org/skipper-${name}" annotation: `;
    const { filters } = parseFilters(text("filter"));
    if (filters.length > 0) findings.check({ filters }, `filters ${namesOf(filters)}`, invalid("filter"));
    const { predicates } = parsePredicates(text("predicate"));
    if (predicates.length > 0) {
      findings.check({ predicates }, `predicates ${namesOf(predicates)}`, invalid("predicate"));
    }
    for (const route of parseDocument(text("routes")).routes) {
      findings.check(route, `route ${route.id}`.trimEnd(), invalid("routes"));
    }
    return findings.done(report);
  };
}

/** The faults of one object, while it is looked through. */
class Findings {
  readonly #key: string;
  readonly #object: string;
  readonly #id: string;
  readonly #checkRoute: CheckRoute;
  readonly #faults: string[] = [];
  readonly #failures: Failure[] = [];

  constructor(kind: string, object: Ingress | RouteGroup, checkRoute: CheckRoute) {
    this.#key = keyOf(object);
    this.#object = `${kind} ${this.#key}`;
    this.#id = `validation "${kind}" ${this.#key}`;
    this.#checkRoute = checkRoute;
  }

  /** `part` stands behind the id of the object, `prefix` before what is wrong. What is no route is checked as part of one. */
  check(route: Partial<Route>, part: string, prefix: string): void {
    const problem = this.#checkRoute(makeRoute({ id: this.#key, backend: shuntBackend, ...route }));
    if (problem === null) return;
    const { reason, text } = problem;
    const detail = text.startsWith(`${reason}: `) ? text : `${reason}: ${text}`;
    this.#faults.push(`${prefix}${reason}: ${detail}`);
    this.#failures.push({ id: `${this.#id} ${part}`, reason });
  }

  done(report: ReportFailures): readonly string[] {
    report(this.#object, this.#failures);
    return this.#faults;
  }
}

function namesOf(calls: readonly Call[]): string {
  return calls.map(({ name }) => name).join(",");
}
