// The document of -open-telemetry, on the command line and in the file, and what it makes together with the environment (spec
// observability 9.2).

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DEFAULT_BATCH } from "../observability/tracing-settings.ts";
import { LONGEST_TIMER_MS } from "../util/longest-timer.ts";
import { parseFlags } from "./flags.ts";
import { type Environment, openTelemetrySettings } from "./open-telemetry.ts";
import type { OpenTelemetryDocument } from "./open-telemetry-document.ts";
import { Invalid } from "./option.ts";
import { tracingOptions } from "./tracing-options.ts";
import { parseConfigFile } from "./yaml.ts";

function fromFlag(text: string): OpenTelemetryDocument | null {
  const read = parseFlags(tracingOptions, [`-open-telemetry=${text}`]);
  assert.ok("values" in read, JSON.stringify(read));
  return read.values.openTelemetry as OpenTelemetryDocument | null;
}

function settingsOf(text: string, environment: Environment = {}) {
  return openTelemetrySettings(fromFlag(text)!, environment, "routesrv");
}

function made(text: string, environment: Environment = {}) {
  const settings = settingsOf(text, environment);
  assert.ok(!(settings instanceof Invalid), JSON.stringify(settings));
  return settings;
}

const otlp = (url: string, headers: Record<string, string> = {}) => ({ type: "otlp", url, headers });

describe("the document", () => {
  const document =
    "{tracesExporter: otlp, exporterOtlp: {protocol: http/protobuf, endpoint: 'http://c:4318', headers: {a: b, n: 1}}, " +
    "resourceAttributes: {team: x}, propagators: [b3, none], " +
    "batchSpanProcessor: {scheduleDelay: 1s, exportTimeout: 2000000, maxQueueSize: 0x10, maxExportBatchSize: 4}}";

  test("is the same on the command line and in the file", () => {
    const expected = {
      values: {
        tracesExporter: "otlp",
        exporterOtlp: { protocol: "http/protobuf", endpoint: "http://c:4318", headers: { a: "b", n: "1" } },
        resourceAttributes: { team: "x" },
        propagators: ["b3", "none"],
        batchSpanProcessor: { scheduleDelay: 1000, exportTimeout: 2, maxQueueSize: 16, maxExportBatchSize: 4 },
      },
      unknown: [],
    };
    assert.deepEqual(fromFlag(document), expected);
    const file = parseConfigFile(tracingOptions, `open-telemetry: ${document}`);
    assert.deepEqual("values" in file && file.values, { openTelemetry: expected });
  });

  test("may be empty or absent, and its keys too", () => {
    assert.deepEqual(fromFlag("{}"), { values: {}, unknown: [] });
    assert.equal(fromFlag(""), null);
    assert.equal(fromFlag("~"), null);
    assert.deepEqual(fromFlag("{tracesExporter: , exporterOtlp: }"), { values: {}, unknown: [] });
  });

  test("names keys that are not known", () => {
    const read = fromFlag("{traceExporter: otlp, exporterOtlp: {url: x}, constructor: 1}");
    assert.deepEqual(read, {
      values: { exporterOtlp: {} },
      unknown: ["traceExporter", "exporterOtlp.url", "constructor"],
    });
  });

  const wrong: [text: string, message: string | RegExp][] = [
    ["otlp", 'line 1: expected a mapping, got "otlp"'],
    ["[]", "line 1: expected a mapping, got a sequence"],
    ["{exporterOtlp: x}", 'exporterOtlp: line 1: expected a mapping, got "x"'],
    ["{exporterOtlp: {headers: [a]}}", "exporterOtlp.headers: line 1: expected a mapping, got a sequence"],
    ["{tracesExporter: [otlp]}", "tracesExporter: line 1: expected a text, got a sequence"],
    ["{propagators: b3}", 'propagators: line 1: expected a sequence of texts, got "b3"'],
    [
      "{batchSpanProcessor: {scheduleDelay: soon}}",
      'batchSpanProcessor.scheduleDelay: line 1: expected a duration, got "soon"',
    ],
    [
      "{batchSpanProcessor: {maxQueueSize: many}}",
      'batchSpanProcessor.maxQueueSize: line 1: expected an integer, got "many"',
    ],
    ["{", /./],
  ];
  for (const [text, message] of wrong) {
    test(`that is wrong is refused: ${text}`, () => {
      const read = parseFlags(tracingOptions, [`-open-telemetry=${text}`]);
      const begin = `invalid value ${JSON.stringify(text)} for flag -open-telemetry: failed to parse yaml: `;
      assert.ok("error" in read && read.error.startsWith(begin), JSON.stringify(read));
      const rest = read.error.slice(begin.length);
      if (typeof message === "string") assert.equal(rest, message);
      else assert.match(rest, message);
    });
  }
});

