// Upgrades that open no tunnel: what the client gets, what is logged, and that its connection goes on (spec proxy 15).

import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { dial, freePort, SocketReader, valuesOf } from "../conformance/socket-reader.ts";
import { RunningProxy, until } from "./running-proxy.ts";

/** What the backend sends for a request, with pauses where the parts are; "leave" closes its connection behind it. */
let answer: readonly (string | Buffer)[] = [];
let heads: string[] = [];
const sockets = new Set<Socket>();

const server = createServer((socket) => {
  sockets.add(socket);
  socket.on("error", () => {});
  socket.on("close", () => sockets.delete(socket));
  socket.once("data", async (bytes: Buffer) => {
    heads.push(bytes.toString("latin1"));
    for (const part of answer) {
      if (part === "leave") socket.end();
      else socket.write(typeof part === "string" ? Buffer.from(part, "latin1") : part);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
});

let proxy: RunningProxy;

before(async () => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  proxy = await RunningProxy.start(
    `r: * -> setResponseHeader("X-Filter", "1") -> "http://127.0.0.1:${port}";
     next: Path("/next") -> status(204) -> <shunt>;
     nobody: Path("/nobody") -> "http://127.0.0.1:${await freePort()}";
     scheme: Path("/scheme") -> "foo://127.0.0.1:${port}";`,
    "-experimental-upgrade",
    "-disable-http-keepalives",
    "-response-header-timeout-backend=1s",
    "-workers=1",
  );
});

after(async () => {
  await proxy.stop();
  for (const socket of sockets) socket.destroy();
  server.close();
});

interface Case {
  readonly name: string;
  readonly answer: readonly (string | Buffer)[];
  readonly path?: string;
  readonly status: number;
  readonly type?: string | null;
  /** Null: it breaks off. */
  readonly body: string | null;
  readonly fields?: Readonly<Record<string, string>>;
  readonly connection?: string;
  readonly logged?: string;
}

const OK = "HTTP/1.1 200 OK\r\n";
const TEXT = "text/plain; charset=utf-8";
const failed = { status: 500, type: TEXT, body: "Internal Server Error" } as const;
const unreached = { status: 503, type: TEXT, body: "Service Unavailable", answer: [] } as const;
const READING = "Error reading response from backend: ";
const CONNECTING = "Error connecting to backend: ";
const packed = gzipSync("hello");

const cases: readonly Case[] = [
  {
    name: "by length",
    answer: [`${OK}Content-Length: 2\r\nX-A: 1\r\nServer: b\r\n\r\nok`],
    status: 200,
    type: TEXT,
    body: "ok",
    fields: { "x-a": "1", server: "b" },
  },
  {
    name: "HTML without a type",
    answer: [`${OK}Content-Length: 6\r\n\r\n`, "<html>"],
    status: 200,
    type: "text/html; charset=utf-8",
    body: "<html>",
  },
  {
    name: "a type is kept",
    answer: [`${OK}Content-Length: 6\r\nContent-Type: x/y\r\n\r\n<html>`],
    status: 200,
    type: "x/y",
    body: "<html>",
  },
  {
    name: "chunks",
    answer: [`${OK}Transfer-Encoding: chunked\r\n\r\n`, "2;a\r\nok\r", "\n3\r\nand\r\n0\r\nT: 1\r\n\r\n"],
    status: 200,
    type: TEXT,
    body: "okand",
  },
  {
    name: "until the backend leaves",
    answer: [`${OK}Connection: close\r\n\r\n`, "ok", "leave"],
    status: 200,
    type: TEXT,
    body: "ok",
  },
  { name: "nothing until the backend leaves", answer: [`${OK}\r\n`, "leave"], status: 200, type: null, body: "" },
  {
    name: "no body",
    answer: ["HTTP/1.1 302 F\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"],
    status: 302,
    type: null,
    body: "",
    fields: { location: "/x" },
  },
  {
    name: "more than its length",
    answer: [`${OK}Content-Length: 2\r\n\r\nokmore`],
    status: 200,
    type: TEXT,
    body: "ok",
  },
  {
    name: "compressed, as the client may have it",
    answer: [`${OK}Content-Encoding: gzip\r\nContent-Length: ${packed.length}\r\n\r\n`, packed],
    status: 200,
    type: null,
    body: packed.toString("latin1"),
    fields: { "content-encoding": "gzip" },
  },
  {
    name: "compressed for the proxy",
    connection: "keep-alive, Upgrade",
    answer: [`${OK}Content-Encoding: gzip\r\nContent-Length: ${packed.length}\r\n\r\n`, packed],
    status: 200,
    type: null,
    body: "hello",
  },
  {
    name: "a body that breaks off",
    answer: [`${OK}Content-Length: 9\r\n\r\nok`, "leave"],
    status: 200,
    type: TEXT,
    body: null,
  },
  {
    name: "chunks that are none",
    answer: [`${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n`, "x"],
    status: 200,
    type: TEXT,
    body: null,
  },
  { name: "a body that never begins", answer: [`${OK}Content-Length: 9\r\n\r\n`, "leave"], ...failed, logged: READING },
  {
    name: "401",
    answer: ["HTTP/1.1 401 U\r\nWww-Authenticate: x\r\nContent-Length: 2\r\n\r\nno"],
    status: 401,
    type: TEXT,
    body: "Unauthorized",
    fields: { "www-authenticate": "" },
  },
  {
    name: "101 that closes",
    answer: ["HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: close\r\n\r\n"],
    status: 503,
    type: TEXT,
    body: "Service Unavailable",
  },
  { name: "no HTTP", answer: ["hello\r\n\r\n"], ...failed, logged: READING },
  { name: "no answer", answer: ["leave"], ...failed, logged: READING },
  { name: "half a head", answer: ["HTTP/1.1 101 S\r\nA", "leave"], ...failed, logged: READING },
  { name: "silence", answer: [], ...failed, logged: READING },
  { name: "nobody there", path: "/nobody", ...unreached, logged: CONNECTING },
  { name: "another scheme", path: "/scheme", ...unreached, logged: CONNECTING },
];

for (const wanted of cases) {
  test(wanted.name, async () => {
    answer = wanted.answer;
    heads = [];
    const mark = proxy.log.length;
    const socket = await dial(proxy.port);
    const reader = new SocketReader(socket);
    const connection = wanted.connection ?? "Upgrade";
    socket.write(`GET ${wanted.path ?? "/"} HTTP/1.1\r\nHost: a\r\nConnection: ${connection}\r\nUpgrade: x\r\n\r\n`);
    const message = (await reader.message(false, false))!;
    const value = (name: string) => valuesOf(message.fields, name).join();
    assert.deepEqual([message.start[1], value("content-type")], [String(wanted.status), wanted.type ?? ""]);
    assert.equal(message.complete, wanted.body !== null);
    if (wanted.body !== null) assert.equal(message.body.toString("latin1"), wanted.body);
    for (const [name, text] of Object.entries(wanted.fields ?? {})) assert.equal(value(name), text, name);
    assert.deepEqual([value("x-filter"), value("connection")], ["", ""], "no response filter, the connection is open");
    if (wanted.body !== null) {
      socket.write("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
      assert.equal((await reader.message(false, true))?.start[1], "204", "the connection goes on");
    }
    socket.destroy();
    if (wanted.logged !== undefined) await until("the log line", () => proxy.log.slice(mark).includes(wanted.logged!));
    for (const head of heads) {
      assert.match(head, /\r\nConnection: Upgrade\r\n/);
      assert.equal(head.match(/\r\nConnection:/g)?.length, 1);
      assert.equal(/\r\nAccept-Encoding: gzip\r\n/.test(head), connection !== "Upgrade");
    }
    await until("the backend is let go", () => sockets.size === 0);
  });
}

test("a client that leaves before the answer ends the backend's connection", async () => {
  answer = [`${OK}Content-Length: 9\r\n\r\n`];
  const socket = await dial(proxy.port);
  socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
  await until("the backend has it", () => sockets.size === 1);
  socket.destroy();
  await until("the backend is let go", () => sockets.size === 0);
});
