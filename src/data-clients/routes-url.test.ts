import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import { gzipSync } from "node:zlib";
import { until } from "../../test/e2e/running-proxy.ts";
import { RecordingHost } from "../../test/support/recording-host.ts";
import type { Logger } from "../observability/log.ts";
import { RoutesUrl } from "./routes-url.ts";

let answer: (request: IncomingMessage, response: ServerResponse) => void = () => {};
let server: Server;
let url = "";
let requests: IncomingMessage[] = [];
let client: RoutesUrl | null = null;
let host = new RecordingHost();
const lines: string[] = [];
const log: Logger = {
  debug: () => {},
  info: (message) => lines.push(message),
  warn: (message) => lines.push(message),
  error: (message) => lines.push(message),
};

beforeEach(async () => {
  requests = [];
  lines.length = 0;
  host = new RecordingHost();
  server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/routes`;
});

afterEach(async () => {
  client?.stop();
  client = null;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function start(timeoutMs = 20_000): Promise<void> {
  client = new RoutesUrl({ url, pollMs: 10, timeoutMs, waitMs: 0, cacheFile: "", credentials: null, env: {}, log });
  return client.start(host);
}

function text(body: string, headers: Record<string, string> = {}) {
  return (_request: IncomingMessage, response: ServerResponse) => void response.writeHead(200, headers).end(body);
}

test("the first document counts at start, later ones by difference", async () => {
  answer = text("a: * -> <shunt>; b: * -> <shunt>;");
  await start();
  assert.deepEqual(host.transactions, [{ initial: true, upserts: ["a", "b"], deletes: [] }]);
  assert.deepEqual(lines, [`Watch routes url: "${url}"`]);
  answer = text("b: * -> <shunt>; c: * -> <shunt>;");
  await host.until(() => host.transactions.length > 1);
  assert.deepEqual(host.transactions[1], { initial: false, upserts: ["c"], deletes: ["a"] });
});

test("the ETag goes back as it came, 304 changes nothing, a 200 without one forgets it", async () => {
  answer = text("a: * -> <shunt>;", { etag: `W/"1"` });
  await start();
  answer = (_request, response) => void response.writeHead(304).end();
  while (requests.length < 3) await new Promise((resolve) => server.once("request", resolve));
  assert.equal(requests[0]!.headers["if-none-match"], undefined);
  assert.equal(requests[2]!.headers["if-none-match"], `W/"1"`);
  assert.deepEqual(host.failures, []);
  answer = text("b: * -> <shunt>;");
  await host.until(() => host.routes.has("b"));
  const count = requests.length;
  while (requests.length < count + 2) await new Promise((resolve) => server.once("request", resolve));
  assert.equal(requests[count + 1]!.headers["if-none-match"], undefined);
});

test("304 to a request without ETag is a failure", async () => {
  answer = text("a: * -> <shunt>;");
  await start();
  answer = (_request, response) => void response.writeHead(304).end();
  await host.until(() => host.failures.length > 0);
  assert.equal(host.failures[0]!.reason, `failed to download remote file ${url}, status code: 304`);
  assert.deepEqual([...host.routes.keys()], ["a"]);
});

const startFailures: [string, typeof answer, RegExp, timeoutMs?: number][] = [
  ["a status", (_q, r) => void r.writeHead(500).end("a: * -> <shunt>"), /status code: 500$/],
  ["a broken connection", (q) => void q.socket.destroy(), /connection reset by peer|socket hang up/],
  [
    "a body that breaks off",
    (q, r) => void r.writeHead(200, { "content-length": "99" }).write("a", () => q.socket.destroy()),
    /aborted|connection reset by peer/,
  ],
  ["a server that does not answer", () => {}, /timeout after 50 ms/, 50],
  [
    "redirects without end",
    (_q, r) => void r.writeHead(302, { location: "/again" }).end(),
    /stopped after 10 redirects/,
  ],
];

for (const [name, broken, reason, timeoutMs] of startFailures) {
  test(`the start fails with ${name}`, async () => {
    answer = broken;
    await assert.rejects(start(timeoutMs), (error: Error) => {
      assert.ok(error.message.startsWith(`error while loading routes from url ${url}: `), error.message);
      assert.match(error.message, reason);
      return true;
    });
    assert.deepEqual(host.transactions, []);
  });
}

test("a first document that does not parse is a failing first load, not the end", async () => {
  answer = text("broken");
  await start();
  assert.equal(host.failures[0]!.initial, true);
  answer = text("a: * -> <shunt>;");
  await host.until(() => host.routes.has("a"));
  assert.equal(host.transactions[0]!.initial, true);
});

test("an invalid document keeps the routes, and is reported again while the server says that it did not change", async () => {
  answer = text("a: * -> <shunt>;", { etag: `"1"` });
  await start();
  answer = (request, response) => {
    if (request.headers["if-none-match"] === `"2"`) response.writeHead(304).end();
    else response.writeHead(200, { etag: `"2"` }).end("a: broken");
  };
  await host.until(() => host.failures.length >= 3);
  assert.equal(requests.at(-1)!.headers["if-none-match"], `"2"`);
  assert.match(host.failures[2]!.reason, /^parse failed/);
  assert.ok(lines.includes("LoadUpdate from remote URL failed. Trying to LoadAll"));
  assert.deepEqual([...host.routes.keys()], ["a"]);
});

test("an interrupted body keeps the old ETag and routes", async () => {
  answer = text("a: * -> <shunt>;", { etag: `"1"` });
  await start();
  answer = (request, response) => {
    response.writeHead(200, { etag: `"2"`, "content-length": "999" });
    response.write("b: * -> <shunt>;", () => request.socket.destroy());
  };
  await host.until(() => host.failures.length > 0);
  const count = requests.length;
  while (requests.length === count) await new Promise((resolve) => server.once("request", resolve));
  assert.equal(requests.at(-1)!.headers["if-none-match"], `"1"`);
  assert.deepEqual([...host.routes.keys()], ["a"]);
});

test("an empty body counts only with X-Count: 0", async () => {
  answer = text("a: * -> <shunt>;");
  await start();
  answer = text("");
  await host.until(() => host.failures.length > 0);
  assert.deepEqual([...host.routes.keys()], ["a"]);
  answer = text("", { "x-count": "0" });
  await host.until(() => host.routes.size === 0);
});

test("redirects are followed and gzip is understood", async () => {
  answer = (request, response) => {
    if (request.url === "/routes") response.writeHead(307, { location: "/moved" }).end("not this");
    else response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("a: * -> <shunt>;"));
  };
  await start();
  assert.deepEqual([...host.routes.keys()], ["a"]);
});

test("a gzip body that is cut off is a failure", async () => {
  answer = text("a: * -> <shunt>;");
  await start();
  const whole = gzipSync("b: * -> <shunt>;");
  answer = (_request, response) =>
    void response.writeHead(200, { "content-encoding": "gzip" }).end(whole.subarray(0, -9));
  await host.until(() => host.failures.length > 0);
  assert.deepEqual([...host.routes.keys()], ["a"]);
});

test("an update that fails is followed by a full load at once, later ones at every poll", async () => {
  answer = text("a: * -> <shunt>;");
  await start();
  answer = text("broken");
  await host.until(() => host.failures.length >= 3);
  assert.deepEqual(
    host.failures.slice(0, 3).map(({ initial }) => initial),
    [false, true, true],
  );
  assert.deepEqual(
    lines.slice(1, 4).map((line) => line.replace(/http:.*/, "")),
    [
      "LoadUpdate from remote URL failed. Trying to LoadAll",
      "RemoteEskipFile LoadUpdate ",
      "LoadAll from remote URL failed. Continue using the last loaded routes",
    ],
  );
  answer = text("b: * -> <shunt>;");
  await host.until(() => host.routes.has("b"));
  const count = host.failures.length;
  answer = text("broken again");
  await host.until(() => host.failures.length > count);
  assert.equal(host.failures[count]!.initial, false);
});

const unusable: [string, typeof answer][] = [
  ["an error page without end", (_q, r) => void r.writeHead(500).write("x")],
  [
    "a redirect with a body without end",
    (_q, r) => void r.writeHead(302, { location: "http://127.0.0.1:1/" }).write("x"),
  ],
  ["bytes that are no gzip", (_q, r) => void r.writeHead(200, { "content-encoding": "gzip" }).write("x".repeat(100))],
];

for (const [name, broken] of unusable) {
  test(`${name} leaves no connection behind`, async () => {
    answer = text("a: * -> <shunt>;");
    await start(0);
    const open = new Set<unknown>();
    server.on("connection", (socket) => {
      open.add(socket);
      socket.on("close", () => open.delete(socket));
    });
    answer = broken;
    await host.until(() => host.failures.length > 5);
    await until("all but one are closed", () => open.size <= 1);
  });
}

test("the proxy of the environment is used", async () => {
  answer = text("a: * -> <shunt>;");
  const proxy = url.replace("/routes", "");
  client = new RoutesUrl({
    url: "http://routes.test/all",
    pollMs: 1000,
    timeoutMs: 20_000,
    waitMs: 0,
    cacheFile: "",
    credentials: null,
    env: { HTTP_PROXY: proxy },
    log,
  });
  await client.start(host);
  assert.equal(requests[0]!.url, "http://routes.test/all");
});
