// backendTimeout() and readTimeout() over real sockets (spec resilience 8): what they count, what the client sees, what they leave alone.

import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import net from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type Backend, RunningProxy, startBackend, until } from "./running-proxy.ts";

let backend: Backend;
let proxy: RunningProxy;

/** `/head`: no answer. `/body`: a head and the first bytes. Else an answer at once, when the request is whole. */
function serve(request: IncomingMessage, response: ServerResponse): void {
  if (request.url === "/head") return;
  if (request.url === "/body") {
    response.writeHead(200, { "Content-Length": "100" }).write("begun");
    return;
  }
  request.resume().on("end", () => response.end("whole"));
}

before(async () => {
  backend = await startBackend(serve);
  const to = `"http://127.0.0.1:${backend.port}"`;
  proxy = await RunningProxy.start(
    `short: Header("X-Case", "short") -> backendTimeout("600ms") -> ${to};
     later: Header("X-Case", "later") -> setResponseHeader("X-Seen", "yes") -> backendTimeout("10ms") -> backendTimeout("20s") -> ${to};
     zero: Header("X-Case", "zero") -> backendTimeout("0s") -> ${to};
     below: Header("X-Case", "below") -> backendTimeout("-1ms") -> ${to};
     long: Header("X-Case", "long") -> backendTimeout("1000h") -> ${to};
     shunt: Header("X-Case", "shunt") -> backendTimeout("0s") -> inlineContent("whole") -> <shunt>;
     wait: Header("X-Case", "wait") -> backendTimeout("600ms") -> backendLatency("800ms") -> latency("50ms") -> ${to};
     again: Header("X-Case", "again") -> backendTimeout("20ms") -> setRequestHeader("X-Case", "later") -> <loopback>;
     read: Header("X-Case", "read") -> readTimeout("600ms") -> ${to};
     readZero: Header("X-Case", "zeroRead") -> readTimeout("0s") -> ${to};
     readBelow: Header("X-Case", "belowRead") -> readTimeout("-1s") -> ${to};
     readLast: Header("X-Case", "lastRead") -> readTimeout("1ms") -> readTimeout("20s") -> ${to};
     readLong: Header("X-Case", "longRead") -> readTimeout("1000h") -> ${to};`,
    "-workers=1",
    "-application-log-level=DEBUG",
  );
});
after(async () => {
  await proxy.stop();
  backend.server.closeAllConnections();
  await backend.close();
});

/** Sends the pieces of a request with pauses between them; all that came back when the proxy has closed the connection. */
async function exchange(...pieces: readonly (string | number)[]): Promise<string> {
  const socket = net.connect(proxy.port, "127.0.0.1");
  let text = "";
  socket.setEncoding("latin1").on("data", (data: string) => {
    text += data;
  });
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.on("close", resolve));
  await once(socket, "connect");
  for (const piece of pieces) {
    if (typeof piece === "number") await pause(piece);
    else socket.write(piece);
  }
  await closed;
  return text;
}

const get = (path: string, name: string, more = "") =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nX-Case: ${name}\r\nConnection: close\r\n${more}\r\n`;

for (const [title, path, name, status, end] of [
  ["no head in time", "/head", "short", 504, "Gateway Timeout\n"],
  ["a quick answer", "/quick", "short", 200, "whole"],
  ["the last one counts", "/quick", "later", 200, "whole"],
  ["zero is over at once", "/quick", "zero", 504, "Gateway Timeout\n"],
  ["below zero as well", "/quick", "below", 504, "Gateway Timeout\n"],
  ["longer than timers can be", "/quick", "long", 200, "whole"],
  ["no backend, no limit", "/quick", "shunt", 200, "whole"],
  ["waits of filters do not count", "/quick", "wait", 200, "whole"],
  ["the limit of an outer route gives way to that of the inner one", "/quick", "again", 200, "whole"],
] as const) {
  test(`backendTimeout(), ${title}: ${status}`, async () => {
    const text = await exchange(get(path, name));
    assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `));
    assert.ok(text.includes(`\r\n${end}`), text);
    // An error of the proxy sees no response filter.
    if (name === "later") assert.match(text, /X-Seen: yes/);
  });
}

test("backendTimeout() inside of a body: the response is cut", async () => {
  const text = await exchange(get("/body", "short"));
  assert.match(text, /^HTTP\/1\.1 200 /);
  assert.ok(text.endsWith("begun"), text);
});

const post = (name: string, framing: string) =>
  `POST /quick HTTP/1.1\r\nHost: a\r\nX-Case: ${name}\r\nConnection: close\r\n${framing}\r\n`;

for (const [title, pieces, status] of [
  ["a body that comes in time", [post("read", "Content-Length: 4\r\n"), "ab", 20, "cd"], 200],
  ["one that does not", [post("read", "Content-Length: 4\r\n"), "ab"], 499],
  [
    "without a length there is no limit",
    [post("read", "Transfer-Encoding: chunked\r\n"), "1\r\na\r\n", 900, "0\r\n\r\n"],
    200,
  ],
  ["zero is over at once, even for a body that is there", [`${post("zeroRead", "Content-Length: 4\r\n")}abcd`], 499],
  ["below zero as well", [`${post("belowRead", "Content-Length: 4\r\n")}abcd`], 499],
  ["without a body there is nothing to read", [get("/quick", "zeroRead")], 200],
  ["the last one counts", [post("lastRead", "Content-Length: 4\r\n"), "ab", 150, "cd"], 200],
  ["longer than timers can be", [post("longRead", "Content-Length: 4\r\n"), "ab", 150, "cd"], 200],
] as const) {
  test(`readTimeout(), ${title}: ${status}`, async () => {
    const text = await exchange(...pieces);
    assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `));
    assert.match(text, /\r\nConnection: close\r\n/);
    if (status === 499) await until("it is logged", () => /client canceled after .*route read/.test(proxy.log));
  });
}
