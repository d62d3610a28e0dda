import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parsePredicates } from "../eskip/parser.ts";
import { printCall } from "../eskip/printer.ts";
import { pathMatch, withAnnotated } from "./ingress-path.ts";

describe("a path", () => {
  for (const [path, pathType, mode, expected] of [
    ["/x", "Exact", "path-regexp", 'Path("/x")'],
    ["/x", "Prefix", "path-regexp", 'PathSubtree("/x")'],
    ["/x", "ImplementationSpecific", "kubernetes-ingress", "/^(/x)/"],
    ["/", "", "kubernetes-ingress", "/^//"],
    ["/x", "", "path-regexp", "//x/"],
    ["/", "", "path-regexp", "///"],
    ["/x", "", "path-prefix", 'PathSubtree("/x")'],
    ["/x", "unknown", "path-prefix", 'PathSubtree("/x")'],
    ["", "Exact", "path-prefix", ""],
  ] as const) {
    test(`"${path}" of type "${pathType}" in mode ${mode}: ${expected}`, () => {
      const backend = { service: "", port: "" };
      const { pathRegexps, predicates } = pathMatch({ path, pathType, backend }, mode);
      assert.equal([...pathRegexps.map((pattern) => `/${pattern}/`), ...predicates.map(printCall)].join(), expected);
    });
  }
});

describe("predicates of the annotation", () => {
  const calls = (text: string) => parsePredicates(text).predicates;
  for (const [own, annotated, mode, expected] of [
    ['PathSubtree("/x")', 'Path("/y") && True()', "path-prefix", 'Path("/y") True()'],
    ['PathSubtree("/x")', 'Path("/y") && PathSubtree("/z")', "path-prefix", 'Path("/y") PathSubtree("/z")'],
    ['PathSubtree("/x")', "True()", "path-prefix", 'PathSubtree("/x") True()'],
    ['PathSubtree("/x")', 'Path("/y")', "kubernetes-ingress", 'PathSubtree("/x") Path("/y")'],
    ["", 'Path("/y")', "path-prefix", 'Path("/y")'],
  ] as const) {
    test(`${annotated} with ${own || "no path"} in mode ${mode}`, () => {
      assert.equal(withAnnotated(calls(own), calls(annotated), mode).map(printCall).join(" "), expected);
    });
  }
});
