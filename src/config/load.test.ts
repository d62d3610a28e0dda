import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { optionChecks } from "../app/option-checks.ts";
import { loadConfig } from "./load.ts";
import type { Options } from "./options.ts";

const folder = mkdtempSync(join(tmpdir(), "config-"));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, "config.yaml");

async function load(yaml: string, ...argv: string[]) {
  writeFileSync(file, yaml);
  return loadConfig("skipper", ["-config-file", file, ...argv], optionChecks);
}

async function options(yaml: string, ...argv: string[]): Promise<Options> {
  const result = await load(yaml, ...argv);
  assert.ok(result.type === "run", JSON.stringify(result));
  return result.options;
}

const accepted: [string, Partial<Options>][] = [
  ["", {}],
  ["# nothing\n", {}],
  ["---\naddress: ':1'\n", { address: ":1" }],
  ["address: 8080", { address: "8080" }],
  ["address: 007", { address: "007" }],
  ["address: yes", { address: "yes" }],
  ["address: &x ':7'\ninsecure-address: *x", { address: ":7", insecureAddress: ":7" }],
  ["inline-routes: |\n  r: * ->\n  <shunt>;\n", { inlineRoutes: "r: * ->\n<shunt>;\n" }],
  ["address: ':1'\naddress: ':2'", { address: ":2" }],
  ["address: ':1'\naddress: ~", { address: ":9090" }],
  ["address:", { address: ":9090" }],
  ["unknown-key: [1, {a: b}]\n3: x", {}],
  ["config-file: other.yaml", { configFile: file }],
  ["insecure: true", { insecure: true }],
  ["insecure: yes", { insecure: true }],
  ["insecure: on\nvalidate-query: off", { insecure: true, validateQuery: false }],
  ["idle-conns-num: 0x10", { idleConnsNum: 16 }],
  ["idle-conns-num: 1_000", { idleConnsNum: 1000 }],
  ["idle-conns-num: 2.9", { idleConnsNum: 2 }],
  ["idle-conns-num: -3", { idleConnsNum: -3 }],
  ["prometheus-native-histogram-bucket-factor: 2", { prometheusNativeHistogramBucketFactor: 2 }],
  ["prometheus-native-histogram-bucket-factor: 1.25", { prometheusNativeHistogramBucketFactor: 1.25 }],
  ["timeout-backend: 3s", { timeoutBackend: 3000 }],
  ["timeout-backend: '3s'", { timeoutBackend: 3000 }],
  ["timeout-backend: 1500000", { timeoutBackend: 1.5 }],
  ["routes-urls: [http://a, 5]", { routesUrls: ["http://a", "5"] }],
  ["routes-urls:\n- http://a\n- http://b", { routesUrls: ["http://a", "http://b"] }],
  ["routes-urls: []", { routesUrls: [] }],
  ["routes-file: a,b", { routesFile: "a,b" }],
  ["kubernetes: true\nkubernetes-watch: false", { kubernetes: true, kubernetesWatch: false, normalizeHost: true }],
  ["kubernetes-allowed-external-names: [a, b.*]", { kubernetesAllowedExternalName: ["a", "b.*"] }],
  ["kubernetes-allowed-external-names: {x: [a], y: [b, c]}", { kubernetesAllowedExternalName: ["a", "b", "c"] }],
  ["kubernetes-annotation-predicates: ['k=v=Foo()', '']", { kubernetesAnnotationPredicates: ["k=v=Foo()", ""] }],
  ["kubernetes-east-west-range-domains: [a.test, b.test]", { kubernetesEastWestRangeDomains: ["a.test", "b.test"] }],
  ["refuse-payload: [a, b]", { refusePayload: ["a", "b"] }],
  [
    "default-filters-append: a() -> b()",
    {
      defaultFiltersAppend: [
        { name: "a", args: [] },
        { name: "b", args: [] },
      ],
    },
  ],
  [
    "default-filters-append: [a(), b()]",
    {
      defaultFiltersAppend: [
        { name: "a", args: [] },
        { name: "b", args: [] },
      ],
    },
  ],
  [
    "filter-plugin: {geo: [eu, 5], stamp: , './a b.ts': []}",
    {
      filterPlugin: [
        { name: "geo", options: ["eu", "5"] },
        { name: "stamp", options: [] },
        { name: "./a b.ts", options: [] },
      ],
    },
  ],
  ["edit-route: '#/26#/24#'", { editRoute: [{ pattern: "/26", replacement: "/24" }] }],
  [
    "passive-health-check: {period: 1s, min-requests: '10'}",
    { passiveHealthCheck: { period: "1s", "min-requests": "10" } },
  ],
  ["tls-client-auth: 4", { tlsClientAuth: "RequireAndVerifyClientCert" }],
  ["tls-client-auth: RequestClientCert", { tlsClientAuth: "RequestClientCert" }],
  ["version: true", { version: true }],
];

