import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { printFilters } from "../eskip/printer.ts";
import { type IngressOptions, readIngressOptions } from "./ingress-options.ts";
import { metadataOf } from "./objects.fixture.ts";
import { plainSettings } from "./settings.fixture.ts";
import type { TranslationSettings } from "./settings.ts";
import type { Problem } from "./translation.ts";

const PREFIX = "zalando.org/";

function read(
  annotations: Readonly<Record<string, string>>,
  settings: Partial<TranslationSettings> = {},
): IngressOptions & { readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const named = Object.fromEntries(Object.entries(annotations).map(([name, value]) => [PREFIX + name, value]));
  const options = readIngressOptions(metadataOf("web", named), { ...plainSettings, ...settings }, problems);
  return { ...options, problems };
}

test("without annotations an Ingress is as the flags say", () => {
  const options = read({}, { pathMode: "path-prefix", defaultLbAlgorithm: "random", forwardBackendUrl: "http://x" });
  assert.deepEqual(options, {
    scheme: "",
    zoneAware: true,
    application: [],
    redirect: null,
    redirectCode: 308,
    pathMode: "path-prefix",
    filters: [],
    predicates: [],
    extraRoutes: [],
    lbAlgorithm: "random",
    forwardUrl: "",
    weights: new Map(),
    pathRedirect: null,
    hostRedirect: null,
    problems: [],
  });
});

test("empty annotations count as absent, but for the algorithm", () => {
  const names = ["ratelimit", "skipper-filter", "skipper-predicate", "skipper-routes", "skipper-backend"];
  const more = ["skipper-backend-protocol", "skipper-ingress-path-mode", "backend-weights"];
  const redirects = ["skipper-ingress-redirect", "skipper-ingress-redirect-code", "traffic-zone-aware"];
  const empty = Object.fromEntries([...names, ...more, ...redirects].map((name) => [name, ""]));
  assert.deepEqual(read(empty), read({}));
  assert.equal(read({ "skipper-loadbalancer": "" }).lbAlgorithm, "");
});

describe("weights", () => {
  for (const [text, expected] of [
    ['{"a": 1, "b": 0.5}', { a: 1, b: 0.5 }],
    ['{"a": null}', {}],
    ["null", {}],
    ['{"a": "1"}', 'weight of a: expected a number, got "1"'],
    ["[1]", "expected an object of numbers, got [1]"],
    ["7", "expected an object of numbers, got 7"],
    ['{"a": 1', ""],
  ] as const) {
    test(text, () => {
      const { weights, problems } = read({ "backend-weights": text });
      if (typeof expected !== "string") assert.deepEqual(Object.fromEntries(weights), expected);
      else {
        assert.equal(weights.size, 0);
        assert.ok(problems[0]!.message.startsWith(`Error while parsing backend-weights annotation: ${expected}`));
      }
    });
  }
});

describe("the redirect code", () => {
  for (const [text, code] of [
    ["300", 300],
    ["399", 399],
    ["+302", 302],
    ["299", null],
    ["400", null],
    ["302.0", null],
    [" 302", null],
    ["99999999999999999999", null],
  ] as const) {
    test(`${JSON.stringify(text)}: ${code ?? "that of the flag"}`, () => {
      const { redirectCode, problems } = read({ "skipper-ingress-redirect-code": text }, { httpsRedirectCode: 307 });
      assert.equal(redirectCode, code ?? 307);
      assert.deepEqual(
        problems.map(({ level, bare }) => [level, bare]),
        code === null ? [["error", true]] : [],
      );
    });
  }
});

describe("redirects of paths and of the host", () => {
  const own = 'Header("X-Forwarded-Proto", "http")';
  for (const [name, annotations, flag, paths, host] of [
    ["by flag", {}, true, 308, 308],
    ["by annotation", { "skipper-ingress-redirect": "true" }, false, 308, 308],
    ["off by annotation", { "skipper-ingress-redirect": "false" }, true, "disabled", "disabled"],
    ["off by annotation, without flag", { "skipper-ingress-redirect": "false" }, false, "disabled", "disabled"],
    ["by flag, whatever another word says", { "skipper-ingress-redirect": "yes" }, true, 308, 308],
    ["none", {}, false, null, null],
    ["of its own predicate", { "skipper-predicate": own }, true, null, 308],
    ["of its own routes", { "skipper-routes": `${own} -> <shunt>` }, true, null, 308],
  ] as const) {
    test(name, () => {
      const { pathRedirect, hostRedirect } = read(annotations, { httpsRedirect: flag });
      assert.deepEqual([pathRedirect, hostRedirect], [paths, host]);
    });
  }
});

test("rate limits stand before the other filters, and fail with them", () => {
  assert.equal(printFilters(read({ ratelimit: "a()", "skipper-filter": "b() -> c()" }).filters), "a() -> b() -> c()");
  assert.equal(printFilters(read({ ratelimit: "a()" }).filters), "a()");
  assert.equal(printFilters(read({ ratelimit: "a() // five", "skipper-filter": "b()" }).filters), "a() -> b()");
  const { filters, problems } = read({ ratelimit: "a(", "skipper-filter": "b()" });
  assert.deepEqual(filters, []);
  assert.match(problems[0]!.message, /^Cannot parse annotation filters: parse failed after token ->/);
});

test("a path mode that does not exist is reported, and that of the flag used", () => {
  const { pathMode, problems } = read({ "skipper-ingress-path-mode": "exact" }, { pathMode: "path-regexp" });
  assert.equal(pathMode, "path-regexp");
  assert.deepEqual(problems, [
    { level: "error", message: "Failed to get path mode: invalid path mode string: exact", bare: false },
  ]);
});

test("forward counts with an address only, other backends never", () => {
  const settings = { forwardBackendUrl: "http://next.test" };
  assert.equal(read({ "skipper-backend": "forward" }, settings).forwardUrl, "http://next.test");
  assert.equal(read({ "skipper-backend": "forward" }).forwardUrl, "");
  assert.equal(read({ "skipper-backend": "shunt" }, settings).forwardUrl, "");
});
