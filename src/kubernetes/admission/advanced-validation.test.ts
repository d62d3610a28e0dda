import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ingressOf, routeGroupOf } from "../objects.fixture.ts";
import {
  advancedIngressCheck,
  advancedRouteGroupCheck,
  type CheckRoute,
  type ReportFailures,
} from "./advanced-validation.ts";

/** Knows the filter `known`, the predicate `Known` and the scheme http; texts as check-route.ts makes them. */
const checkRoute: CheckRoute = ({ filters, predicates, backend }) => {
  for (const { name } of filters) {
    if (name !== "known") return { reason: "unknown_filter", text: `unknown_filter: filter "${name}" not found` };
  }
  for (const { name } of predicates) {
    if (name === "Tree") return { reason: "other", text: "multiple tree predicates" };
    if (name !== "Known")
      return { reason: "unknown_predicate", text: `unknown_predicate: predicate "${name}" not found` };
  }
  return backend.type !== "network" || backend.address.startsWith("http:")
    ? null
    : { reason: "failed_backend_split", text: "failed_backend_split: no" };
};

function reporting() {
  const reports: Parameters<ReportFailures>[] = [];
  return { reports, report: (...args: Parameters<ReportFailures>) => void reports.push(args) };
}

test("a RouteGroup: each filter, the predicates of each route, each network backend", () => {
  const { reports, report } = reporting();
  const group = routeGroupOf("shop", {
    backends: [
      { name: "a", type: "network", address: "ftp://a.test" },
      { name: "b", type: "network", address: "http://b.test" },
      { name: "c", type: "shunt" },
    ],
    routes: [
      { filters: ["known()", "nope(1)"], predicates: ["Known()", "Nope()"] },
      { filters: ['other("x")'], predicates: ["Known()", "Tree()"] },
      { predicates: ["Known()"] },
    ],
  });
  assert.deepEqual(advancedRouteGroupCheck(checkRoute, report)(group), [
    'invalid filter "nope(1)": unknown_filter: unknown_filter: filter "nope" not found',
    'invalid filter "other(\\"x\\")": unknown_filter: unknown_filter: filter "other" not found',
    'unknown_predicate: unknown_predicate: predicate "Nope" not found',
    "other: other: multiple tree predicates",
    "backend validation failed: failed_backend_split: failed_backend_split: no",
  ]);
  const id = 'validation "RouteGroup" default/shop';
  assert.deepEqual(reports, [
    [
      "RouteGroup default/shop",
      [
        { id: `${id} filters nope`, reason: "unknown_filter" },
        { id: `${id} filters other`, reason: "unknown_filter" },
        { id: `${id} predicates Known,Nope`, reason: "unknown_predicate" },
        { id: `${id} predicates Known,Tree`, reason: "other" },
        { id: `${id} backend`, reason: "failed_backend_split" },
      ],
    ],
  ]);
});

test("an Ingress: each annotation, and each route of the annotation with routes", () => {
  const { reports, report } = reporting();
  const ingress = ingressOf("web", {
    "zalando.org/skipper-filter": "known() -> nope()",
    "zalando.org/skipper-predicate": "Known() && Nope()",
    "zalando.org/skipper-routes":
      'r1: Path("/a") -> nope() -> <shunt>; r2: Known() -> <shunt>; r3: Nope() -> "http://a.test";',
  });
  assert.deepEqual(advancedIngressCheck(checkRoute, report)(ingress), [
    'invalid "zalando.org/skipper-filter" annotation: unknown_filter: unknown_filter: filter "nope" not found',
    'invalid "zalando.org/skipper-predicate" annotation: unknown_predicate: unknown_predicate: predicate "Nope" not found',
    'invalid "zalando.org/skipper-routes" annotation: unknown_filter: unknown_filter: filter "nope" not found',
    'invalid "zalando.org/skipper-routes" annotation: unknown_predicate: unknown_predicate: predicate "Nope" not found',
  ]);
  const ids = reports.flatMap(([, failures]) => failures.map(({ id }) => id));
  assert.deepEqual(
    ids,
    ["filters known,nope", "predicates Known,Nope", "route r1", "route r3"].map(
      (part) => `validation "Ingress" default/web ${part}`,
    ),
  );
});

describe("nothing to complain about is reported too", () => {
  test("a RouteGroup", () => {
    const { reports, report } = reporting();
    const group = routeGroupOf("shop", { backends: [{ name: "a", type: "shunt" }], routes: [null, {}] });
    assert.deepEqual(advancedRouteGroupCheck(checkRoute, report)(group), []);
    assert.deepEqual(reports, [["RouteGroup default/shop", []]]);
  });
  test("an Ingress", () => {
    const { reports, report } = reporting();
    assert.deepEqual(advancedIngressCheck(checkRoute, report)(ingressOf("web", {})), []);
    assert.deepEqual(reports, [["Ingress default/web", []]]);
  });
});
