// What copies carry, what becomes of their answers and redirects, and when they are dropped; against servers in this process. Long
// because it is one page for five filters.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { after, test } from "node:test";
import { until } from "../../../test/e2e/running-proxy.ts";
import {
  bodyText,
  FakeContext,
  type FakeEnv,
  type FakeRequest,
  fakeEnv,
  makeFilters,
  runChain,
} from "../../../test/support/fake-context.ts";
import { testFilters } from "../../../test/support/filter-table.ts";

interface Seen {
  readonly line: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Shadow {
  /** `host:port`. */
  readonly address: string;
  readonly seen: Seen[];
  connections: number;
}

type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** A shadow server that records complete requests; `answer` answers, else it is an empty 200. */
async function shadowServer(answer: Answer = (_, response) => void response.end()): Promise<Shadow> {
  const shadow: Shadow = { address: "", seen: [], connections: 0 };
  const server = http.createServer(async (request, response) => {
    let body = "";
    for await (const piece of request.setEncoding("latin1")) body += piece;
    const headers: Record<string, string> = {};
    for (let i = 0; i < request.rawHeaders.length; i += 2) headers[request.rawHeaders[i]!] = request.rawHeaders[i + 1]!;
    shadow.seen.push({ line: `${request.method} ${request.url}`, headers, body });
    answer(request, response);
  });
  server.on("connection", () => shadow.connections++);
  await once(server.listen(0, "127.0.0.1"), "listening");
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return Object.assign(shadow, { address: `127.0.0.1:${(server.address() as net.AddressInfo).port}` });
}

/** A server that takes connections and never reads or answers. */
async function deafServer(): Promise<{ address: string; sockets: net.Socket[] }> {
  const sockets: net.Socket[] = [];
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    socket.on("error", () => {});
    sockets.push(socket);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { address: `127.0.0.1:${(server.address() as net.AddressInfo).port}`, sockets };
}

/** Runs the chain and waits for `count` copies at the shadow. */
async function copies(
  shadow: Shadow,
  chain: string,
  request: FakeRequest = {},
  count = 1,
  env = fakeEnv(),
): Promise<Seen[]> {
  await runChain(chain, request, {}, env);
  await until(`${count} copies`, () => shadow.seen.length >= count);
  return shadow.seen;
}

test("a copy goes to the host of the URL, with everything that belongs to the request", async () => {
  const shadow = await shadowServer();
  const [seen] = await copies(shadow, `tee("http://${shadow.address}/ignored?too")`, {
    method: "PUT",
    target: "/a%2Fb/%C3%BC?x=1&y",
    headers: [
      ["X-One", "1"],
      ["X-One", "2"],
      ["Cookie", "c=1"],
      ["X-Bytes", "gr\xfc\xdfe"],
      ["Connection", "X-One"],
      ["Te", "trailers"],
      ["Proxy-Authorization", "secret"],
      ["Upgrade", "x"],
    ],
    body: ["abc", "def"],
  });
  assert.equal(seen!.line, "PUT /a%2Fb/%C3%BC?x=1&y");
  assert.deepEqual(seen!.headers, {
    "X-One": "2",
    Cookie: "c=1",
    "X-Bytes": "gr\xfc\xdfe",
    "X-Skipper-Shadow-Traffic": shadow.address,
    Host: shadow.address,
    "Content-Length": "6",
    Connection: "keep-alive",
  });
  assert.equal(seen!.body, "abcdef");
});

test("a pattern changes the path of the copy alone", async () => {
  const shadow = await shadowServer();
  const { ctx } = await runChain(`tee("http://${shadow.address}", "^/v([0-9])", "/w$1")`, { target: "/v1/x?q" });
  await until("the copy", () => shadow.seen.length === 1);
  assert.equal(shadow.seen[0]!.line, "GET /w1/x?q");
  assert.equal(ctx.request.path, "/v1/x");
});

test("without a body a method that may have one says so, others say nothing", async () => {
  const shadow = await shadowServer();
  for (const method of ["POST", "GET", "DELETE"]) await runChain(`tee("http://${shadow.address}")`, { method });
  await until("the copies", () => shadow.seen.length === 3);
  const length = new Map(shadow.seen.map(({ line, headers }) => [line, headers["Content-Length"]]));
  assert.deepEqual([...length].sort(), [
    ["DELETE /", undefined],
    ["GET /", undefined],
    ["POST /", "0"],
  ]);
  for (const { headers } of shadow.seen) assert.equal(headers["Transfer-Encoding"], undefined);
});

test("connections are kept for further copies", async () => {
  const shadow = await shadowServer((_, response) => void response.end("x".repeat(1000)));
  const env = fakeEnv();
  for (let i = 1; i <= 5; i++) await copies(shadow, `tee("http://${shadow.address}")`, { body: ["abc"] }, i, env);
  assert.ok(shadow.connections <= 2, `${shadow.connections} connections`);
});

const marker = "X-Skipper-Shadow-Traffic";

testFilters([
  {
    title: "the request carries the host that it goes to",
    chain: 'tee("http://127.0.0.1:1")',
    request: { backendHost: "b.test" },
    expect: { requestHeaders: { "x-skipper-shadow-traffic": "b.test" } },
  },
  {
    title: "several copies in one chain",
    chain: 'tee("http://127.0.0.1:1") -> teenf("http://127.0.0.1:1") -> Tee("http://127.0.0.1:1")',
    request: { backendHost: "b.test" },
    expect: { served: false, status: 200, requestHeaders: { "x-skipper-shadow-traffic": "b.test" } },
  },
  {
    title: "a request that is a copy itself",
    chain: 'tee("http://127.0.0.1:1")',
    request: { headers: [[marker, "x"]] },
    expect: {
      served: true,
      status: 465,
      headers: { "content-type": "text/plain; charset=utf-8", "content-length": "36" },
      body: "Skipper Shadow Traffic Loop detected",
    },
  },
  {
    title: "an empty marker is none",
    chain: 'tee("http://127.0.0.1:1")',
    request: { headers: [[marker, ""]] },
    expect: { served: false, status: 200 },
  },
]);

test("a chain of copies reaches every server", async () => {
  const [a, b] = [await shadowServer(), await shadowServer()];
  await runChain(`tee("http://${a.address}") -> tee("http://${b.address}")`, { body: ["abc"] });
  await until("the copies", () => a.seen.length === 1 && b.seen.length === 1);
  assert.equal(a.seen[0]!.headers[marker], a.address);
  assert.equal(b.seen[0]!.headers[marker], b.address);
  assert.deepEqual([a.seen[0]!.body, b.seen[0]!.body], ["abc", "abc"]);
});

/** Answers with redirects as long as the path is not `/end`. */
const redirecting =
  (status: number, location: (url: string) => string): Answer =>
  ({ url }, response) => {
    if (url === "/end") response.end();
    else response.writeHead(status, { Location: location(url!) }).end("x");
  };

for (const [status, method, body, lines] of [
  [301, "POST", ["abc"], ["POST /", "GET /end"]],
  [302, "GET", [], ["GET /", "GET /end"]],
  [303, "HEAD", [], ["HEAD /", "HEAD /end"]],
  [307, "DELETE", [], ["DELETE /", "DELETE /end"]],
  [308, "POST", ["abc"], ["POST /"]],
  [304, "GET", [], ["GET /"]],
] as const) {
  test(`tee at a ${status} for ${method}${body.length > 0 ? " with a body" : ""}: ${lines.join(", ")}`, async () => {
    const shadow = await shadowServer(redirecting(status, () => "/end"));
    const env = fakeEnv();
    await copies(shadow, `tee("http://${shadow.address}")`, { method, body }, lines.length, env);
    // What comes after it is a copy of its own.
    await copies(shadow, `teenf("http://${shadow.address}")`, { target: "/end" }, lines.length + 1, env);
    assert.deepEqual(
      shadow.seen.map(({ line }) => line),
      [...lines, "GET /end"],
    );
    assert.equal(shadow.seen[1]!.body, "");
    assert.deepEqual(env.counted, []);
  });
}

test("teenf follows no redirect", async () => {
  const shadow = await shadowServer(redirecting(302, () => "/end"));
  await copies(shadow, `teenf("http://${shadow.address}")`);
  await copies(shadow, `teenf("http://${shadow.address}")`, { target: "/end" }, 2);
  assert.deepEqual(
    shadow.seen.map(({ line }) => line),
    ["GET /", "GET /end"],
  );
});

test("a redirect to another host takes no secrets along", async () => {
  const other = await shadowServer();
  const shadow = await shadowServer(redirecting(302, () => `http://${other.address}/end?x`));
  const headers = [
    ["Cookie", "c=1"],
    ["Authorization", "a"],
    ["X-One", "1"],
  ] as const;
  await runChain(`tee("http://${shadow.address}")`, { headers });
  await until("the copy", () => other.seen.length === 1);
  assert.equal(other.seen[0]!.line, "GET /end?x");
  assert.equal(other.seen[0]!.headers.Host, other.address);
  assert.equal(other.seen[0]!.headers["X-One"], "1");
  assert.equal(other.seen[0]!.headers.Cookie, undefined);
  assert.equal(other.seen[0]!.headers.Authorization, undefined);
});

/** Waits until the counter shows up. */
function counted(env: FakeEnv, name: string): Promise<void> {
  return until(`${name} in ${env.counted}`, () => env.counted.includes(name));
}

test("redirects without end stop after ten", async () => {
  const shadow = await shadowServer(redirecting(302, (url) => `${url}a`));
  const env = fakeEnv();
  await runChain(`tee("http://${shadow.address}")`, {}, {}, env);
  await counted(env, "tee.custom.failed");
  assert.equal(shadow.seen.length, 11);
  assert.deepEqual(env.logged, [`warn tee: error while tee request to ${shadow.address}: stopped after 10 redirects`]);
});

for (const [what, url, message] of [
  ["a server that is not there", "http://127.0.0.1:1", /connect ECONNREFUSED/],
  ["a URL without a host", "/path", /the URL names no server of HTTP/],
  ["a URL of another scheme", "ftp://127.0.0.1", /the URL names no server of HTTP/],
] as const) {
  test(`${what} fails the copies alone, and is logged once a second`, async () => {
    const env = { ...fakeEnv(), now: () => 0 };
    for (let i = 0; i < 3; i++) {
      const { status } = await runChain(`tee("${url}")`, {}, {}, env);
      assert.equal(status, 200);
    }
    await until("three failures", () => env.counted.length === 3);
    assert.equal(env.logged.length, 1);
    assert.match(env.logged[0]!, message);
    assert.match(env.logged[0]!, /^warn tee: error while tee request/);
  });
}

test("a header that no request has fails the copy alone", async () => {
  const env = fakeEnv();
  const { status } = await runChain('tee("http://127.0.0.1:1")', { headers: [["X-A", "a\r\nb"]] }, {}, env);
  assert.equal(status, 200);
  await counted(env, "tee.custom.failed");
});

test("Tee gives up a server that does not answer within a second", async () => {
  const { address, sockets } = await deafServer();
  const env = fakeEnv();
  await runChain(`Tee("http://${address}")`, {}, {}, env);
  await counted(env, "Tee.custom.failed");
  assert.match(env.logged[0]!, /^warn Tee: .* no answer within 1s/);
  sockets[0]!.resume();
  await once(sockets[0]!, "close");
});

test("a copy that lags is dropped, and the body goes on", async () => {
  const { address, sockets } = await deafServer();
  const env = fakeEnv();
  const [filter] = makeFilters(`tee("http://${address}")`, env);
  const ctx = new FakeContext({ method: "POST", body: ["x"] });
  await filter!.request!(ctx);
  const [transform] = ctx.requestTransforms;
  const piece = Buffer.alloc(65_536);
  let pieces = 0;
  for (; !env.counted.includes("tee.custom.dropped"); pieces++) {
    assert.equal(transform!.write(piece), piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  // 8 MiB, and what the kernel takes for the server.
  assert.ok(pieces < 400, `${pieces} pieces were kept`);
  assert.equal(transform!.write(piece), piece);
  assert.equal(transform!.end(), null);
  assert.deepEqual(env.counted, ["tee.custom.dropped"]);
  assert.deepEqual(env.logged, []);
  // It does not wait for its time to be over.
  sockets[0]!.resume();
  await once(sockets[0]!, "close");
});

test("a body that breaks off breaks the copy off", async () => {
  const { address, sockets } = await deafServer();
  const env = fakeEnv();
  const [filter] = makeFilters(`tee("http://${address}")`, env);
  const ctx = new FakeContext({ method: "POST", body: ["abc"] });
  await filter!.request!(ctx);
  ctx.requestTransforms[0]!.write(Buffer.from("a"));
  await until("a connection", () => sockets.length === 1);
  ctx.requestTransforms[0]!.destroy!();
  sockets[0]!.resume();
  await once(sockets[0]!, "close");
  assert.deepEqual(env.counted, []);
});

test("a body that nobody reads is not copied", async () => {
  const shadow = await shadowServer();
  const env = fakeEnv();
  const [filter] = makeFilters(`tee("http://${shadow.address}")`, env);
  await filter!.request!(new FakeContext({ method: "POST", body: ["abc"] }));
  await copies(shadow, `tee("http://${shadow.address}")`, {}, 1, env);
  assert.equal(shadow.connections, 1);
});

test("a server that answers before the body has come gets no more of it", async () => {
  let closed = 0;
  const server = http.createServer((_, response) => void response.writeHead(413).end());
  server.on("connection", (socket) => socket.on("close", () => closed++));
  await once(server.listen(0, "127.0.0.1"), "listening");
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const env = fakeEnv();
  const [filter] = makeFilters(`tee("http://127.0.0.1:${(server.address() as net.AddressInfo).port}")`, env);
  const ctx = new FakeContext({ method: "POST", body: ["abc"] });
  await filter!.request!(ctx);
  const [transform] = ctx.requestTransforms;
  transform!.write(Buffer.from("a"));
  await until("the connection is closed", () => closed === 1);
  assert.deepEqual(transform!.write(Buffer.from("b")), Buffer.from("b"));
  assert.deepEqual(env.counted, []);
});

test("beyond 256 copies under way to one server further ones are dropped, other servers get theirs", async () => {
  const { address, sockets } = await deafServer();
  const shadow = await shadowServer();
  const env = fakeEnv();
  const [filter] = makeFilters(`tee("http://${address}")`, env);
  for (let i = 0; i < 300; i++) void filter!.request!(new FakeContext());
  assert.equal(env.counted.length, 44);
  assert.ok(env.counted.every((name) => name === "tee.custom.dropped"));
  await copies(shadow, `tee("http://${shadow.address}")`, {}, 1, env);
  await until("the connections", () => sockets.length === 256);
  for (const socket of sockets) socket.destroy();
  // Their places are free again.
  await until("all have failed", () => env.counted.filter((name) => name.endsWith("failed")).length === 256);
  await filter!.request!(new FakeContext());
  await until("one more connection", () => sockets.length === 257);
  sockets[256]!.destroy();
  await until("it has failed", () => env.counted.length === 44 + 257);
});

test("teeResponse posts the body of a backend, chunked and without headers", async () => {
  const shadow = await shadowServer();
  const { body } = await runChain(
    `teeResponse("http://${shadow.address}/x?y")`,
    { headers: [["X-One", "1"]] },
    { headers: [["Content-Length", "4"]], body: ["ab", "cd"] },
  );
  assert.equal(body, "abcd");
  await until("the copy", () => shadow.seen.length === 1);
  assert.deepEqual(shadow.seen, [
    {
      line: "POST /",
      headers: { Host: shadow.address, "Transfer-Encoding": "chunked", Connection: "keep-alive" },
      body: "abcd",
    },
  ]);
});

for (const [what, chain, request, answer] of [
  ["a served response", ' -> inlineContent("x")', {}, {}],
  ["a response to HEAD", "", { method: "HEAD" }, {}],
  ["a response without a body", "", {}, { headers: [["Content-Length", "0"]] }],
] as const) {
  test(`teeResponse does nothing with ${what}`, async () => {
    const { ctx } = await runChain(`teeResponse("http://127.0.0.1:1")${chain}`, request, answer);
    assert.deepEqual(ctx.responseTransforms, []);
  });
}

test("teeLoopback routes a copy with its key, and its body when there is one", async () => {
  const env = fakeEnv();
  const headers = [["X-Tee-Loopback-Key", "client"]] as const;
  await runChain('teeLoopback("k") -> setRequestHeader("X-A", "1")', { headers }, {}, env);
  await runChain('teeLoopback("k")', { method: "POST", body: ["ab", "c"] }, {}, env);
  assert.equal(env.copies.length, 2);
  assert.deepEqual(env.copies[0]!.copy.headers.getAll("X-Tee-Loopback-Key"), ["k"]);
  assert.equal(env.copies[0]!.copy.headers.has("X-A"), false);
  assert.equal(env.copies[0]!.body, null);
  assert.equal(await bodyText(env.copies[1]!.body), "abc");
  assert.deepEqual(env.counted, []);
});

for (const [outcome, counts, logs] of [
  ["dropped", ["teeLoopback.custom.dropped"], []],
  ["upgrade", [], ["error teeLoopback: a request for an upgrade cannot be copied"]],
  ["broken", [], []],
] as const) {
  test(`teeLoopback: a copy that ends as ${outcome}`, async () => {
    const env = fakeEnv();
    env.copyEnd = { outcome, status: 0 };
    const { status } = await runChain('teeLoopback("k")', {}, {}, env);
    assert.equal(status, 200);
    assert.deepEqual(env.counted, counts);
    assert.deepEqual(env.logged, logs);
  });
}
