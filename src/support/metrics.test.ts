import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, get, type IncomingHttpHeaders, request } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { METRICS } from "../observability/metric-names.ts";
import { MetricsHub } from "../observability/metrics-hub.ts";
import { defaultMetricsSettings, type MetricsSettings, metricSwitches } from "../observability/metrics-settings.ts";
import { RequestMetrics } from "../observability/request-metrics.ts";
import { createMetricsHandler } from "./metrics.ts";

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

type Ask = (path: string, options?: { method?: string; headers?: Record<string, string> }) => Promise<Answer>;

async function serving(
  settings: Partial<MetricsSettings>,
  use: (ask: Ask, hub: MetricsHub, port: number) => Promise<void>,
): Promise<void> {
  const hub = new MetricsHub({ ...defaultMetricsSettings(), runtimeMetrics: false, ...settings });
  const handler = createMetricsHandler(hub);
  const server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const ask: Ask = async (path, options = {}) => {
    const sent = request({ port, host: "127.0.0.1", path, agent: false, ...options }).end();
    const [response] = await once(sent, "response");
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
  };
  try {
    await use(ask, hub, port);
  } finally {
    handler.close();
    server.close();
  }
}

/** One request as the exchange reports it. */
function oneRequest(hub: MetricsHub): void {
  const metrics = new RequestMetrics(hub.main);
  const route = metrics.route("r1", true, "b:80");
  metrics.incoming("HTTP/1.1");
  metrics.lookup(0.001, true);
  const weight = route.filterWeight(1000);
  metrics.filter("setPath").request(0.002, weight);
  route.requestFilters(0.003);
  metrics.outgoing("HTTP/1.1");
  route.backendRequest(300, "www.ex.org:8080");
  route.backend(0.02, 503, "zone1");
  route.responseFilters(0.001);
  route.response(0.004, 503, "get", "www.ex.org:8080", 1234);
  route.serve(0.03, 503, "get", "www.ex.org:8080");
  route.backendError();
  metrics.own(0.001, 0.002);
}

test("codahale: the default metrics of a request", async () => {
  await serving({}, async (ask, hub) => {
    oneRequest(hub);
    const { status, headers, body } = await ask("/metrics");
    assert.equal(status, 200);
    assert.equal(headers["content-type"], "text/plain; charset=utf-8");
    const families = JSON.parse(body.toString());
    assert.deepEqual(Object.keys(families), ["counters", "timers"]);
    assert.deepEqual(families.counters, {
      "skipper.errors.backend.r1": { count: 1 },
      "skipper.incoming.HTTP/1.1": { count: 1 },
      "skipper.outgoing.HTTP/1.1": { count: 1 },
    });
    assert.deepEqual(Object.keys(families.timers), [
      "skipper.all.backend",
      "skipper.all.backend.5xx",
      "skipper.allfilters.combined.request",
      "skipper.allfilters.combined.response",
      "skipper.allfilters.request.r1",
      "skipper.allfilters.response.r1",
      "skipper.backend.r1",
      "skipper.filter.setPath.request",
      "skipper.proxy.total",
      "skipper.response.503._unknownmethod_.skipper.r1",
      "skipper.routelookup",
    ]);
    const timer = families.timers["skipper.backend.r1"];
    assert.equal(timer.count, 1);
    for (const member of ["min", "max", "mean", "median", "75%", "95%", "99%", "99.9%"]) {
      assert.ok(Math.abs(timer[member] - 20e6) < 1, `${member}: ${timer[member]}`);
    }
    assert.equal(timer.stddev, 0);
    for (const member of ["1m.rate", "5m.rate", "15m.rate", "mean.rate"]) assert.equal(typeof timer[member], "number");
  });
});

test("codahale: one key, with or without prefix, a prefix of keys, no such key, methods", async () => {
  await serving({}, async (ask, hub) => {
    hub.main.customCounter("a.b").add(2);
    hub.main.customCounter("a.bc").add(3);
    hub.main.customCounter("a.float").add(0.5);
    hub.main.customCounter("incoming.HTTP/1.1").add(1);
    hub.main.customGauge("g").set(1.5);
    for (const [path, expected] of [
      ["/metrics/a.b", { counters: { "a.b": { count: 2 } } }],
      ["/metrics/skipper.a.b", { counters: { "skipper.a.b": { count: 2 } } }],
      ["/metrics/x/skipper.a.b", { counters: { "skipper.a.b": { count: 2 } } }],
      ["/metrics/skipper.a", { counters: { "skipper.a.b": { count: 2 }, "skipper.a.bc": { count: 3 } } }],
      ["/metrics/g?x=1", { gauges: { g: { value: 1.5 } } }],
    ] as const) {
      const { body } = await ask(path);
      assert.deepEqual(JSON.parse(body.toString()), expected, path);
    }
    for (const path of ["/metrics/nosuchkey", "/metrics/a", "/metrics/incoming.HTTP/1.1", "/metrics/%zz"]) {
      const { status, headers, body } = await ask(path);
      assert.equal(status, 404, path);
      assert.equal(body.toString(), "404 page not found\n");
      assert.equal(headers["content-type"], "text/plain; charset=utf-8");
      assert.equal(headers["x-content-type-options"], "nosniff");
    }
    const post = await ask("/metrics", { method: "POST", headers: { "Content-Length": "0" } });
    assert.deepEqual([post.status, post.headers["content-length"], post.body.length], [405, "0", 0]);
    assert.equal((await ask("/metrics", { method: "PUT" })).status, 200);
  });
});

