import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseDocument, parsePredicates } from "../eskip/parser.ts";
import { printRoutes } from "../eskip/printer.ts";
import type { Route } from "../eskip/route.ts";
import {
  disabledRedirectRoute,
  globalRedirectRoute,
  ingressRedirectRoute,
  looksAtProto,
  mentionsProto,
  routeGroupRedirectRoute,
} from "./redirects.ts";

const [route] = parseDocument(
  'r: Path("/x") && Cookie("a", "b") -> setPath("/y") -> "http://b.test"; s: * -> <shunt>',
).routes;
const text = (made: Route): string => printRoutes([made]);

test("the global one", () => {
  assert.equal(
    text(globalRedirectRoute(301)),
    'kube__redirect: Header("X-Forwarded-Proto", "http") && Weight(1000) -> redirectTo(301, "https:") -> <shunt>;',
  );
});

test("of an Ingress route", () => {
  assert.equal(
    text(ingressRedirectRoute(route!, 308)),
    'r_https_redirect: Path("/x") && Header("X-Forwarded-Proto", "http") && Cookie("a", "b") && Weight(1000) -> redirectTo(308, "https:") -> <shunt>;',
  );
});

test("of an Ingress that wants none: the route itself, before all redirects", () => {
  assert.equal(
    text(disabledRedirectRoute(route!)),
    'r_disable_https_redirect: Path("/x") && Header("X-Forwarded-Proto", "http") && Cookie("a", "b") && Weight(1000) -> setPath("/y") -> "http://b.test";',
  );
});

test("of a RouteGroup route, without weight", () => {
  assert.equal(
    text(routeGroupRedirectRoute(route!, 302)),
    'r_https_redirect: Path("/x") && Header("X-Forwarded-Proto", "http") && Cookie("a", "b") -> redirectTo(302, "https:") -> <shunt>;',
  );
});

describe("a group's predicates look at the protocol", () => {
  for (const [predicates, expected] of [
    ['Header("X-Forwarded-Proto", "https")', true],
    ['HeaderRegexp("X-Forwarded-Proto", /./)', true],
    ['Header("x-forwarded-proto", "https")', false],
    ['Cookie("X-Forwarded-Proto", "https")', false],
  ] as const) {
    test(`${predicates}: ${expected}`, () => {
      assert.equal(looksAtProto(parsePredicates(predicates).predicates), expected);
    });
  }
});

test("the texts of an Ingress are searched as text", () => {
  assert.ok(mentionsProto("", 'r: Header("X-Forwarded-Proto", "http") -> <shunt>'));
  assert.ok(!mentionsProto('Header( "X-Forwarded-Proto", "http")', 'HeaderRegexp("X-Forwarded-Proto", /./)'));
});
