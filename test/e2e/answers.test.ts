// What becomes of the bytes with which a backend answers: framing, compression, breaks, and whether its connection is used again.

import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { dial, type Fields, SocketReader, valuesOf } from "../conformance/socket-reader.ts";
import { RunningProxy, until } from "./running-proxy.ts";

/** What the backend sends for a request; "leave" closes its connection behind it. */
let answer: readonly (string | Buffer)[] = [];
let accepted = 0;
const sockets = new Set<Socket>();

const server = createServer((socket) => {
  accepted++;
  sockets.add(socket);
  socket.on("error", () => {});
  socket.on("close", () => sockets.delete(socket));
  socket.on("data", () => {
    for (const part of answer) {
      if (part === "leave") socket.end();
      else socket.write(typeof part === "string" ? Buffer.from(part, "latin1") : part);
    }
  });
});

let proxy: RunningProxy;

before(async () => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  const backend = `"http://127.0.0.1:${(server.address() as AddressInfo).port}"`;
  proxy = await RunningProxy.start(
    `r: * -> ${backend};
     coding: Path("/coding") -> setResponseHeader("Transfer-Encoding", "gzip") -> ${backend};
     slow: Path("/slow") -> writeTimeout("1s") -> ${backend};
     late: Path("/late") -> writeTimeout("0s") -> ${backend};`,
    "-workers=1",
  );
});

after(async () => {
  await proxy.stop();
  for (const socket of sockets) socket.destroy();
  server.close();
});

interface Answer {
  readonly status: string;
  readonly fields: Fields;
  readonly body: string;
  readonly framing: string;
  readonly complete: boolean;
}

async function ask(start = "GET /", ...lines: string[]): Promise<Answer> {
  const socket = await dial(proxy.port);
  const reader = new SocketReader(socket);
  socket.write(`${start} HTTP/1.1\r\nHost: a\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`);
  const message = await reader.message(
    false,
    start.startsWith("HEAD") || /^HTTP\/1.1 (?:204|304|101)/.test(String(answer[0])),
  );
  socket.destroy();
  assert.ok(message !== null, "an answer came");
  const { start: words, fields, body, framing, complete } = message;
  return { status: words[1]!, fields, body: body.toString("latin1"), framing, complete };
}

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = "Transfer-Encoding: chunked\r\n";

