import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defaultOptions, type Options } from "../config/options.ts";
import { checkTranslationFlags, parseTranslationSettings } from "./parse-settings.ts";
import type { TranslationSettings } from "./settings.ts";

const parse = (flags: Partial<Options>): TranslationSettings =>
  parseTranslationSettings({ ...defaultOptions(), ...flags });

test("the defaults of the flags", () => {
  const { ingressClass, routeGroupClass, ...rest } = parse({});
  assert.equal(ingressClass.source, "skipper");
  assert.equal(routeGroupClass.source, "skipper");
  assert.deepEqual(rest, {
    healthcheck: true,
    healthcheckLogsDisabled: true,
    healthcheckCidrs: [],
    reverseSourcePredicate: false,
    httpsRedirect: true,
    httpsRedirectCode: 308,
    catchAll: true,
    pathMode: "kubernetes-ingress",
    endpointSlices: false,
    topologyZone: "",
    eastWestDomain: "",
    eastWestRangeDomains: [],
    eastWestRangePredicates: [],
    external: { predicates: [], filters: [] },
    internal: { predicates: [], filters: [] },
    applicationLabel: "",
    externalNames: false,
    externalNamePreserveHost: false,
    allowedExternalNames: null,
    trafficAlgorithm: "traffic-predicate",
    defaultLbAlgorithm: "roundRobin",
    forceService: false,
    forwardBackendUrl: "",
    backendNameTag: false,
    tls: false,
    hasDefaultFilters: false,
  });
});

const readings: readonly [Partial<Options>, Partial<TranslationSettings>][] = [
  [{ applicationLogLevel: "DEBUG" }, { healthcheckLogsDisabled: false }],
  [{ applicationLogLevel: "trace" }, { healthcheckLogsDisabled: false }],
  [{ whitelistedHealthcheckCidr: "1.2.3.0/24,,::1/128" }, { healthcheckCidrs: ["1.2.3.0/24", "::1/128"] }],
  [{ kubernetesHttpsRedirectCode: 0 }, { httpsRedirectCode: 308 }],
  [{ kubernetesHttpsRedirectCode: 1 }, { httpsRedirectCode: 1 }],
  [{ kubernetesEastWestDomain: ".a.test." }, { eastWestDomain: "" }],
  [{ enableKubernetesEastWest: true }, { eastWestDomain: "skipper.cluster.local" }],
  [{ enableKubernetesEastWest: true, kubernetesEastWestDomain: "..a.test." }, { eastWestDomain: "a.test" }],
  [{ kubernetesDefaultLbAlgorithm: "random" }, { defaultLbAlgorithm: "random" }],
  [{ kubernetesDefaultLbAlgorithm: "unknown" }, { defaultLbAlgorithm: "roundRobin" }],
  [{ kubernetesAllowedExternalName: ["a"] }, { allowedExternalNames: null }],
  [{ kubernetesOnlyAllowedExternalNames: true }, { allowedExternalNames: [] }],
  [{ defaultFiltersDir: "/x" }, { hasDefaultFilters: true }],
  [
    { kubernetesEastWestRangePredicates: "Foo(1) && Bar()" },
    {
      eastWestRangePredicates: [
        { name: "Foo", args: [1] },
        { name: "Bar", args: [] },
      ],
    },
  ],
  [{ kubernetesEastWestRangeDomains: ["a.test", "", "b.test"] }, { eastWestRangeDomains: ["a.test", "b.test"] }],
  [
    { kubernetesAnnotationPredicates: ["", 'a/b=c=Foo("x=y")'], kubernetesAnnotationFiltersAppend: ["a=b=x() -> y()"] },
    {
      external: {
        predicates: [{ key: "a/b", value: "c", items: [{ name: "Foo", args: ["x=y"] }] }],
        filters: [
          {
            key: "a",
            value: "b",
            items: [
              { name: "x", args: [] },
              { name: "y", args: [] },
            ],
          },
        ],
      },
    },
  ],
];

for (const [flags, expected] of readings) {
  test(`${JSON.stringify(flags)} reads as ${JSON.stringify(expected)}`, () => {
    const settings = parse(flags);
    for (const [name, value] of Object.entries(expected)) {
      assert.deepEqual(settings[name as keyof TranslationSettings], value, name);
    }
  });
}

describe("annotation flags that are refused", () => {
  const twice = ["k=v=Foo()", "k=v=Bar()"];
  for (const [flags, message] of [
    [
      { kubernetesAnnotationFiltersAppend: ["k=v"] },
      'invalid annotation filters: ["k=v"], invalid annotation flag: "k=v", failed to get annotation value',
    ],
    [
      { kubernetesEastWestRangeAnnotationPredicates: ["k=v=Foo("] },
      'invalid east-west annotation predicates: ["k=v=Foo("], invalid annotation flag value: "k=v=Foo(", parse failed after token (, position 4: syntax error',
    ],
    [
      { kubernetesEastWestRangeAnnotationFiltersAppend: twice },
      'invalid east-west annotation filters: ["k=v=Foo()" "k=v=Bar()"], invalid annotation flag: "k=v=Bar()", duplicate annotation key-value "k=v"',
    ],
  ] as const) {
    test(message, () => {
      assert.equal(checkTranslationFlags({ ...defaultOptions(), ...flags })?.message, message);
      assert.throws(() => parse(flags), { message });
    });
  }
});

test("a class that is no regular expression ends the start of the data client, not the reading of the flags", () => {
  for (const flags of [{ kubernetesIngressClass: "[" }, { kubernetesRoutegroupClass: "[" }]) {
    assert.equal(checkTranslationFlags({ ...defaultOptions(), ...flags }), null);
    assert.throws(() => parse(flags), { message: "error parsing regexp: missing closing ]: `[`" });
  }
});
