import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseFlags, usage } from "./flags.ts";
import { defaultOptions, optionSpecs } from "./options.ts";

function parse(...argv: string[]) {
  return parseFlags(optionSpecs, argv);
}

const accepted: [string[], Record<string, unknown>, string[]?][] = [
  [["-address=:8080"], { address: ":8080" }],
  [["-address", ":8080"], { address: ":8080" }],
  [["--address", ":8080"], { address: ":8080" }],
  [["--address=a=b"], { address: "a=b" }],
  [["-address="], { address: "" }],
  [["-address", "-insecure"], { address: "-insecure" }],
  [["-address=:1", "-address=:2"], { address: ":2" }],
  [["-insecure"], { insecure: true }],
  [["-insecure=f"], { insecure: false }],
  [["-insecure=TRUE"], { insecure: true }],
  [["-insecure", "false"], { insecure: true }, ["false"]],
  [["-insecure", "--", "-address", ":1"], { insecure: true }, ["-address", ":1"]],
  [["rest", "-insecure"], {}, ["rest", "-insecure"]],
  [["-"], {}, ["-"]],
  [["-idle-conns-num=0x10"], { idleConnsNum: 16 }],
  [["-idle-conns-num=0b11"], { idleConnsNum: 3 }],
  [["-idle-conns-num=0o17"], { idleConnsNum: 15 }],
  [["-idle-conns-num=017"], { idleConnsNum: 15 }],
  [["-idle-conns-num=1_000"], { idleConnsNum: 1000 }],
  [["-idle-conns-num=-5"], { idleConnsNum: -5 }],
  [["-timeout-backend=1h2m3.5s"], { timeoutBackend: 3_723_500 }],
  [["-timeout-backend=0"], { timeoutBackend: 0 }],
  [["-prometheus-native-histogram-bucket-factor=1.5e0"], { prometheusNativeHistogramBucketFactor: 1.5 }],
  [["-close-idle-conns-period=-1s"], { closeIdleConnsPeriod: -1000 }],
  [["-routes-urls=http://a,http://b"], { routesUrls: ["http://a", "http://b"] }],
  [["-routes-urls=a", "-routes-urls=b, c"], { routesUrls: ["b", " c"] }],
  [["-routes-urls="], { routesUrls: [] }],
  [["-metrics-flavour=codahale,prometheus"], { metricsFlavour: ["codahale", "prometheus"] }],
  [["-refuse-payload=a,b", "-refuse-payload=c"], { refusePayload: ["a,b", "c"] }],
  [["-tls-client-auth=RequestClientCert"], { tlsClientAuth: "RequestClientCert" }],
  [
    ["-default-filters-prepend=a(1) -> b()", "-default-filters-prepend", 'c("x")', "-default-filters-prepend="],
    {
      defaultFiltersPrepend: [
        { name: "a", args: [1] },
        { name: "b", args: [] },
        { name: "c", args: ["x"] },
      ],
    },
  ],
  [
    ["-edit-route=/a(b)/$1/", "-edit-route", "#/26#/24#"],
    {
      editRoute: [
        { pattern: "a(b)", replacement: "$1" },
        { pattern: "/26", replacement: "/24" },
      ],
    },
  ],
  [
    ["-filter-plugin=geo,eu,us  ./stamp.ts", "-filter-plugin", "@acme/auth,"],
    {
      filterPlugin: [
        { name: "geo", options: ["eu", "us"] },
        { name: "./stamp.ts", options: [] },
        { name: "@acme/auth", options: [""] },
      ],
    },
  ],
  [["-multi-plugin="], { multiPlugin: [] }],
  [["-clone-route=/a//ignored"], { cloneRoute: [{ pattern: "a", replacement: "" }] }],
  [["-passive-health-check= period = 1s,x=y"], { passiveHealthCheck: { period: "1s", x: "y" } }],
];

for (const [argv, values, rest] of accepted) {
  test(`flags: ${argv.join(" ")}`, () => {
    const result = parse(...argv);
    assert.ok("values" in result, JSON.stringify(result));
    assert.deepEqual(result.values, values);
    assert.deepEqual(result.rest, rest ?? []);
  });
}

