import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseDocument } from "../eskip/parser.ts";
import { printRoutes } from "../eskip/printer.ts";
import type { Route } from "../eskip/route.ts";
import { catchesAll, hasOnlyHosts, ingressCatchAlls } from "./catch-all.ts";

const route = (predicates: string): Route => parseDocument(`r: ${predicates} -> <shunt>`).routes[0]!;

describe("what routes leave to a catch-all", () => {
  for (const [predicates, all, hosts] of [
    ["*", true, true],
    ["Host(/a/)", true, true],
    ["Host(/a/) && PathRegexp(/^\\//)", true, false],
    ["PathRegexp(/\\//)", false, false],
    ["PathRegexp(/^\\//) && PathRegexp(/x/)", false, false],
    ['PathSubtree("/x")', true, false],
    ['Method("GET")', true, false],
    ['HeaderRegexp("A", /b/)', true, false],
    ['Header("A", "b")', true, false],
    ['Path("/x")', true, false],
  ] as const) {
    test(predicates, () => {
      const made = route(predicates);
      assert.equal(catchesAll(made), all);
      // Routes of groups have headers as predicates, never in their slots.
      if (made.headers.length + made.headerRegexps.length === 0 && made.path === "") {
        assert.equal(hasOnlyHosts(made), hosts);
      }
    });
  }
});

describe("the catch-all of a host", () => {
  const host = "Host(/^a$/)";
  const overHttp = 'Header("X-Forwarded-Proto", "http") && Weight(1000)';
  for (const [name, redirects, expected] of [
    ["alone", { code: 0, isDisabled: false }, []],
    ["with a redirect", { code: 302, isDisabled: false }, ["redirect"]],
    ["without redirect", { code: 0, isDisabled: true }, ["disabled"]],
    ["with both, said by two Ingresses", { code: 302, isDisabled: true }, ["redirect", "disabled"]],
  ] as const) {
    test(name, () => {
      const companions: Readonly<Record<string, string>> = {
        redirect: `kube___catchall__a_____https_redirect: ${host} && ${overHttp} -> redirectTo(302, "https:") -> <shunt>;`,
        disabled: `kube___catchall__a_____disable_https_redirect: ${host} && ${overHttp} -> <shunt>;`,
      };
      assert.equal(
        printRoutes(ingressCatchAlls("a", ["^a$"], redirects)),
        [`kube___catchall__a____: ${host} -> <shunt>;`, ...expected.map((one) => companions[one])].join("\n"),
      );
    });
  }
});
