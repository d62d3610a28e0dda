// WebSockets through the proxy with a client and a server of the ws library.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import WebSocket, { WebSocketServer } from "ws";
import { dial, SocketReader } from "../conformance/socket-reader.ts";
import { type Backend, RunningProxy, startBackend, until } from "./running-proxy.ts";

let backend: Backend;
let sockets: WebSocketServer;
let proxy: RunningProxy;

before(async () => {
  backend = await startBackend((incoming, response) => response.end(incoming.url));
  sockets = new WebSocketServer({ server: backend.server });
  sockets.on("connection", (socket, incoming) => {
    if (incoming.url === "/greet") socket.send("hello");
    socket.on("message", (data, isBinary) => {
      if (!isBinary && String(data) === "close me") socket.close(4001, "as asked");
      else socket.send(data, { binary: isBinary });
    });
  });
  proxy = await RunningProxy.start(routes("a"), "-experimental-upgrade", "-workers=2");
});

after(async () => {
  await proxy.stop();
  sockets.close();
  await backend.close();
});

function routes(name: string): string {
  return `ws: * -> setResponseHeader("X-Table", "${name}") -> "http://127.0.0.1:${backend.port}"`;
}

async function open(path: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}${path}`);
  await once(socket, "open");
  return socket;
}

async function echoed(socket: WebSocket, data: string | Buffer): Promise<Buffer> {
  const answer = once(socket, "message");
  socket.send(data);
  return (await answer)[0];
}

async function closed(socket: WebSocket): Promise<[number, string]> {
  const [code, reason] = await once(socket, "close");
  return [code, String(reason)];
}

test("text and binary messages of many sizes come back", async () => {
  const socket = await open("/");
  assert.equal(String(await echoed(socket, "text \u00e4")), "text \u00e4");
  for (const size of [0, 1, 125, 126, 65_535, 65_536, 3_000_000]) {
    const data = Buffer.alloc(size, size % 251);
    assert.ok(data.equals(await echoed(socket, data)), `${size} bytes`);
  }
  const end = closed(socket);
  socket.close(4000, "enough");
  assert.deepEqual(await end, [4000, "enough"]);
});

test("what the backend sends at once arrives, and it may close first", async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/greet`);
  const [greeting] = await once(socket, "message");
  assert.equal(String(greeting), "hello");
  const end = closed(socket);
  socket.send("close me");
  assert.deepEqual(await end, [4001, "as asked"]);
});

test("bytes behind the upgrade request reach the backend", async () => {
  const socket = await dial(proxy.port);
  const reader = new SocketReader(socket);
  const key = Buffer.alloc(16).toString("base64");
  // A text message "hi", masked with zeros.
  const frame = "\x81\x82\0\0\0\0hi";
  socket.write(
    `GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n${frame}`,
    "latin1",
  );
  assert.match(String(await reader.until("\r\n\r\n")), /^HTTP\/1\.1 101 /);
  assert.equal((await reader.exactly(4)).toString("latin1"), "\x81\x02hi");
  socket.destroy();
  await until("the backend sees the end", () => sockets.clients.size === 0);
});

test("a client that breaks off ends the backend's side, and the other way round", async () => {
  const first = await open("/");
  await until("the backend has it", () => sockets.clients.size === 1);
  first.terminate();
  await until("the backend sees the end", () => sockets.clients.size === 0);
  const second = await open("/");
  const end = closed(second);
  for (const client of sockets.clients) client.terminate();
  assert.equal((await end)[0], 1006);
});

test("an open tunnel outlives the route it came by", async () => {
  const socket = await open("/");
  const table = async () => (await fetch(`http://127.0.0.1:${proxy.port}/`)).headers.get("x-table");
  assert.equal(await table(), "a");
  proxy.writeRoutes(routes("b"));
  await until("the new table", async () => (await table()) === "b");
  assert.equal(String(await echoed(socket, "still here")), "still here");
  proxy.writeRoutes('none: Path("/none") -> <shunt>');
  await until("no route", async () => (await fetch(`http://127.0.0.1:${proxy.port}/`)).status === 404);
  assert.equal(String(await echoed(socket, "and here")), "and here");
  const end = closed(socket);
  socket.close();
  await end;
  proxy.writeRoutes(routes("a"));
  await until("the route again", async () => (await table()) === "a");
});
