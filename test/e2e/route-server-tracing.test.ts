// The spans of the Route Server (spec routesrv 9 and 10, observability 9): what they hold, where each exporter and vendor sends them, and
// that neither polls nor requests nor the end of the process wait for a collector.

import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ROUTE_DELTA } from "../../src/eskip/route-delta.ts";
import { freePort } from "../conformance/socket-reader.ts";
import { ingress } from "../support/kubernetes-objects.ts";
import { type Attributes, OtlpCollector } from "../support/otlp-collector.ts";
import { RunningProxy, until } from "./running-proxy.ts";
import { RouteServerProcess, ServedCluster } from "./running-route-server.ts";

let cluster: ServedCluster;
let collector: OtlpCollector;
beforeEach(async () => {
  cluster = await ServedCluster.open();
  collector = await OtlpCollector.start();
});
afterEach(async () => {
  await cluster.close();
  await collector.stop();
});

/** A flag for the collector; `more` are further keys. */
const toCollector = (more = "batchSpanProcessor: {scheduleDelay: 20ms}"): string =>
  `-open-telemetry={tracesExporter: otlp, exporterOtlp: {endpoint: "${collector.url}"}, ${more}}`;

/** Runs with variables in the environment of the processes that are started meanwhile. */
async function withVariables<T>(variables: Readonly<Record<string, string>>, run: () => Promise<T>): Promise<T> {
  Object.assign(process.env, variables);
  try {
    return await run();
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
  }
}

const collected = (name: string, count: number): Promise<void> =>
  until(`${count} spans ${name}`, () => collector.named(name).length >= count);

describe("serve_routes", () => {
  test("is a root span with the status and the bytes of the body, one for each request of routes", async () => {
    const server = await cluster.startOn(["a", ...Array.from({ length: 30 }, (_, i) => `b${i}`)], toCollector());
    const whole = await server.ask("/routes");
    cluster.api.put(ingress("a", "changed.test", "web"));
    await server.shows("changed[.]test");
    const tag = whole.headers.etag!;
    let asked = -1;
    await until("all spans so far have come", async () => {
      const before = asked;
      asked = collector.named("serve_routes").length;
      await sleep(100);
      return asked === before;
    });
    const questions: [method: string, path: string, headers: Record<string, string>, status: number][] = [
      ["GET", "/routes", {}, 200],
      ["GET", "/routes/zone-1", { "Accept-Encoding": "gzip" }, 200],
      ["HEAD", "/routes", {}, 200],
      ["GET", "/routes", { Range: "bytes=1-5" }, 206],
      ["GET", "/routes", { Range: "bytes=999999999-" }, 416],
      ["GET", "/routes", { "If-Match": '"x"' }, 412],
      ["POST", "/routes", {}, 405],
      ["GET", "/routes", { "A-IM": ROUTE_DELTA, "If-None-Match": tag }, 226],
    ];
    for (const [i, [method, path, headers, status]] of questions.entries()) {
      const answer = await server.ask(path, { method, headers });
      assert.equal(answer.status, status);
      await collected("serve_routes", asked + i + 1);
      const span = collector.named("serve_routes").at(-1)!;
      assert.deepEqual(span.attributes, { status, bytes: answer.body.length });
    }
    const { etag } = (await server.ask("/routes")).headers;
    assert.equal((await server.ask("/routes", { headers: { "If-None-Match": etag! } })).status, 304);
    await collected("serve_routes", asked + questions.length + 2);
    const [span] = collector.named("serve_routes").slice(-1);
    assert.deepEqual(span!.attributes, { status: 304, bytes: 0 });
    assert.match(span!.traceId, /^(?!0{32})[0-9a-f]{32}$/);
    assert.match(span!.spanId, /^(?!0{16})[0-9a-f]{16}$/);
    assert.equal(span!.parentSpanId, "");
    assert.deepEqual([span!.scope, span!.resource["service.name"]], ["routesrv", "routesrv"]);
    assert.ok(span!.startNs <= span!.endNs && span!.endNs <= BigInt(Date.now() + 1000) * 1_000_000n);
    assert.equal(new Set(collector.spans.map(({ traceId }) => traceId)).size, collector.spans.length);
  });

  test("is there for 404 before the first table, and not for /health and other paths", async () => {
    cluster.api.fault = () => ({ status: 500 });
    const server = await cluster.start(toCollector());
    for (const path of ["/health", "/", "/metrics", "/routes"]) await server.ask(path);
    await collected("serve_routes", 1);
    await server.stop();
    assert.deepEqual(
      collector.named("serve_routes").map(({ attributes }) => attributes),
      [{ status: 404, bytes: 0 }],
    );
  });

  test("begins behind the wait of a client that waits for the next table, and is dropped with one that leaves", async () => {
    const server = await cluster.startOn(["a"], toCollector());
    const { headers } = await server.ask("/routes");
    const wait = { headers: { "If-None-Match": headers.etag!, Prefer: "wait=30" } };
    const leaver = new AbortController();
    const left = fetch(`${server.url}/routes`, { headers: wait.headers, signal: leaver.signal });
    const stayed = server.ask("/routes", wait);
    const waiting = async () => (await server.metrics()).get('routesrv_custom_gauges{key="clients.waiting"}');
    await until("both wait", async () => (await waiting()) === 2);
    leaver.abort();
    await assert.rejects(left);
    await until("one waits", async () => (await waiting()) === 1);
    const changedNs = BigInt(Date.now()) * 1_000_000n;
    const seen = collector.named("serve_routes").length;
    cluster.putApps("b");
    assert.equal((await stayed).status, 200);
    await collected("serve_routes", seen + 1);
    await server.stop();
    const later = collector.named("serve_routes").slice(seen);
    assert.equal(later.length, 1);
    assert.ok(later[0]!.startNs >= changedNs);
  });
});

