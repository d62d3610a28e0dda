// The vendors of -opentracing and their options (spec observability 9.1).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { DEFAULT_BATCH, DEFAULT_EVENTS } from "../observability/tracing-settings.ts";
import type { Environment } from "./open-telemetry.ts";
import { openTracingSettings, vendors } from "./opentracing.ts";
import { Invalid } from "./option.ts";

function read(text: string, environment: Environment = {}) {
  const vendor = openTracingSettings(text, environment);
  assert.ok(vendor !== null && !(vendor instanceof Invalid), JSON.stringify(vendor));
  return vendor;
}

function refusal(text: string): string {
  const vendor = openTracingSettings(text, {});
  assert.ok(vendor instanceof Invalid, JSON.stringify(vendor));
  return vendor.message;
}

const urlOf = (text: string, environment?: Environment): string => {
  const { exporter } = read(text, environment).settings;
  assert.equal(exporter.type, "otlp");
  return exporter.type === "otlp" ? exporter.url : "";
};

test("noop and nothing trace nothing", () => {
  for (const text of ["noop", " noop ", "noop service-name=x", "", "  "])
    assert.equal(openTracingSettings(text, {}), null);
});

test("other vendors are refused", () => {
  for (const name of ["zipkin", "Jaeger", "constructor", "toString"])
    assert.equal(refusal(`${name} a=b`), `tracer '${name}' not supported`);
});

test("defaults", () => {
  const always = { type: "always" };
  const otlp = (url: string, headers = {}) => ({ type: "otlp", url, headers });
  const resource = { "service.name": "skipper" };
  assert.deepEqual(read("basic").settings, {
    resource,
    sampler: { type: "ratio", ratio: 1 },
    exporter: { type: "console", prefix: "SAMPLED=", firstLine: "DO NOT USE IN PRODUCTION" },
    batch: { ...DEFAULT_BATCH, delayMs: 1000 },
    maxEvents: DEFAULT_EVENTS,
  });
  assert.deepEqual(read("jaeger").settings, {
    resource,
    sampler: { type: "ratio", ratio: 0.001, remote: true },
    exporter: otlp("http://localhost:4318/v1/traces"),
    batch: { ...DEFAULT_BATCH, delayMs: 1000 },
    maxEvents: DEFAULT_EVENTS,
  });
  assert.deepEqual(read("lightstep token=t").settings, {
    resource,
    sampler: always,
    exporter: otlp("https://ingest.lightstep.com/v1/traces", { "lightstep-access-token": "t" }),
    batch: { ...DEFAULT_BATCH, delayMs: 2500, queueSize: 1000 },
    maxEvents: 500,
  });
  assert.deepEqual(read("instana").settings, {
    resource,
    sampler: always,
    exporter: otlp("http://localhost:4318/v1/traces"),
    batch: DEFAULT_BATCH,
    maxEvents: DEFAULT_EVENTS,
  });
});

describe("addresses", () => {
  const named = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://o:1", INSTANA_AGENT_HOST: "10.0.0.1" };
  const cases: [text: string, environment: Environment, url: string][] = [
    ["jaeger local-agent=a:6831", named, "http://a:4318/v1/traces"],
    ["jaeger local-agent=[::1]:6832", {}, "http://[::1]:4318/v1/traces"],
    ["jaeger local-agent=a:5775", {}, "http://a:4318/v1/traces"],
    ["jaeger local-agent=a:14318", {}, "http://a:14318/v1/traces"],
    ["jaeger", named, "http://o:1/v1/traces"],
    ["lightstep token=t collector=c:8443", named, "https://c:8443/v1/traces"],
    ["lightstep token=t collector=c:8360 plaintext=true", {}, "http://c:8360/v1/traces"],
    ["lightstep token=t collector=c:8360 plaintext", {}, "http://c:8360/v1/traces"],
    ["lightstep token=t collector=c:8360 plaintext=0", {}, "https://c:8360/v1/traces"],
    ["lightstep token=t collector=collector-grpc.lightstep.com:443", {}, "https://ingest.lightstep.com/v1/traces"],
    ["lightstep token=t collector=collector.lightstep.com:443", named, "http://o:1/v1/traces"],
    ["instana", { INSTANA_AGENT_HOST: "10.0.0.1" }, "http://10.0.0.1:4318/v1/traces"],
    ["instana", named, "http://o:1/v1/traces"],
  ];
  for (const [text, environment, url] of cases) {
    test(`${text} with ${JSON.stringify(environment)}`, () => assert.equal(urlOf(text, environment), url));
  }
});