describe("the settings", () => {
  const exporters: [text: string, environment: Environment, expected: object][] = [
    ["{}", {}, otlp("http://localhost:4318/v1/traces")],
    ["{}", { OTEL_EXPORTER_OTLP_ENDPOINT: "https://c/x/" }, otlp("https://c/x/v1/traces")],
    [
      "{}",
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://c/t", OTEL_EXPORTER_OTLP_ENDPOINT: "http://d" },
      otlp("http://c/t"),
    ],
    ["{}", { OTEL_TRACES_EXPORTER: "console" }, { type: "console", prefix: "", firstLine: "" }],
    ["{}", { OTEL_TRACES_EXPORTER: " none " }, { type: "none" }],
    ["{tracesExporter: skipper-debug}", { OTEL_TRACES_EXPORTER: "otlp" }, { type: "debug" }],
    ["{tracesExporter: console}", {}, { type: "console", prefix: "", firstLine: "" }],
    [
      "{tracesExporter: otlp, exporterOtlp: {endpoint: 'http://c:1'}}",
      { OTEL_EXPORTER_OTLP_ENDPOINT: "http://d" },
      otlp("http://c:1/v1/traces"),
    ],
    ["{tracesExporter: otlp}", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://d" }, otlp("http://d/v1/traces")],
    [
      "{exporterOtlp: {endpoint: 'http://c', headers: {a: 1}}}",
      { OTEL_EXPORTER_OTLP_HEADERS: "a=2,b=%20c%" },
      otlp("http://c/v1/traces", { a: "1", b: "%20c%" }),
    ],
    [
      "{exporterOtlp: {protocol: http/protobuf}}",
      { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
      otlp("http://localhost:4318/v1/traces"),
    ],
  ];
  for (const [text, environment, expected] of exporters) {
    test(`exporter of ${text} with ${JSON.stringify(environment)}`, () => {
      assert.deepEqual(made(text, environment).exporter, expected);
    });
  }

  test("take attributes from the environment, the document wins", () => {
    const environment = { OTEL_RESOURCE_ATTRIBUTES: "a=1, b=x%2Cy ,service.name=s,", OTEL_SERVICE_NAME: "" };
    assert.deepEqual(made("{}").resource, { "service.name": "routesrv" });
    assert.deepEqual(made("{resourceAttributes: {a: 2}}", environment).resource, {
      "service.name": "s",
      a: "2",
      b: "x,y",
    });
    assert.equal(made("{}", { ...environment, OTEL_SERVICE_NAME: "t" }).resource["service.name"], "t");
  });

  test("bound batches", () => {
    assert.deepEqual(made("{}").batch, DEFAULT_BATCH);
    const variables = {
      OTEL_BSP_SCHEDULE_DELAY: "10",
      OTEL_BSP_EXPORT_TIMEOUT: "999999999999",
      OTEL_BSP_MAX_QUEUE_SIZE: "7",
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "9",
    };
    const ofVariables = { delayMs: 10, timeoutMs: LONGEST_TIMER_MS, queueSize: 7, batchSize: 7 };
    assert.deepEqual(made("{}", variables).batch, ofVariables);
    const document = "{batchSpanProcessor: {scheduleDelay: 3s, exportTimeout: 0, maxQueueSize: 5}}";
    assert.deepEqual(made(document, variables).batch, { ...ofVariables, delayMs: 3000, queueSize: 5, batchSize: 5 });
  });

  const samplers: [name: string, arg: string, expected: object][] = [
    ["", "0.5", { type: "always" }],
    ["always_on", "", { type: "always" }],
    ["parentbased_always_on", "", { type: "always" }],
    ["always_off", "", { type: "never" }],
    ["traceidratio", "", { type: "ratio", ratio: 1 }],
    ["parentbased_traceidratio", "0.25", { type: "ratio", ratio: 0.25 }],
  ];
  for (const [name, arg, expected] of samplers) {
    test(`sampler ${name} ${arg}`, () => {
      assert.deepEqual(made("{}", { OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: arg }).sampler, expected);
    });
  }

  const wrong: [text: string, environment: Environment, message: string | RegExp][] = [
    ["{tracesExporter: otlp}", {}, "OTLP endpoint is required"],
    ["{tracesExporter: zipkin}", {}, 'tracesExporter: expected one of otlp, console, skipper-debug, got "zipkin"'],
    [
      "{}",
      { OTEL_TRACES_EXPORTER: "jaeger" },
      'OTEL_TRACES_EXPORTER: expected one of otlp, console, none, got "jaeger"',
    ],
    ["{exporterOtlp: {protocol: grpc}}", {}, /^OTLP protocol "grpc" is not supported: .*http\/protobuf.*4318/],
    ["{}", { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, /^OTLP protocol "grpc" is not supported/],
    ["{exporterOtlp: {protocol: http/json}}", {}, 'OTLP protocol: expected http/protobuf, got "http/json"'],
    ["{exporterOtlp: {endpoint: 'c:4318'}}", {}, /^OTLP endpoint: expected an http or https URL, got "c:4318/],
    ["{exporterOtlp: {endpoint: 'http://'}}", {}, /^OTLP endpoint: /],
    ["{exporterOtlp: {headers: {'a b': c}}}", {}, 'OTLP headers: expected the name of a header, got "a b"'],
    [
      '{exporterOtlp: {headers: {a: "s3cret\\n"}}}',
      {},
      "OTLP headers: the value of a has characters that no header can have",
    ],
    ["{propagators: [b3, b4]}", {}, 'unknown propagator "b4"'],
    ["{}", { OTEL_PROPAGATORS: "tracecontext,w3c" }, 'unknown propagator "w3c"'],
    ["{batchSpanProcessor: {maxQueueSize: -1}}", {}, "batchSpanProcessor.maxQueueSize: expected more than 0, got -1"],
    [
      "{batchSpanProcessor: {exportTimeout: -1s}}",
      {},
      "batchSpanProcessor.exportTimeout: expected more than 0, got -1000",
    ],
    ["{}", { OTEL_BSP_SCHEDULE_DELAY: "5s" }, 'OTEL_BSP_SCHEDULE_DELAY: expected a whole number above 0, got "5s"'],
    ["{}", { OTEL_BSP_MAX_QUEUE_SIZE: "0" }, 'OTEL_BSP_MAX_QUEUE_SIZE: expected a whole number above 0, got "0"'],
    [
      "{}",
      { OTEL_TRACES_SAMPLER: "jaeger_remote" },
      /^OTEL_TRACES_SAMPLER: expected one of always_on, .*, got "jaeger_remote"$/,
    ],
    [
      "{}",
      { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "2" },
      'OTEL_TRACES_SAMPLER_ARG: expected a number from 0 to 1, got "2"',
    ],
    ["{}", { OTEL_RESOURCE_ATTRIBUTES: "a=1,b" }, "OTEL_RESOURCE_ATTRIBUTES: expected key=value,..., entry 2 is none"],
    [
      "{}",
      { OTEL_EXPORTER_OTLP_HEADERS: "=s3cret" },
      "OTEL_EXPORTER_OTLP_HEADERS: expected key=value,..., entry 1 is none",
    ],
  ];
  for (const [text, environment, message] of wrong) {
    test(`are refused: ${text} with ${JSON.stringify(environment)}`, () => {
      const settings = settingsOf(text, environment);
      assert.ok(settings instanceof Invalid, JSON.stringify(settings));
      if (typeof message === "string") assert.equal(settings.message, message);
      else assert.match(settings.message, message);
    });
  }
});
