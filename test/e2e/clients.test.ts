// Independent clients through the proxy: curl, node:http, raw sockets.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { dial, SocketReader } from "../conformance/socket-reader.ts";
import { type Backend, RunningProxy, startBackend } from "./running-proxy.ts";

let backend: Backend;
let proxy: RunningProxy;
/** Requests that the backend saw, newest last. */
const seen: string[] = [];

async function read(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString("latin1");
}

before(async () => {
  backend = await startBackend(async (incoming, response) => {
    seen.push(`${incoming.method} ${incoming.url}`);
    const body = await read(incoming);
    response.setHeader("X-Method", incoming.method!);
    if (incoming.url!.startsWith("/chunked")) {
      response.writeHead(200, { Trailer: "X-Sum" });
      response.write(body.slice(0, 3));
      response.write(body.slice(3));
      response.addTrailers({ "X-Sum": String(body.length) });
      response.end();
    } else response.end(incoming.method === "POST" ? body : incoming.url);
  });
  backend.server.on("checkContinue", (incoming, response) => {
    if (incoming.url === "/refused") response.writeHead(417, { "Content-Length": 0 }).end();
    else {
      response.writeContinue();
      backend.server.emit("request", incoming, response);
    }
  });
  proxy = await RunningProxy.start(`r: * -> "http://127.0.0.1:${backend.port}"`, "-workers=2");
});

after(async () => {
  await proxy.stop();
  await backend.close();
});

const curl = async (...args: string[]) => {
  const run = promisify(execFile);
  return (await run("curl", ["-sS", "--max-time", "20", ...args], { encoding: "latin1" })).stdout;
};

test("curl: GET, POST, HEAD, a large upload with 100-continue, two requests on one connection", async () => {
  const base = `http://127.0.0.1:${proxy.port}`;
  assert.equal(await curl(`${base}/a?b=c`), "/a?b=c");
  assert.equal(await curl("-d", "x=1&y=2", `${base}/p`), "x=1&y=2");
  const head = await curl("-I", `${base}/h`);
  assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
  assert.match(head, /\r\nX-Method: HEAD\r\n/);
  const body = "0123456789".repeat(200_000);
  const large = promisify(execFile)(
    "curl",
    ["-sS", "--max-time", "20", "-H", "Expect: 100-continue", "--data-binary", "@-", `${base}/p`],
    {
      encoding: "latin1",
      maxBuffer: 1e8,
    },
  );
  large.child.stdin!.end(body);
  assert.equal((await large).stdout, body);
  const twice = await curl("-w", "%{num_connects} ", `${base}/1`, `${base}/2`);
  assert.equal(twice, "/11 /20 ");
});

test("curl: an upload in chunks", async () => {
  const run = promisify(execFile)(
    "curl",
    [
      "-sS",
      "--max-time",
      "20",
      "-H",
      "Transfer-Encoding: chunked",
      "--data-binary",
      "@-",
      `http://127.0.0.1:${proxy.port}/chunked`,
    ],
    {
      encoding: "latin1",
    },
  );
  run.child.stdin!.end("some text");
  assert.equal((await run).stdout, "some text");
});

test("node:http: requests share a connection", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ports = new Set<number>();
  for (let i = 0; i < 20; i++) {
    const sent = request({ host: "127.0.0.1", port: proxy.port, path: `/k${i}`, agent }).end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    ports.add(response.socket.localPort!);
    assert.equal(await read(response), `/k${i}`);
  }
  agent.destroy();
  assert.equal(ports.size, 1);
});

test("100-continue waits for the backend, and passes a refusal on", async () => {
  for (const [path, status, interim] of [
    ["/p", 200, 1],
    ["/refused", 417, 0],
  ] as const) {
    const sent = request({
      host: "127.0.0.1",
      port: proxy.port,
      path,
      method: "POST",
      agent: false,
      headers: { Expect: "100-continue", "Content-Length": "4" },
    });
    let continued = 0;
    sent.on("continue", () => {
      continued++;
      sent.end("body");
    });
    sent.flushHeaders();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    assert.deepEqual([response.statusCode, continued], [status, interim]);
    assert.equal(await read(response), status === 200 ? "body" : "");
    sent.destroy();
  }
});

test("OPTIONS *, absolute-form, HEAD, chunked with trailers, on one connection", async () => {
  const socket = await dial(proxy.port);
  const reader = new SocketReader(socket);
  const ask = async (text: string, bodyless = false) => {
    socket.write(text);
    const message = await reader.message(false, bodyless);
    assert.ok(message?.complete, text);
    return message;
  };
  const before = seen.length;
  const options = await ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.deepEqual([options.start[1], options.framing, seen.length], ["200", "length", before]);
  const absolute = await ask("GET http://b.test/x?y HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.equal(absolute.body.toString(), "/x?y");
  const head = await ask("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n", true);
  assert.equal(head.start[1], "200");
  const chunks = await ask(
    "POST /chunked HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n2\r\nab\r\n5;e=1\r\ncdefg\r\n0\r\nX-T: 1\r\n\r\n",
  );
  assert.deepEqual([chunks.framing, chunks.body.toString()], ["chunked", "abcdefg"]);
  const last = await ask("GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  assert.equal(last.body.toString(), "/last");
  assert.equal((await reader.rest()).length, 0, "closed, and nothing behind the last answer");
  socket.destroy();
});

test("1000 requests in one write are answered in order", async () => {
  const socket = await dial(proxy.port);
  const reader = new SocketReader(socket);
  const count = 1000;
  socket.write(Array.from({ length: count }, (_, i) => `GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`).join(""));
  for (let i = 0; i < count; i++) {
    const message = await reader.message(false, false);
    assert.equal(message?.body.toString(), `/${i}`);
  }
  socket.destroy();
});
