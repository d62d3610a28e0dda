// The handler behind a real listener, asked over sockets.

import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingHttpHeaders, request as send } from "node:http";
import { connect } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { PrometheusAdmissionMetrics } from "../../observability/admission-metrics.ts";
import { ApplicationLog } from "../../observability/log.ts";
import { DecodeFault } from "../decode.ts";
import { type AdmissionServer, startAdmissionServer } from "./admission-server.ts";
import { makeAdmitter } from "./admitter.ts";
import { admissionHandler, MAX_BODY_BYTES } from "./handler.ts";

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Ask {
  readonly method?: string;
  readonly type?: string | null;
  readonly body?: string | Buffer;
}

interface Webhook {
  readonly port: number;
  readonly server: AdmissionServer;
  readonly log: () => string;
  ask(path: string, ask?: Ask): Promise<Answer>;
}

/** Objects are lists of faults; anything else is none. */
function decode(object: unknown): readonly string[] | DecodeFault {
  return Array.isArray(object) ? object : new DecodeFault("expected a list");
}

async function webhook(t: TestContext, level: "info" | "debug" = "info"): Promise<Webhook> {
  let text = "";
  const write = (line: string) => {
    text += line;
  };
  const log = new ApplicationLog({ level, prefix: "", json: false, terminal: false, write, now: Date.now });
  const admitters = new Map([
    ["/routegroups", makeAdmitter("routegroup", decode, (faults) => faults)],
    ["/ingresses", makeAdmitter("ingress", decode, (faults) => faults)],
  ]);
  const handler = admissionHandler({ admitters, metrics: new PrometheusAdmissionMetrics(false), log });
  const server = await startAdmissionServer(handler, { host: "127.0.0.1", port: 0 }, null);
  const { port } = server;
  t.after(() => server.stop(0));
  return {
    port,
    server,
    log: () => text,
    async ask(path, { method = "POST", type = "application/json", body } = {}) {
      const headers = type === null ? {} : { "Content-Type": type };
      const sent = send({ host: "127.0.0.1", port, path, method, headers, agent: false }).end(body);
      const [response] = await once(sent, "response");
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() };
    },
  };
}

function review(object: unknown, fields: Readonly<Record<string, unknown>> = {}): string {
  const resource = { group: "zalando.org", version: "v1", resource: "routegroups" };
  return JSON.stringify({ request: { uid: "u", operation: "CREATE", resource, object, ...fields } });
}

test("objects are allowed or rejected, whatever query the API server adds", async (t) => {
  const { ask } = await webhook(t);
  for (const path of ["/routegroups", "/ingresses", "/routegroups?timeout=5s"]) {
    const allowed = await ask(path, { body: review([]) });
    assert.deepEqual([allowed.status, allowed.headers["content-type"]], [200, "application/json"]);
    assert.deepEqual(JSON.parse(allowed.body).response, { uid: "u", allowed: true });
    const rejected = await ask(path, { body: review(["one", "two"]) });
    assert.equal(rejected.status, 200);
    assert.deepEqual(JSON.parse(rejected.body).response, {
      uid: "u",
      allowed: false,
      status: { message: "one\ntwo" },
    });
  }
});

test("an object that is deleted needs no check", async (t) => {
  const { ask } = await webhook(t);
  const { body } = await ask("/routegroups", { body: review(null, { operation: "DELETE" }) });
  assert.equal(JSON.parse(body).response.allowed, true);
});

describe("what is no review is refused with an empty body", () => {
  const cases: [name: string, ask: Ask, status: number, log: string][] = [
    ["another method", { method: "PUT", body: review([]) }, 400, ""],
    ["no content type", { type: null, body: review([]) }, 400, ""],
    ["another content type", { type: "application/json; charset=utf-8", body: review([]) }, 400, ""],
    ["no JSON", { body: "{" }, 400, "Failed to parse request: "],
    ["no request", { body: "{}" }, 400, "Missing review request"],
    ["an object that cannot be decoded", { body: review({}) }, 400, "Failed to admit request: expected a list"],
    ["no object", { body: review(null) }, 400, "Failed to admit request: expected a list"],
    ["a body that is too large", { body: " ".repeat(MAX_BODY_BYTES + 1) }, 500, "Failed to read request: "],
  ];
  for (const [name, asked, status, logged] of cases) {
    test(name, async (t) => {
      const { ask, log } = await webhook(t);
      const answer = await ask("/routegroups", asked);
      assert.deepEqual([answer.status, answer.body], [status, ""]);
      if (logged === "") assert.equal(log(), "");
      else assert.ok(log().includes(`level=error msg="${logged}`), log());
    });
  }
});

test("a body of the greatest size is read", async (t) => {
  const { ask } = await webhook(t);
  const body = review([]);
  const answer = await ask("/ingresses", { body: body + " ".repeat(MAX_BODY_BYTES - body.length) });
  assert.equal(answer.status, 200);
});