describe("poll_routes", () => {
  test("tells what is in force and whether it is another table", async () => {
    const server = await cluster.startOn(["a"], toCollector());
    await collected("poll_routes", 1);
    const inForce = async (): Promise<Attributes> => {
      const { headers, body } = await server.ask("/routes");
      const hash = headers.etag!.replaceAll('"', "");
      return { "routes.count": Number(headers["x-count"]), "routes.bytes": body.length, "routes.hash": hash };
    };
    const first = await inForce();
    assert.deepEqual(collector.named("poll_routes")[0]!.attributes, {
      ...first,
      "routes.initialized": true,
      "routes.updated": true,
    });
    cluster.api.put(ingress("bad", "bad.test", "web", { "zalando.org/skipper-filter": "nope()" }));
    await collected("poll_routes", 2);
    assert.deepEqual(collector.named("poll_routes")[1]!.attributes, { ...first, "routes.updated": false });
    cluster.putApps("b");
    await server.shows("b[.]test");
    await collected("poll_routes", 3);
    assert.deepEqual(collector.named("poll_routes")[2]!.attributes, { ...(await inForce()), "routes.updated": true });
    for (const { parentSpanId, status, events } of collector.named("poll_routes")) {
      assert.deepEqual([parentSpanId, status, events], ["", 0, []]);
    }
  });

  test("of a failure has the error, as a tag, as its status and as an event", async () => {
    cluster.api.fault = () => ({ status: 500 });
    await cluster.start(toCollector());
    await collected("poll_routes", 1);
    const [span] = collector.named("poll_routes");
    assert.deepEqual([span!.attributes, span!.status], [{ error: true }, 2]);
    const [event] = span!.events;
    assert.equal(span!.events.length, 1);
    assert.deepEqual([event!.name, event!.attributes.event], ["", "error"]);
    assert.match(String(event!.attributes.message), /^failed to fetch routes: .*500/);
  });
});