for (const [yaml, expected] of accepted) {
  test(`file: ${JSON.stringify(yaml)}`, async () => {
    const got = await options(yaml);
    for (const [field, value] of Object.entries(expected)) assert.deepEqual(got[field as keyof Options], value, field);
  });
}

const refused: [string, RegExp][] = [
  ["[a]", /expected a mapping/],
  ["text", /expected a mapping/],
  ["a: b: c", /^yaml: /],
  ["address: [a]", /^address: line 1: expected a text, got a sequence/],
  ["insecure: 'true'", /expected true or false, got "true"/],
  ["insecure: 1", /expected true or false/],
  ["\nidle-conns-num: ten", /^idle-conns-num: line 2: expected an integer, got "ten"/],
  ["source-poll-timeout: 3s", /expected an integer/],
  ["timeout-backend: soon", /expected a duration/],
  ["prometheus-native-histogram-bucket-factor: '2'", /expected a number, got "2"/],
  ["routes-urls: http://a", /expected a sequence/],
  ["metrics-flavour: [x]", /value not allowed: x/],
  ["multi-plugin: geo", /expected a mapping of names of plugins to sequences of options, got "geo"/],
  ["multi-plugin: {geo: eu}", /line 1: expected a sequence of texts, got "eu"/],
  ["edit-route: ['/a/b/']", /expected a text/],
  ["edit-route: /a", /unexpected size of string split: 2/],
  ["passive-health-check: x", /expected a mapping/],
  ["tls-client-auth: 5", /expected one of NoClientCert/],
  ["default-filters-append: 'a('", /failed to parse default filters/],
  ["a: &a [*a]\nroutes-urls: *a", /nested too deeply/],
];

for (const [yaml, message] of refused) {
  test(`refused file: ${JSON.stringify(yaml)}`, async () => {
    const result = await load(yaml);
    assert.ok(result.type === "fatal", JSON.stringify(result));
    const head = "Error processing config: unmarshalling config file error: ";
    assert.ok(result.message.startsWith(head), result.message);
    assert.match(result.message.slice(head.length), message);
  });
}

test("a missing file is fatal", async () => {
  const missing = join(folder, "none.yaml");
  assert.deepEqual(await loadConfig("skipper", [`-config-file=${missing}`]), {
    type: "fatal",
    message: `Error processing config: invalid config file: open ${missing}: no such file or directory`,
  });
});

test("flags win over the file, also back to the default", async () => {
  const got = await options(
    "address: ':1'\nroutes-urls: [a]\ninsecure: true",
    "-address=:9090",
    "-routes-urls=b",
    "-insecure=false",
  );
  assert.equal(got.address, ":9090");
  assert.deepEqual(got.routesUrls, ["b"]);
  assert.equal(got.insecure, false);
});

test("accumulating flags stand behind the file's values, each once", async () => {
  const got = await options(
    "default-filters-prepend: a()\nedit-route: /a/b/\nrefuse-payload: [x]",
    "-default-filters-prepend=b()",
    "-default-filters-prepend=c()",
    "-edit-route=/c/d/",
    "-refuse-payload=y",
  );
  assert.deepEqual(
    got.defaultFiltersPrepend.map((filter) => filter.name),
    ["a", "b", "c"],
  );
  assert.deepEqual(
    got.editRoute.map((rule) => rule.pattern),
    ["a", "c"],
  );
  assert.deepEqual(got.refusePayload, ["x", "y"]);
  const once = await options("", "-default-filters-prepend=b()", "-clone-route=/a/b/");
  assert.equal(once.defaultFiltersPrepend.length, 1);
  assert.equal(once.cloneRoute.length, 1);
});

test("deprecated options warn, from the file and from flags", async () => {
  const result = await load("enable-prometheus-metrics: false", "-lb-healthcheck-interval=0s");
  assert.ok(result.type === "run");
  assert.equal(result.warnings.length, 2);
  assert.match(result.warnings[0]!, /^(lb-healthcheck-interval|enable-prometheus-metrics): \S/);
});