test("codahale: the host of a backend is one word of its key", async () => {
  const on = metricSwitches({ backendHost: true, serveHost: true }, true);
  await serving({ on }, async (ask, hub) => {
    const route = new RequestMetrics(hub.main).route("r1", true, "10.1.2.3:8080");
    route.backend(0.02, 200, "");
    const { timers } = JSON.parse((await ask("/metrics/skipper.backendhost")).body.toString());
    assert.deepEqual(Object.keys(timers), ["skipper.backendhost.10_1_2_3__8080"]);
  });
});

test("a counter that has counted nothing is not shown, but for one that has no labels in Prometheus", async () => {
  await serving({ prometheus: true }, async (ask, hub) => {
    hub.main.customCounter("nothing").add(0);
    hub.main.counter(METRICS.routeErrors, []);
    const json = await ask("/metrics", { headers: { Accept: "application/codahale+json" } });
    assert.equal(json.body.toString(), "{}\n");
    const samples = readExposition((await ask("/metrics")).body.toString());
    assert.deepEqual(
      [...samples].filter(([key]) => /custom_total|route_error/.test(key)),
      [["skipper_route_error_total{}", 0]],
    );
  });
});

test("codahale: garbage collections with -debug-gc-metrics", async () => {
  await serving({ debugGcMetrics: true }, async (ask, hub) => {
    hub.main.histogram(METRICS.gcPause, []).observe(0.002);
    const { gauges, histograms, ...rest } = JSON.parse((await ask("/metrics")).body.toString());
    assert.deepEqual(rest, {});
    const names = ["LastGC", "NumGC", "PauseTotal"].map((name) => `skipper.debug.GCStats.${name}`);
    assert.deepEqual(Object.keys(gauges), names);
    assert.ok(gauges["skipper.debug.GCStats.NumGC"].value >= 1);
    assert.ok(gauges["skipper.debug.GCStats.PauseTotal"].value >= 2e6);
    assert.deepEqual(Object.keys(histograms), ["skipper.debug.GCStats.Pause"]);
  });
});