describe("the end of the process", () => {
  test("exports what has not been exported yet", async () => {
    const server = await cluster.startOn(["a"], toCollector("batchSpanProcessor: {scheduleDelay: 1h}"));
    for (let i = 0; i < 5; i++) await server.ask("/routes", { headers: { "X-Last": String(i) } });
    assert.equal(collector.requests.length, 0);
    await server.stop();
    assert.ok(collector.named("serve_routes").length >= 5);
    assert.equal(collector.named("poll_routes").length, 1);
    assert.match(server.log, /server shut down"\n.*polling stopped/);
  });

  test("waits some seconds for a collector that does not answer, and says so", async () => {
    collector.answer = () => {};
    const server = await cluster.startOn(["a"], toCollector("batchSpanProcessor: {scheduleDelay: 1h}"));
    const before = Date.now();
    await server.stop();
    assert.ok(Date.now() - before < 10_000);
    assert.match(server.log, /level=error msg="failed to export the last traces: not done after 5s"/);
  });
});

describe("a collector", () => {
  const trickle = (response: ServerResponse): void => {
    response.writeHead(200);
    const drip = setInterval(() => response.write("x"), 10);
    response.on("close", () => clearInterval(drip));
  };
  const failure = /level=error msg="failed to export traces: /;
  /** What it does, and what is logged of it; null: nothing, as the spans were taken. */
  const answers: [what: string, answer: (response: ServerResponse) => void, logged: RegExp | null][] = [
    ["never answers", () => {}, failure],
    ["never ends its answer", trickle, failure],
    ["refuses", (response) => response.writeHead(400, "No Such Thing").end("x"), /traces: status 400 No Such Thing"/],
    ["has no time", (response) => response.writeHead(503, { "Retry-After": "7000" }).end(), failure],
    ["breaks off", (response) => response.destroy(), failure],
    ["answers with garbage", (response) => response.end(Buffer.alloc(2000, 0xff)), null],
  ];
  for (const [what, answer, logged] of answers) {
    test(`that ${what} holds up nobody, and is told once a minute`, async () => {
      collector.answer = answer;
      const batch =
        "batchSpanProcessor: {scheduleDelay: 10ms, exportTimeout: 500ms, maxQueueSize: 4, maxExportBatchSize: 2}";
      const server = await cluster.startOn(["a"], toCollector(batch));
      if (logged !== null) await until("it is told", () => logged.test(server.log));
      const asked = collector.requests.length;
      // Exports go on being tried, none is left behind, and whoever asks for routes does not notice.
      await until("it is asked again", async () => {
        const before = performance.now();
        await server.ask("/routes");
        assert.ok(performance.now() - before < 1000);
        return collector.requests.length > asked + 4;
      });
      assert.ok(collector.connections <= 4, `${collector.connections} connections`);
      cluster.putApps("late");
      await server.shows("late[.]test");
      const told = [...server.log.matchAll(/level=(?:error|warning) .*traces/g)];
      assert.equal(told.length, logged === null ? 0 : 1, server.log);
      collector.answer = (response) => response.end();
      const before = collector.named("serve_routes").length;
      await until("its spans come again", async () => {
        await server.ask("/routes");
        return collector.named("serve_routes").length > before + 10;
      });
    });
  }

  test("that is not there costs the spans and a line a minute", async () => {
    const port = await freePort();
    const endpoint = `exporterOtlp: {endpoint: "http://localhost:${port}"}`;
    const batch = "batchSpanProcessor: {scheduleDelay: 10ms, exportTimeout: 2s}";
    const server = await cluster.startOn(["a"], `-open-telemetry={tracesExporter: otlp, ${endpoint}, ${batch}}`);
    const line = 'level=error msg="failed to export traces: connect ECONNREFUSED ';
    await until("it is told", () => server.log.includes(line));
    for (let i = 0; i < 20; i++) await server.ask("/routes");
    await server.stop();
    assert.equal(server.log.split(line).length, 2, server.log);
  });
});

describe("exporters", () => {
  test("console: a line of JSON on standard output for each span", async () => {
    const keys = "tracesExporter: console, resourceAttributes: {team: a}, batchSpanProcessor: {scheduleDelay: 20ms}";
    const server = await cluster.startOn(["a"], `-open-telemetry={${keys}}`);
    assert.match(server.log, /msg="OpenTelemetry configured"/);
    await until(
      "both kinds of spans",
      () => /"poll_routes"/.test(server.output) && /"serve_routes"/.test(server.output),
    );
    const lines = server.output.trimEnd().split("\n");
    const poll = lines.map((line) => JSON.parse(line)).find(({ name }) => name === "poll_routes");
    assert.deepEqual([poll.kind, poll.status, poll.scope, poll.resource.team], ["internal", "unset", "routesrv", "a"]);
    assert.equal(poll.attributes["routes.updated"], true);
    assert.equal(new Date(poll.start).toISOString(), poll.start);
  });

  test("skipper-debug: debug lines of the log", async () => {
    const flag = "-open-telemetry={tracesExporter: skipper-debug, batchSpanProcessor: {scheduleDelay: 20ms}}";
    const server = await cluster.startOn(["a"], flag, "-application-log-level=debug");
    await until("spans are logged", () => /level=debug msg="Span: \{.*serve_routes/.test(server.log));
    assert.equal(server.output, "");
  });

  test("none: nothing is exported", async () => {
    const variables = { OTEL_TRACES_EXPORTER: "none", OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    const server = await withVariables(variables, () => cluster.startOn(["a"], "-open-telemetry={}"));
    await server.stop();
    assert.match(server.log, /OpenTelemetry configured/);
    assert.deepEqual([collector.requests.length, server.output], [0, ""]);
  });

  test("otlp: with the headers and attributes of the document over those of the environment", async () => {
    const variables = {
      OTEL_EXPORTER_OTLP_HEADERS: "x-team=none,x-key=a%20b",
      OTEL_RESOURCE_ATTRIBUTES: "team=none,cell=c1",
      OTEL_SERVICE_NAME: "named",
    };
    const keys = `exporterOtlp: {endpoint: "${collector.url}/base/", headers: {x-team: own}}, resourceAttributes: {team: own}`;
    const flag = `-open-telemetry={tracesExporter: otlp, ${keys}, propagators: [b3, none]}`;
    const server = await withVariables(variables, () => cluster.startOn(["a"], flag));
    await server.stop();
    const [request] = collector.requests;
    assert.equal(request!.path, "/base/v1/traces");
    assert.deepEqual([request!.headers["x-team"], request!.headers["x-key"]], ["own", "a b"]);
    const { team, cell, "service.name": service } = request!.spans[0]!.resource;
    assert.deepEqual([team, cell, service], ["own", "c1", "named"]);
  });

  test("{}: everything comes from the environment", async () => {
    const variables = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_BSP_SCHEDULE_DELAY: "20",
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "1",
      OTEL_PROPAGATORS: "tracecontext,baggage",
    };
    const server = await withVariables(variables, () => cluster.startOn(["a"], "-open-telemetry={}"));
    await collected("poll_routes", 1);
    await server.ask("/routes");
    await collected("serve_routes", 1);
    assert.ok(collector.requests.every(({ spans, path }) => spans.length === 1 && path === "/v1/traces"));
  });

  test("a sampler that takes no trace exports none", async () => {
    const variables = { OTEL_TRACES_SAMPLER: "parentbased_always_off" };
    const server = await withVariables(variables, () => cluster.startOn(["a"], toCollector()));
    await server.stop();
    assert.equal(collector.requests.length, 0);
  });

  test("-open-telemetry wins over -opentracing", async () => {
    const server = await cluster.startOn(["a"], toCollector(), "-opentracing=basic");
    await collected("poll_routes", 1);
    await server.stop();
    assert.equal(server.output, "");
  });
});

describe("vendors of -opentracing", () => {
  test("basic prints its spans every second", async () => {
    const server = await cluster.startOn(["a"], "-opentracing=basic drop-all-logs sample-modulo=1");
    await until("spans are printed", () => /^SAMPLED=\{.*"serve_routes"/m.test(server.output));
    assert.match(server.output, /^DO NOT USE IN PRODUCTION\nSAMPLED=/);
    assert.doesNotMatch(server.log, /OpenTelemetry|opentracing/);
  });

  test("jaeger, lightstep and instana send OTLP, and say so", async () => {
    const { address } = collector;
    const tags = "tag=team=a tag=cell=b=c";
    const jaeger = `jaeger service-name=s1 sampler-type=const local-agent=${address} ${tags} sampler-url=x unheard-of`;
    const lightstep = `lightstep token=t0 component-name=s2 collector=${address} plaintext=true ${tags} max-period=600ms`;
    const vendors: [value: string, variables: Record<string, string>, service: string][] = [
      [jaeger, {}, "s1"],
      [lightstep, {}, "s2"],
      ["instana service-name=s3", { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }, "s3"],
    ];
    for (const [value, variables, service] of vendors) {
      const server = await withVariables(variables, () => cluster.startOn(["a"], `-opentracing=${value}`));
      await server.stop();
      const { headers, spans, path } = collector.requests.at(-1)!;
      const { resource } = spans[0]!;
      assert.deepEqual([resource["service.name"], path], [service, "/v1/traces"]);
      if (service !== "s3") assert.deepEqual([resource.team, resource.cell], ["a", "b=c"]);
      assert.equal(headers["lightstep-access-token"], service === "s2" ? "t0" : undefined);
      assert.ok(server.log.includes(`spans go by OTLP to ${collector.url}/v1/traces, not by the vendor's protocol`));
      assert.doesNotMatch(server.log, /t0/);
    }
    const log = cluster.servers[0]!.log;
    assert.match(log, /level=warning msg="opentracing: jaeger: options without effect: sampler-url"/);
    assert.match(log, /level=warning msg="opentracing: jaeger: unknown options: unheard-of"/);
  });
});

describe("the start", () => {
  test("fails with what is wrong", async () => {
    const cases: [flag: string, message: string][] = [
      ["-opentracing=zipkin", "tracer 'zipkin' not supported"],
      ["-opentracing=jaeger tag", "missing argument for tag option"],
      ["-open-telemetry={tracesExporter: otlp}", "failed to setup OpenTelemetry: OTLP endpoint is required"],
      [
        "-open-telemetry={exporterOtlp: {protocol: grpc}}",
        'failed to setup OpenTelemetry: OTLP protocol \\"grpc\\" is not',
      ],
    ];
    for (const [flag, message] of cases) {
      const log = await RouteServerProcess.fails(...cluster.apiFlags, flag);
      assert.ok(log.includes(`level=fatal msg="${message}`), log);
    }
  });

  test("loads the SDK only when something is to be traced", async () => {
    const hook =
      "import{registerHooks}from'node:module';" +
      "registerHooks({resolve(s,c,n){if(s.includes('opentelemetry'))process.stderr.write('LOADED '+s+'\\n');return n(s,c)}})";
    const NODE_OPTIONS = `--import="data:text/javascript,${encodeURIComponent(hook)}"`;
    await withVariables({ NODE_OPTIONS }, async () => {
      const plain = await cluster.startOn(["a"], "-opentracing=noop");
      assert.doesNotMatch(plain.log, /LOADED/);
      const traced = await cluster.start("-opentracing=basic");
      assert.match(traced.log, /LOADED @opentelemetry\/sdk-trace/);
    });
    const proxy = await RunningProxy.startIn({ NODE_OPTIONS }, "", "-opentracing=jaeger");
    await proxy.stop();
    assert.doesNotMatch(proxy.log, /LOADED/);
    assert.match(proxy.log, /level=warning msg="opentracing: without effect, skipper does not trace requests yet"/);
  });
});