describe("options", () => {
  const samplers: [text: string, expected: object][] = [
    ["const", { type: "always" }],
    ["probabilistic:0.1", { type: "ratio", ratio: 0.1 }],
    ["probabilistic:1", { type: "ratio", ratio: 1 }],
    ["rateLimiting:2.5", { type: "rate", perSecond: 2.5 }],
    ["rateLimiting:0", { type: "never" }],
    ["remote:0.5", { type: "ratio", ratio: 0.5, remote: true }],
  ];
  for (const [text, expected] of samplers) {
    test(`sampler-type=${text}`, () =>
      assert.deepEqual(read(`jaeger sampler-type=${text}`).settings.sampler, expected));
  }

  test("become attributes, batches and numbers of events", () => {
    const jaeger = read(
      "jaeger  service-name=s tag=a=1 tag=b=x=y tag=a=2 reporter-queue=9 reporter-interval=1m",
    ).settings;
    assert.deepEqual(jaeger.resource, { "service.name": "s", a: "2", b: "x=y" });
    assert.deepEqual(jaeger.batch, { ...DEFAULT_BATCH, delayMs: 60_000, queueSize: 9, batchSize: 9 });
    const options =
      "component-name=s cmd-line=c tag=a=1 max-period=3s min-period=3s max-buffered-spans=7 max-logs-per-span=3";
    const lightstep = read(`lightstep token=t ${options} propagators=lightstep,b3`).settings;
    assert.deepEqual(lightstep.resource, { "service.name": "s", "lightstep.command_line": "c", a: "1" });
    assert.deepEqual(lightstep.batch, { ...DEFAULT_BATCH, delayMs: 3000, queueSize: 7, batchSize: 7 });
    assert.equal(lightstep.maxEvents, 3);
    const basic = read("basic sample-modulo=4 max-logs-per-span=5 recorder=in-memory").settings;
    assert.deepEqual([basic.sampler, basic.maxEvents], [{ type: "ratio", ratio: 0.25 }, 5]);
    assert.equal(read("basic drop-all-logs max-logs-per-span=5").settings.maxEvents, 0);
    assert.equal(read("basic max-logs-per-span=0").settings.maxEvents, DEFAULT_EVENTS);
  });

  test("that change nothing are named, and so are unknown ones and samplers that nobody asks", () => {
    const sampling = "no sampling server is asked, 0.001 of all traces are recorded";
    const toLocal = "spans go by OTLP to http://localhost:4318/v1/traces, not by the vendor's protocol";
    const cases: [text: string, warnings: string[]][] = [
      ["basic", []],
      ["basic x y=1", ["unknown options: x, y"]],
      ["instana", [toLocal]],
      ["jaeger", [toLocal, sampling]],
      [
        "jaeger sampler-type=remote:0.5 sampler-url=u",
        [toLocal, "options without effect: sampler-url", sampling.replace("0.001", "0.5")],
      ],
      ["jaeger sampler-type=const use-rpc-metrics", [toLocal, "options without effect: use-rpc-metrics"]],
      [
        "lightstep token=t protocol=grpc log-events",
        [
          toLocal.replace("http://localhost:4318", "https://ingest.lightstep.com"),
          "options without effect: protocol, log-events",
        ],
      ],
    ];
    for (const [text, warnings] of cases) {
      const name = text.split(" ")[0];
      assert.deepEqual(
        read(text).warnings,
        warnings.map((warning) => `opentracing: ${name}: ${warning}`),
      );
    }
  });
});

test("the guide names each option, those without effect in their column", () => {
  const guide = readFileSync(new URL("../../docs/guides/route-server.md", import.meta.url), "utf8").split("\n");
  for (const [name, { options, idle }] of Object.entries(vendors)) {
    const row = guide.find((line) => line.startsWith(`| \`${name}\` |`))!;
    const last = row.slice(row.slice(0, -2).lastIndexOf(" |"));
    for (const option of Object.keys(options)) {
      assert.ok((idle.includes(option) ? last : row).includes(`\`${option}`), `${name} ${option}`);
    }
  }
});

describe("wrong arguments", () => {
  /** Texts that an option of this type refuses; none for those that take any text. */
  const refused: Readonly<Record<string, readonly string[]>> = {
    "": ["2", "yes"],
    string: [],
    duration: ["5"],
    "in-memory": ["file"],
    "grpc|http": ["udp"],
    "host:port": ["a", "a:", ":1", "a:0", "a:65536", "a:x", "http://a:1", "a/b:1", "::1:80"],
    "a duration above 0": ["0", "-1s", "5"],
    "name=value": ["a", "=b"],
    "a whole number from 0 on": ["-1", "x", "1.5"],
    "a whole number from 1 on": ["0", "-1", "x"],
  };
  for (const [name, { options }] of Object.entries(vendors)) {
    for (const [option, kind] of Object.entries(options)) {
      test(`of ${name} ${option}`, () => {
        if (kind.isBool !== true) assert.equal(refusal(`${name} ${option}`), `missing argument for ${option} option`);
        assert.equal(refusal(`${name} ${option}=`), `missing argument for ${option} option`);
        const isSampler = option === "sampler-type";
        const samplers = [
          "constant",
          "probabilistic",
          "probabilistic:2",
          "rateLimiting:-1",
          "probabilistic:0.1:5",
          "remote:x",
          "const:1:2",
        ];
        const texts = isSampler ? samplers : refused[kind.type];
        assert.ok(texts !== undefined, `no wrong texts for ${kind.type}`);
        const expected = kind.type === "" ? "true or false" : kind.type;
        for (const text of texts) {
          const message = `invalid argument for ${option} option: expected ${expected}, got ${JSON.stringify(text)}`;
          assert.equal(refusal(`${name} ${option}=${text}`), message);
        }
      });
    }
  }

  test("of lightstep that belong together", () => {
    const cases: [options: string, message: string][] = [
      ["", "missing token= option"],
      ["component-name=x", "missing token= option"],
      ["token=t min-period=3s", "wrong periods settings 3s > 2.5s"],
      ["token=t max-period=100ms", "wrong periods settings 500ms > 100ms"],
      ["token=t propagators=ls,w3c", 'unknown propagator "w3c"'],
      ["token=t propagators=ls,b3,ls", "invalid argument for propagators option: expected at most two, got 3"],
    ];
    for (const [options, message] of cases) assert.equal(refusal(`lightstep ${options}`), message);
  });
});
