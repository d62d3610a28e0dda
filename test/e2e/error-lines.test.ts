// The log line of a failed request tells of that request alone, whatever its connection has carried before (spec proxy 19).

import assert from "node:assert/strict";
import { test } from "node:test";
import { dial, freePort, SocketReader } from "../conformance/socket-reader.ts";
import { RunningProxy, startBackend, until } from "./running-proxy.ts";

const cases: readonly (readonly [path: string, status: string, line: RegExp])[] = [
  ["/ok", "200", /^$/],
  [
    "/loop",
    "500",
    /route loop with backend loopback :\/\/, status code 500: dialing failed false: max loopbacks reached/,
  ],
  ["/ok", "200", /^$/],
  [
    "/inner",
    "404",
    /route inner with backend loopback :\/\/, status code 404: dialing failed false: route lookup failed/,
  ],
  [
    "/refused",
    "502",
    /route refused with backend network http:\/\/127\.0\.0\.1:\d+, status code 502: dialing failed true: /,
  ],
  ["/none", "404", /^$/],
];

test("each failure names its own route and backend", async () => {
  const backend = await startBackend((_incoming, response) => response.end("ok"));
  const proxy = await RunningProxy.start(
    `ok: Path("/ok") -> "http://127.0.0.1:${backend.port}";
     loop: Path("/loop") -> <loopback>;
     inner: Path("/inner") -> setPath("/none") -> <loopback>;
     refused: Path("/refused") -> "http://127.0.0.1:${await freePort()}";`,
    "-workers=1",
  );
  const socket = await dial(proxy.port);
  const reader = new SocketReader(socket);
  for (const [path, status, line] of cases) {
    const mark = proxy.log.length;
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert.equal((await reader.message(false, false))?.start[1], status, path);
    const seen = () => proxy.log.slice(mark);
    if (line.source === "^$") assert.equal(seen(), "", path);
    else await until(`the line of ${path}`, () => line.test(seen()));
  }
  socket.destroy();
  await proxy.stop();
  await backend.close();
});