test("a TLS version that is none is replaced with a warning", async () => {
  for (const version of ["1.0", "11", "1.2", "13"]) {
    const result = await load("", `-tls-min-version=${version}`);
    assert.ok(result.type === "run");
    assert.deepEqual(result.warnings, []);
  }
  const result = await load("tls-min-version: TLS1.3");
  assert.ok(result.type === "run");
  assert.deepEqual(result.warnings, ['tls-min-version: "TLS1.3" is no TLS version, 1.2 is used']);
});

test("native histograms are accepted with a warning", async () => {
  const result = await load(
    "",
    "-enable-prometheus-native-histograms",
    "-prometheus-native-histogram-bucket-factor=1.5",
  );
  assert.ok(result.type === "run");
  assert.deepEqual(result.warnings, [
    "enable-prometheus-native-histograms: there are none, histograms have buckets only",
  ]);
});

test("compatible metrics are on unless they are switched off together", async () => {
  assert.equal((await options("")).routeBackendMetrics, true);
  assert.equal((await options("", "-disable-metrics-compat")).routeBackendMetrics, false);
  assert.equal((await options("", "-disable-metrics-compat", "-route-backend-metrics")).routeBackendMetrics, true);
  assert.deepEqual((await options("", "-enable-prometheus-metrics")).metricsFlavour, ["prometheus"]);
});

test("predicates are any list that parses, known or not", async () => {
  for (const text of ["", "*", " // a comment", 'Foo("bar") && Path(1, 2)', "Foo(-.3)"]) {
    const got = await options("", `-kubernetes-east-west-range-predicates=${text}`);
    assert.equal(got.kubernetesEastWestRangePredicates, text);
  }
});

const fatal: [string[], string | RegExp][] = [
  [["a", "b"], "invalid arguments: [a b]"],
  [["-application-log-level=FOO"], 'not a valid logrus Level: "FOO"'],
  [
    ["-kubernetes-east-west-range-predicates=Foo() &&"],
    "invalid east-west-range-predicates: parse failed after token &&, position 8: syntax error",
  ],
  [
    ["-kubernetes-east-west-range-predicates=a() -> b()", "-histogram-metric-buckets=x"],
    "invalid east-west-range-predicates: parse failed after token ->, position 6: syntax error",
  ],
  [["-kubernetes-path-mode=prefix", "-kubernetes-east-west-range-predicates=&&"], "invalid path mode string: prefix"],
  [
    ["-kubernetes-annotation-predicates=k=v=Foo()", "-kubernetes-annotation-predicates=k"],
    'invalid annotation predicates: ["k=v=Foo()" "k"], invalid annotation flag: "k", failed to get annotation key',
  ],
  [["-kubernetes-backend-traffic-algorithm=x"], "invalid backend traffic algorithm: x"],
  [["-histogram-metric-buckets=1, x"], /^unable to parse histogram-metric-buckets: /],
  [["-request-size-buckets=,"], /^unable to parse histogram-metric-buckets: /],
  [["-forwarded-headers=X-Forwarded-For,X"], "invalid forwarded header: X"],
  [["-forwarded-headers-exclude-cidrs=1.2.3.4,nope"], /nope/],
  [
    ["-client-tls-cert=a", "-client-tls-key=a,b"],
    "invalid key/cert pair: number of certificates does not match number of keys",
  ],
  [
    ["-client-tls-cert=/none/a", "-client-tls-key=/none/b"],
    /^invalid key\/cert pair: failed to load X509 keypair from \/none\/a and \/none\/b: open/,
  ],
  [["-tls-key-log-file=/none/keys"], "open /none/keys: no such file or directory"],
];

for (const [argv, message] of fatal) {
  test(`fatal: ${argv.join(" ")}`, async () => {
    const result = await loadConfig("skipper", argv, optionChecks);
    assert.ok(result.type === "fatal", JSON.stringify(result));
    const head = "Error processing config: ";
    assert.ok(result.message.startsWith(head));
    if (typeof message === "string") assert.equal(result.message.slice(head.length), message);
    else assert.match(result.message.slice(head.length), message);
  });
}

test("an unknown flag ends with its message and the usage, help with the usage alone", async () => {
  const unknown = await loadConfig("skipper", ["-x"]);
  assert.ok(unknown.type === "exit" && unknown.code === 2);
  assert.ok(unknown.text.startsWith("flag provided but not defined: -x\nUsage of skipper:\n"));
  const help = await loadConfig("skipper", ["-help"]);
  assert.ok(help.type === "exit" && help.code === 0 && help.text.startsWith("Usage of skipper:\n"));
});