describe("answers that two readers could end at different places", () => {
  const rows: Readonly<Record<string, string>> = {
    "a coding that is not chunked": `${OK}Transfer-Encoding: gzip\r\n\r\n`,
    "a list of codings": `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    "chunked twice": `${OK}${CHUNKED}${CHUNKED}\r\n0\r\n\r\n`,
    "chunked in HTTP/1.0": `HTTP/1.0 200 OK\r\n${CHUNKED}\r\n0\r\n\r\n`,
    "a list of lengths": `${OK}Content-Length: 2, 2\r\n\r\nok`,
    "a length with a sign": `${OK}Content-Length: +2\r\n\r\nok`,
    "an empty length": `${OK}Content-Length:\r\n\r\nok`,
  };
  for (const [name, bytes] of Object.entries(rows)) {
    test(name, async () => {
      answer = [bytes];
      assert.equal((await ask()).status, "502");
      const before = accepted;
      answer = [`${OK}Content-Length: 2\r\n\r\nok`];
      assert.equal((await ask()).body, "ok");
      assert.equal(accepted, before + 1, "the connection was not used again");
    });
  }
});

test("chunked counts beside a length, and the connection is not used again", async () => {
  answer = [`${OK}Content-Length: 9\r\n${CHUNKED}\r\n2\r\nok\r\n0\r\n\r\n`];
  const { body, fields } = await ask();
  assert.deepEqual([body, valuesOf(fields, "content-length")], ["ok", []]);
  const before = accepted;
  await ask();
  assert.equal(accepted, before + 1);
});

test("after a 101 that nobody asked for the connection is not used again", async () => {
  answer = ["HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\n"];
  assert.equal((await ask()).status, "101");
  const before = accepted;
  answer = [`${OK}Content-Length: 2\r\n\r\nok`];
  await ask();
  assert.equal(accepted, before + 1);
});

test("a filter cannot name a transfer coding", async () => {
  answer = [`${OK}Content-Length: 2\r\n\r\nok`];
  const { fields, body } = await ask("GET /coding");
  assert.deepEqual([valuesOf(fields, "transfer-encoding"), body], [[], "ok"]);
});

test("a head of megabytes in many pieces arrives, one beyond 10 MiB is a failure", async () => {
  const megabytes = (n: number) => [OK, ...Array.from({ length: n }, (_, i) => `X-${i}: ${"x".repeat(1 << 20)}\r\n`)];
  answer = [...megabytes(5), "Content-Length: 2\r\n\r\nok"];
  const { body, fields } = await ask();
  assert.deepEqual([body, valuesOf(fields, "x-4")[0]!.length], ["ok", 1 << 20]);
  answer = [...megabytes(11), "Content-Length: 2\r\n\r\nok"];
  assert.equal((await ask()).status, "500");
});

describe("gzip that the proxy asked for", () => {
  const packed = gzipSync("hello ".repeat(1000));
  const plain = "hello ".repeat(1000);
  const zip = (bytes: Buffer, length = bytes.length) => [
    `${OK}Content-Encoding: gzip\r\nContent-Length: ${length}\r\n\r\n`,
    bytes,
  ];
  const rows: readonly (readonly [name: string, answer: readonly (string | Buffer)[], body: string | null])[] = [
    ["is undone", zip(packed), plain],
    [
      "in chunks",
      [`${OK}${CHUNKED}Content-Encoding: GZIP\r\n\r\n`, `${packed.length.toString(16)}\r\n`, packed, "\r\n0\r\n\r\n"],
      plain,
    ],
    ["of several members", zip(Buffer.concat([packed, packed])), plain + plain],
    ["of nothing, in chunks", [`${OK}${CHUNKED}Content-Encoding: gzip\r\n\r\n0\r\n\r\n`], ""],
    ["that is none", zip(Buffer.from("hello")), null],
    ["that ends early", zip(packed.subarray(0, -4)), null],
    ["with something behind it", zip(Buffer.concat([packed, Buffer.from("xyz")])), null],
    ["of a backend that leaves", [...zip(packed.subarray(0, 20), packed.length), "leave"], null],
  ];
  for (const [name, bytes, body] of rows) {
    test(name, async () => {
      answer = bytes;
      const got = await ask();
      assert.deepEqual([got.status, valuesOf(got.fields, "content-encoding"), got.framing], ["200", [], "chunked"]);
      assert.equal(got.complete, body !== null);
      if (body !== null) assert.equal(got.body, body);
    });
  }

  const kept: readonly (readonly [name: string, head: string, start?: string, line?: string])[] = [
    ["no body by its length", `${OK}Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n`],
    ["204", "HTTP/1.1 204 N\r\nContent-Encoding: gzip\r\n\r\n"],
    ["304", "HTTP/1.1 304 N\r\nContent-Encoding: gzip\r\n\r\n"],
    ["HEAD", `${OK}Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\n`, "HEAD /"],
    ["a range", `${OK}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx`, "GET /", "Range: bytes=0-1"],
    [
      "a client that asks itself",
      `${OK}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx`,
      "GET /",
      "Accept-Encoding: x",
    ],
  ];
  for (const [name, head, start, line] of kept) {
    test(`stays as it is: ${name}`, async () => {
      answer = [head];
      const got = await ask(start, ...(line === undefined ? [] : [line]));
      assert.deepEqual([valuesOf(got.fields, "content-encoding"), got.complete], [["gzip"], true]);
    });
  }
});

test("writeTimeout() cuts a response that takes longer", async () => {
  answer = [`${OK}Content-Length: 4\r\n\r\nab`];
  const { status, body, complete } = await ask("GET /slow");
  assert.deepEqual([status, body, complete], ["200", "ab", false]);
  answer = [`${OK}Content-Length: 2\r\n\r\nok`];
  assert.equal((await ask("GET /slow")).complete, true);
  const socket = await dial(proxy.port);
  socket.write("GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.equal((await new SocketReader(socket).rest()).length, 0, "no time for any answer");
  socket.destroy();
  await until("the proxy goes on", async () => (await ask()).status === "200");
});