const refused: [string[], string][] = [
  [["-nope"], "flag provided but not defined: -nope"],
  [["-nope=1"], "flag provided but not defined: -nope"],
  [["-address"], "flag needs an argument: -address"],
  [["---address=1"], "bad flag syntax: ---address=1"],
  [["-=1"], "bad flag syntax: -=1"],
  [["-timeout-backend=5"], 'invalid value "5" for flag -timeout-backend: parse error'],
  [["-insecure=maybe"], 'invalid boolean value "maybe" for -insecure: parse error'],
  [["-idle-conns-num=1.5"], 'invalid value "1.5" for flag -idle-conns-num: parse error'],
  [
    ["-prometheus-native-histogram-bucket-factor=x"],
    'invalid value "x" for flag -prometheus-native-histogram-bucket-factor: parse error',
  ],
  [["-idle-conns-num=08"], 'invalid value "08" for flag -idle-conns-num: parse error'],
  [["-idle-conns-num=1__0"], 'invalid value "1__0" for flag -idle-conns-num: parse error'],
  [
    ["-idle-conns-num=99999999999999999999"],
    'invalid value "99999999999999999999" for flag -idle-conns-num: value out of range',
  ],
  [["-metrics-flavour=codahale,x"], 'invalid value "codahale,x" for flag -metrics-flavour: value not allowed: x'],
  [["-multi-plugin=geo ,eu"], 'invalid value "geo ,eu" for flag -multi-plugin: expected name,option,..., got ",eu"'],
  [["-edit-route="], 'invalid value "" for flag -edit-route: empty string as an argument is not allowed'],
  [["-edit-route=/a/b"], 'invalid value "/a/b" for flag -edit-route: unexpected size of string split: 3'],
  [
    ["-passive-health-check=a=1,b"],
    `invalid value "a=1,b" for flag -passive-health-check: invalid map key-value pair, expected format key=value but got: 'b'`,
  ],
];

for (const [argv, error] of refused)
  test(`refused flags: ${argv.join(" ")}`, () => assert.deepEqual(parse(...argv), { error }));

test("a pattern and a filter chain that do not parse are refused with the reason", () => {
  const edit = parse("-edit-route=/[/x/");
  assert.ok("error" in edit);
  assert.match(edit.error, /^invalid value "\/\[\/x\/" for flag -edit-route: error parsing regexp: missing closing \]/);
  const filters = parse("-default-filters-append=a(");
  assert.ok("error" in filters);
  assert.match(
    filters.error,
    /for flag -default-filters-append: failed to parse default filters: parse failed after token/,
  );
});

test("help in all spellings", () => {
  for (const flag of ["-h", "-help", "--help"]) assert.deepEqual(parse("-insecure", flag), { help: true });
});

test("the usage lists every flag once, in order, with default values", () => {
  const text = usage("skipper", optionSpecs);
  assert.ok(text.startsWith("Usage of skipper:\n  -access-log string\n    \t"));
  const names = [...text.matchAll(/^ {2}-(\S+)/gm)].map((match) => match[1]);
  assert.deepEqual(names, optionSpecs.map((spec) => spec.name).sort());
  assert.equal(new Set(names).size, names.length);
  assert.match(text, /-address string\n.*\(default ":9090"\)\n/);
  assert.match(text, /-timeout-backend duration\n.*\(default 1m0s\)\n/);
  assert.match(text, /-validate-query\n.*\(default true\)\n/);
  assert.match(text, /-insecure\n[^(]*\n/);
});

test("defaults can be sent to a worker", () => {
  assert.deepEqual(structuredClone(defaultOptions()), defaultOptions());
});

test("no list of arguments makes the parser throw", () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom(...optionSpecs.map((spec) => `-${spec.name}`)),
    fc.constant("-version=x"),
  );
  fc.assert(
    fc.property(fc.array(word), (argv) => {
      const result = parse(...argv);
      assert.ok("values" in result || "help" in result || result.error !== "");
    }),
  );
});
