import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRoute, shuntBackend } from "../eskip/route.ts";
import { routeOf, testRegistry } from "./table.fixture.ts";
import { LAST_RESORT, routeWeight } from "./weight.ts";

const table: readonly (readonly [string, number])[] = [
  ["*", 0],
  ["Any()", 0],
  ['Path("/a")', 0],
  ['PathSubtree("/a")', 0],
  ['Method("GET")', 1],
  ['Method("")', 0],
  ['Host("a") && Host("b") && PathRegexp("c")', 3],
  ['Header("A", "x") && Header("a", "y") && Header("B", "z")', 2],
  ['HeaderRegexp("A", "x") && HeaderRegexp("A", "y")', 1],
  ['Header("A", "x") && HeaderRegexp("A", "x")', 2],
  ["True() && False()", 2],
  ['HostAny("a", "b")', 1],
  ['Methods("GET", "PUT")', 1],
  ["Traffic(0.5)", 1],
  ["TrafficSegment(0, 1)", 0],
  ["Weight(1.9) && Weight(3)", 4],
  ["Weight(-1.9)", -1],
  [`Weight(1${"0".repeat(400)}) && True()`, Number.MAX_SAFE_INTEGER],
  ['Weight(-5) && Method("GET")', -4],
  ['Source("10.0.0.0/8") && Cookie("a", "b") && Weight(100)', 102],
];

const weightOf = (expression: string) => routeWeight(routeOf("r", expression), testRegistry);

test("weights are those of the spec's table", () => {
  for (const [predicates, weight] of table) {
    assert.equal(weightOf(`${predicates} -> "http://backend.test"`), weight, predicates);
  }
});

test("a shunt without path goes behind equal routes, and before all others", () => {
  assert.equal(weightOf("* -> <shunt>"), -LAST_RESORT);
  assert.equal(weightOf('Host("a") -> status(404) -> <shunt>'), 1 - LAST_RESORT);
  for (const predicates of ['Path("/a")', 'PathSubtree("/a")', 'PathRegexp("a") && Weight(-1)']) {
    assert.equal(weightOf(`${predicates} -> <shunt>`), 0, predicates);
  }
  assert.equal(weightOf('Host("a") -> <loopback>'), 1);
});

test("classic predicates outside of their slots weigh the same", () => {
  const route = makeRoute({
    id: "r",
    backend: shuntBackend,
    predicates: [
      { name: "Path", args: ["/a"] },
      { name: "Host", args: ["a"] },
      { name: "Method", args: ["GET"] },
      { name: "Header", args: ["A", "1"] },
      { name: "Header", args: ["a", "2"] },
      { name: "HeaderRegexp", args: ["A", "1"] },
      { name: "*", args: [] },
    ],
  });
  assert.equal(routeWeight(route, testRegistry), 4);
});