test("a body that never ends is not read for ever", async (t) => {
  const { port, log } = await webhook(t);
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write("POST /routegroups HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n");
  socket.write("Transfer-Encoding: chunked\r\n\r\n");
  const piece = `100000\r\n${" ".repeat(0x100000)}\r\n`;
  const closed = new Promise((resolve) => socket.on("close", resolve));
  const fill = () => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on("drain", fill).resume();
  fill();
  await closed;
  assert.match(log(), /msg="Failed to read request: the body is larger than 3145728 bytes"/);
});

test("other paths: health, metrics, nothing", async (t) => {
  const { ask } = await webhook(t);
  const health = await ask("/healthz", { method: "GET", type: null });
  assert.deepEqual([health.status, health.body], [200, "ok"]);
  for (const path of ["/", "/routegroups/", "/healthz/x", "/metrics/x"]) {
    assert.equal((await ask(path, { method: "GET", type: null })).status, 404, path);
  }
});

test("each review is logged at debug level, with who asked for what", async (t) => {
  const { ask, log } = await webhook(t, "debug");
  const fields = {
    kind: { kind: "RouteGroup" },
    namespace: "team",
    name: "shop",
    userInfo: { username: "jane doe" },
  };
  await ask("/routegroups", { body: review([], fields) });
  await ask("/routegroups", { body: review(["no"], { ...fields, operation: "UPDATE", name: "x".repeat(1000) }) });
  const [allowed, rejected] = log().trim().split("\n");
  const tail = 'user="jane doe"';
  assert.match(
    allowed!,
    RegExp(`level=debug msg=Allowed kind=RouteGroup name=shop namespace=team operation=CREATE ${tail}`),
  );
  assert.match(
    rejected!,
    RegExp(`level=debug msg=Rejected kind=RouteGroup name=x{500} namespace=team operation=UPDATE ${tail}`),
  );
});

test("a flood of wrong requests is one line", async (t) => {
  const { ask, log } = await webhook(t);
  for (let i = 0; i < 20; i++) await ask("/routegroups", { body: `{${i}` });
  assert.equal(log().trim().split("\n").length, 1);
});

test("metrics count requests, and decisions by what they were about", async (t) => {
  const { ask } = await webhook(t);
  await ask("/routegroups", { body: review([]) });
  await ask("/routegroups", { body: review(["no"], { resource: { version: "v1", resource: "routegroups" } }) });
  await ask("/ingresses", { body: "{" });
  const { headers, body } = await ask("/metrics", { method: "GET", type: null });
  assert.match(String(headers["content-type"]), /^text\/plain; version=0\.0\.4/);
  const prefix = "routegroup_admission_admitter_";
  const labels =
    'admitter="routegroup",operation="CREATE",group="zalando.org",version="v1",resource="routegroups",sub_resource=""';
  for (const line of [
    `requests{admitter="routegroup"} 2`,
    `requests{admitter="ingress"} 1`,
    `invalid_requests{admitter="ingress"} 1`,
    `successful_admissions{${labels}} 1`,
    `rejected_admissions{${labels}} 1`,
    `admission_duration_count{${labels}} 2`,
  ]) {
    assert.ok(body.includes(`${prefix}${line}\n`), `${line} in\n${body}`);
  }
  const bounds = [...body.matchAll(/admission_duration_bucket\{le="([^"]+)"/g)].map(([, le]) => le);
  assert.deepEqual(bounds, [
    ...["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "0.75", "1", "1.25", "1.5", "2", "2.5", "5", "10"],
    "+Inf",
  ]);
});

test("labels that a client makes up do not grow without end", async (t) => {
  const { ask } = await webhook(t);
  const metrics = new PrometheusAdmissionMetrics(false);
  for (let i = 0; i < 1000; i++) {
    const resource = { operation: `O${i}`, group: "g", version: "v", resource: "x".repeat(9999), subResource: "" };
    metrics.decided("ingress", resource, true, 0.1);
  }
  const { text } = await metrics.exposition();
  const series = text.split("\n").filter((line) => line.includes("successful_admissions{"));
  assert.equal(series.length, 201);
  assert.ok(series.some((line) => line.includes('operation="_other_"') && line.endsWith(" 800")));
  assert.ok(text.length < 3_000_000);
  assert.equal((await ask("/healthz", { method: "GET" })).status, 200);
});

test("a stop waits for the answer of what has begun, and not for idle connections", async (t) => {
  const { port, server, ask } = await webhook(t);
  const idle = connect(port, "127.0.0.1");
  await once(idle, "connect");
  const sent = send({
    host: "127.0.0.1",
    port,
    path: "/routegroups",
    method: "POST",
    headers: { "Content-Type": "application/json", "Transfer-Encoding": "chunked" },
  });
  sent.write(" ");
  const begun = 'requests{admitter="routegroup"} 1\n';
  while (!(await ask("/metrics", { method: "GET", type: null })).body.includes(begun));
  const stopped = server.stop(10_000);
  sent.end(review([]));
  const [response] = await once(sent, "response");
  assert.equal(response.statusCode, 200);
  response.resume();
  await stopped;
  idle.destroy();
});
