import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseDocument } from "../eskip/parser.ts";
import { printRoutes } from "../eskip/printer.ts";
import type { Route } from "../eskip/route.ts";
import { extraRoute, pathConflict } from "./extra-routes.ts";
import { pathMatch } from "./ingress-path.ts";
import type { PathMode } from "./settings.ts";

function copy(text: string, path: string, mode: PathMode = "kubernetes-ingress", pathType = ""): Route {
  const [route] = parseDocument(`own: ${text}; other: * -> <shunt>`).routes;
  const match = pathMatch({ path, pathType, backend: { service: "", port: "" } }, mode);
  return extraRoute(route!, "r", ["^h$"], match);
}

describe("a copy has the host and the path of the rule", () => {
  for (const [text, path, mode, expected] of [
    [
      'Method("PUT") -> a() -> <shunt>',
      "/x",
      "kubernetes-ingress",
      'PathRegexp(/^(\\/x)/) && Method("PUT") -> a() -> <shunt>',
    ],
    ['Host(/own/) -> "http://b.test"', "", "kubernetes-ingress", '-> "http://b.test"'],
    ["PathRegexp(/own/) -> <shunt>", "/x", "kubernetes-ingress", "PathRegexp(/^(\\/x)/) -> <shunt>"],
    ["PathRegexp(/own/) -> <shunt>", "/x", "path-prefix", 'PathRegexp(/own/) && PathSubtree("/x") -> <shunt>'],
    ["PathRegexp(/own/) -> <shunt>", "", "kubernetes-ingress", "PathRegexp(/own/) -> <shunt>"],
    [
      'Header("A", "b") && HeaderRegexp("C", /d/) -> <loopback>',
      "",
      "path-prefix",
      'Header("A", "b") && HeaderRegexp("C", /d/) -> <loopback>',
    ],
  ] as const) {
    test(`${text} at ${path || "no path"} in mode ${mode}`, () => {
      const separator = expected.startsWith("->") ? " " : " && ";
      assert.equal(printRoutes([copy(text, path, mode)]), `r: Host(/^h$/)${separator}${expected};`);
    });
  }
  test("but where it brings a path of its own, both are kept", () => {
    const made = copy('Path("/own") -> <shunt>', "/x", "kubernetes-ingress", "Exact");
    assert.equal(printRoutes([made]), 'r: Host(/^h$/) && Path("/own") && Path("/x") -> <shunt>;');
  });
});

describe("paths in conflict", () => {
  for (const [text, mode, pathType, count] of [
    ['Path("/a") -> <shunt>', "path-prefix", "", 2],
    ['PathSubtree("/a") -> <shunt>', "kubernetes-ingress", "Exact", 2],
    ['Path("/a") -> <shunt>', "kubernetes-ingress", "", 0],
    ["PathRegexp(/a/) -> <shunt>", "path-prefix", "", 0],
    ['PathSubtree("/a") && PathSubtree("/b") -> <shunt>', "kubernetes-ingress", "", 2],
    ['Path("/a") && PathSubtree("/b") -> <shunt>', "path-prefix", "", 3],
  ] as const) {
    test(`${text} in mode ${mode}${pathType === "" ? "" : ` at a path that is ${pathType}`}: ${count || "none"}`, () => {
      const conflict = pathConflict(copy(text, "/x", mode, pathType));
      if (count === 0) assert.equal(conflict, "");
      else {
        const begin = `Ignoring route due to multiple path predicates: ${count} path predicates, route: Host(/^h$/)`;
        assert.ok(conflict.startsWith(begin), conflict);
      }
    });
  }
});
