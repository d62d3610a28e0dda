import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { ProxyProcess } from "../conformance/proxy-process.ts";
import { dial, freePort, SocketReader } from "../conformance/socket-reader.ts";

const REQUEST = "GET /ok HTTP/1.1\r\nHost: a.test\r\n\r\n";
const UPGRADE = "GET /up HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

/** The counters of connection states, without their common beginning. */
async function states(support: number): Promise<Record<string, number>> {
  const answer = await fetch(`http://127.0.0.1:${support}/metrics/skipper.lb-conn-`);
  if (answer.status === 404) return {};
  const { counters = {} } = (await answer.json()) as { counters?: Record<string, { count: number }> };
  return Object.fromEntries(
    Object.entries(counters).map(([key, { count }]) => [key.replace("skipper.lb-conn-", ""), count]),
  );
}

/** The counters once they are as expected, or as they are after a while. */
async function settled(support: number, expected: Record<string, number>): Promise<Record<string, number>> {
  const end = Date.now() + 20_000;
  for (;;) {
    const seen = await states(support);
    if (isDeepStrictEqual(seen, expected) || Date.now() > end) return seen;
    await pause(20);
  }
}

async function exchange(port: number, text: string): Promise<string> {
  const socket = await dial(port);
  socket.write(text, "latin1");
  const answer = await new SocketReader(socket).rest();
  socket.destroy();
  return answer.toString("latin1").split("\r\n")[0]!;
}

test("client connections are counted by the states that they come into", async () => {
  const backend = createServer().listen(0, "127.0.0.1");
  backend.on("upgrade", (_request, socket) => {
    socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  });
  await once(backend, "listening");
  const port = await freePort();
  const support = await freePort();
  const routes = `ok: Path("/ok") -> status(204) -> <shunt>; up: Path("/up") -> "http://127.0.0.1:${(backend.address() as AddressInfo).port}";`;
  const flags = ["-workers=1", "-experimental-upgrade", "-enable-connection-metrics", "-keepalive-requests-server=2"];
  const addresses = ["-address", `127.0.0.1:${port}`, "-support-listener", `127.0.0.1:${support}`];
  const proxy = new ProxyProcess(
    [...addresses, ...flags, "-wait-first-route-load", "-inline-routes", routes],
    tmpdir(),
  );
  try {
    await proxy.ready(port);
    // The connection of the wait above: nothing was asked on it.
    const first = { new: 1, closed: 1 };
    assert.deepEqual(await settled(support, first), first);
    assert.equal(await exchange(port, REQUEST + REQUEST), "HTTP/1.1 204 No Content");
    assert.equal(await exchange(port, "nonsense\r\n\r\n"), "HTTP/1.1 400 Bad Request");
    assert.equal(await exchange(port, UPGRADE), "HTTP/1.1 101 Switching Protocols");
    const last = { new: 4, active: 4, idle: 1, hijacked: 1, closed: 3, "closed.keepalive-requests": 1 };
    assert.deepEqual(await settled(support, last), last);
  } finally {
    await proxy.stop();
    backend.close();
  }
});