test("flavours choose by an exact Accept", async () => {
  await serving({ prometheus: true }, async (ask) => {
    const text = await ask("/metrics");
    assert.equal(text.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
    const json = await ask("/metrics", { headers: { Accept: "application/codahale+json" } });
    assert.equal(json.body.toString(), "{}\n");
    const both = await ask("/metrics", { headers: { Accept: "application/codahale+json, */*" } });
    assert.match(String(both.headers["content-type"]), /version=0.0.4/);
  });
  await serving({ codahale: false }, async (ask) => assert.equal((await ask("/metrics")).status, 404));
});

test("prometheus: a plain reader gets the values back", async () => {
  const on = metricSwitches({ serveHost: true, serveRouteCounter: true, backendHost: true, backendZone: true }, true);
  await serving({ codahale: false, prometheus: true, on, startLabel: false }, async (ask, hub) => {
    oneRequest(hub);
    hub.main.customCounter('a"b\\c\nd').add(2);
    const samples = readExposition((await ask("/metrics/any/path")).body.toString());
    const host = "www_ex_org__8080";
    for (const [sample, value] of [
      ["skipper_route_lookup_duration_seconds_count{}", 1],
      ["skipper_route_lookup_duration_seconds_bucket{le=0.005}", 1],
      ["skipper_backend_duration_seconds_bucket{route=,host=b:80,zone=,le=0.01}", 0],
      ["skipper_backend_duration_seconds_bucket{route=,host=b:80,zone=,le=0.025}", 1],
      ["skipper_backend_duration_seconds_bucket{route=,host=,zone=zone1,le=+Inf}", 1],
      ["skipper_backend_duration_seconds_sum{route=,host=,zone=zone1}", 0.02],
      ["skipper_backend_error_total{route=r1}", 1],
      [`skipper_response_size_bytes_bucket{host=${host},le=524288}`, 1],
      [`skipper_response_size_bytes_bucket{host=${host},le=1024}`, 0],
      [`skipper_backend_request_header_bytes_sum{host=${host}}`, 300],
      [`skipper_serve_host_duration_seconds_count{code=503,method=_unknownmethod_,host=${host}}`, 1],
      ["skipper_serve_route_count{code=503,method=_unknownmethod_,route=r1}", 1],
      ['skipper_custom_total{key=a"b\\c\nd}', 2],
      ["skipper_route_error_total{}", 0],
    ] as const) {
      assert.equal(samples.get(sample), value, sample);
    }
    const names = [...samples.keys()].join("\n");
    assert.doesNotMatch(names, /route_invalid|filter_all_request|skipper_response_duration|streaming_error/);
  });
});

test("prometheus: a label that is switched off is not there; counters may carry their start", async () => {
  const on = metricSwitches({ serveRoute: true }, true);
  const settings = { codahale: false, prometheus: true, on, serveMethod: false, startLabel: true, prefix: "my-app." };
  await serving(settings, async (ask, hub) => {
    oneRequest(hub);
    const samples = readExposition((await ask("/metrics")).body.toString());
    assert.equal(samples.get("my_app_serve_route_duration_seconds_count{code=503,route=r1}"), 1);
    const counter = [...samples.keys()].find((key) => key.startsWith("my_app_backend_error_total"));
    assert.match(counter!, /^my_app_backend_error_total\{route=r1,start=\d{19}\}$/);
  });
});

test("prometheus: gzip when it is accepted and not switched off", async () => {
  for (const [accept, compress, expected] of [
    ["gzip", true, "gzip"],
    ["br, GZIP;q=0.5", true, "gzip"],
    ["gzip;q=0", true, undefined],
    ["identity", true, undefined],
    ["gzip", false, undefined],
  ] as const) {
    await serving({ codahale: false, prometheus: true, compress }, async (ask, hub) => {
      hub.main.customCounter("k").add(7);
      const { headers, body } = await ask("/metrics", { headers: { "Accept-Encoding": accept } });
      assert.equal(headers["content-encoding"], expected);
      const text = (expected === "gzip" ? gunzipSync(body) : body).toString();
      assert.equal(readExposition(text).get("skipper_custom_total{key=k}"), 7);
    });
  }
});

test("prometheus: more series than a batch holds stay one family", async () => {
  await serving({ codahale: false, prometheus: true }, async (ask, hub) => {
    for (let i = 0; i < 5000; i++) hub.main.counter(METRICS.backendErrors, [`r${i}`]).add(i + 1);
    const samples = readExposition((await ask("/metrics")).body.toString());
    for (const i of [0, 1999, 2000, 4999]) assert.equal(samples.get(`skipper_backend_error_total{route=r${i}}`), i + 1);
  });
});

test("prometheus: the metrics of the runtime that dashboards ask for", async () => {
  await serving({ codahale: false, prometheus: true, runtimeMetrics: true }, async (ask) => {
    const samples = readExposition((await ask("/metrics")).body.toString());
    for (const sample of [
      "go_goroutines{}",
      "go_threads{}",
      "go_memstats_heap_inuse_bytes{}",
      "process_cpu_seconds_total{}",
      "process_resident_memory_bytes{}",
      "process_start_time_seconds{}",
    ]) {
      assert.ok((samples.get(sample) ?? 0) > 0, sample);
    }
    for (const sample of ["go_gc_duration_seconds{quantile=0.75}", "go_memstats_heap_objects{}"]) {
      assert.ok(samples.has(sample), sample);
    }
    const spent = process.cpuUsage();
    const seconds = (spent.user + spent.system) / 1e6;
    assert.ok(Math.abs(samples.get("process_cpu_seconds_total{}")! - seconds) < 1, "counted from the start");
  });
});

test("a scraper that goes away leaves the listener alive", async () => {
  await serving({ codahale: false, prometheus: true }, async (ask, hub, port) => {
    for (let i = 0; i < 20_000; i++) hub.main.counter(METRICS.backendErrors, [`r${i}`]).add(i);
    const sent = get({ port, host: "127.0.0.1", path: "/metrics", agent: false });
    const [response] = await once(sent, "response");
    response.destroy();
    await once(response, "close");
    assert.equal((await ask("/metrics")).status, 200);
  });
});

/**
 * Reads the text format 0.0.4: `name{label=value,...}` (unquoted) to value. A family must begin with its HELP and TYPE, come once, and
 * hold only its own samples; the buckets of a histogram must rise.
 */
function readExposition(text: string): Map<string, number> {
  assert.ok(text.endsWith("\n"));
  const samples = new Map<string, number>();
  const seen = new Set<string>();
  let family = "";
  let lastBucket = 0;
  for (const line of text.split("\n")) {
    const comment = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line);
    if (comment !== null) {
      if (comment[1] === "HELP") {
        family = comment[2]!;
        assert.ok(!seen.has(family), `${family} comes once`);
        seen.add(family);
      } else assert.equal(comment[2], family);
      continue;
    }
    if (line === "") continue;
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    assert.ok(sample !== null, line);
    const [, name, labels = "", value] = sample;
    assert.ok(name === family || /^_(bucket|sum|count)$/.test(name!.slice(family.length)), `${name} in ${family}`);
    const parts = [...labels.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)/g)].map(
      ([, label, quoted]) => {
        const plain = quoted!.replace(/\\(.)/g, (_, c) => (c === "n" ? "\n" : c));
        return `${label}=${plain}`;
      },
    );
    const key = `${name}{${parts.join(",")}}`;
    assert.ok(!samples.has(key), `${key} comes once`);
    samples.set(key, Number(value));
    if (name!.endsWith("_bucket")) {
      assert.ok(Number(value) >= lastBucket);
      lastBucket = labels.includes('le="+Inf"') ? 0 : Number(value);
    }
  }
  return samples;
}
