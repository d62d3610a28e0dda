// Limits of connections and the orderly end of the process.

import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, type IncomingMessage, request, type ServerResponse } from "node:http";
import { test } from "node:test";
import { dial, SocketReader, valuesOf } from "../conformance/socket-reader.ts";
import { RunningProxy, startBackend, until } from "./running-proxy.ts";

const status = async (proxy: RunningProxy) => (await fetch(`http://127.0.0.1:${proxy.port}/text`)).status;

const shunt = 'r: * -> status(204) -> <shunt>; text: Path("/text") -> inlineContent("ok") -> <shunt>';

test("a connection ends after its number of requests, and after its time", async () => {
  const proxy = await RunningProxy.start(shunt, "-keepalive-requests-server=3", "-keepalive-server=1h", "-workers=1");
  const socket = await dial(proxy.port);
  const reader = new SocketReader(socket);
  const closing: string[][] = [];
  for (let i = 0; i < 3; i++) {
    socket.write("GET /text HTTP/1.1\r\nHost: a\r\n\r\n");
    closing.push(valuesOf((await reader.message(false, false))!.fields, "connection"));
  }
  assert.deepEqual(closing, [[], [], ["close"]]);
  assert.equal((await reader.rest()).length, 0);
  socket.destroy();
  await proxy.stop();
});

test("an idle connection is closed", async () => {
  const proxy = await RunningProxy.start(shunt, "-idle-timeout-server=1s", "-workers=1");
  const socket = await dial(proxy.port);
  const reader = new SocketReader(socket);
  const since = performance.now();
  socket.write("GET /text HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.equal((await reader.message(false, false))?.start[1], "200");
  assert.equal((await reader.rest()).length, 0);
  assert.ok(performance.now() - since >= 1000, "not before its time");
  socket.destroy();
  await proxy.stop();
});

test("two workers serve one port, and keep their connections apart", async () => {
  const proxy = await RunningProxy.start(shunt, "-workers=2");
  const agent = new Agent({ keepAlive: true });
  const statuses = await Promise.all(
    Array.from({ length: 100 }, async () => {
      const sent = request({ host: "127.0.0.1", port: proxy.port, path: "/text", agent }).end();
      const [response] = (await once(sent, "response")) as [IncomingMessage];
      response.resume();
      await once(response, "end");
      return response.statusCode;
    }),
  );
  assert.deepEqual(new Set(statuses), new Set([200]));
  proxy.writeRoutes("r: * -> status(418) -> <shunt>");
  await until("every connection sees the new table", async () => {
    const seen = await Promise.all(
      Array.from({ length: 20 }, async () => (await fetch(`http://127.0.0.1:${proxy.port}/text`)).status),
    );
    return seen.every((status) => status === 418);
  });
  agent.destroy();
  await proxy.stop();
});

test("SIGTERM: a running request is finished with Connection: close, idle connections end, the exit code is 0", async () => {
  let held: ServerResponse | null = null;
  const backend = await startBackend((_incoming, response) => {
    held = response;
  });
  const proxy = await RunningProxy.start(`r: * -> "http://127.0.0.1:${backend.port}"`, "-workers=2");
  const idle = await dial(proxy.port);
  const idleEnd = new SocketReader(idle).rest();
  const busy = await dial(proxy.port);
  const reader = new SocketReader(busy);
  busy.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until("the request is at the backend", () => held !== null);
  const exit = proxy.terminate();
  assert.equal((await idleEnd).length, 0);
  await until("nobody is let in", () =>
    dial(proxy.port).then(
      (socket) => {
        socket.destroy();
        return false;
      },
      () => true,
    ),
  );
  held!.end("late");
  const message = await reader.message(false, false);
  assert.deepEqual([message?.body.toString(), valuesOf(message!.fields, "connection")], ["late", ["close"]]);
  assert.equal((await reader.rest()).length, 0);
  assert.equal(await exit, 0);
  idle.destroy();
  busy.destroy();
  await proxy.stop();
  await backend.close();
});

test("SIGTERM: a request that is on its way is still served, what never becomes one is not waited for", async () => {
  const proxy = await RunningProxy.start(shunt, "-workers=1");
  const open = async (text: string) => {
    const socket = await dial(proxy.port);
    const reader = new SocketReader(socket);
    socket.write(text);
    return { socket, reader };
  };
  const request = "GET /text HTTP/1.1\r\nHost: a\r\n\r\n";
  const partial = await open(request.slice(0, 9));
  const stuck = await open(request.slice(0, 9));
  const used = await open(request);
  await used.reader.message(false, false);
  used.socket.write(request.slice(0, 9));
  const fresh = await open("");
  assert.equal(await status(proxy), 200, "what was written is read");
  const exit = proxy.terminate();
  await until("the shutdown begins", () => proxy.log.includes("Start shutdown"));
  for (const [{ socket, reader }, text] of [
    [fresh, request],
    [partial, request.slice(9)],
    [used, request.slice(9)],
  ] as const) {
    socket.write(text);
    const message = await reader.message(false, false);
    assert.deepEqual([message?.body.toString(), valuesOf(message!.fields, "connection")], ["ok", ["close"]]);
  }
  assert.equal((await stuck.reader.rest()).length, 0);
  assert.equal(await exit, 0);
  for (const { socket } of [fresh, partial, stuck, used]) socket.destroy();
  await proxy.stop();
});

test("SIGINT: no wait for health checks; a second one ends at once", async () => {
  let held: ServerResponse | null = null;
  const backend = await startBackend((_incoming, response) => {
    held = response;
  });
  for (const again of [false, true]) {
    held = null;
    const proxy = await RunningProxy.start(
      `r: * -> "http://127.0.0.1:${backend.port}"`,
      "-wait-for-healthcheck-interval=1h",
      "-workers=1",
    );
    const busy = await dial(proxy.port);
    busy.on("error", () => {});
    const reader = new SocketReader(busy);
    busy.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until("the request is at the backend", () => held !== null);
    const exit = proxy.terminate("SIGINT");
    await until("the shutdown begins", () => proxy.log.includes("Start shutdown"));
    if (again) void proxy.terminate("SIGINT");
    else held!.end("late");
    const message = await reader.message(false, false);
    assert.equal(message?.body.toString(), again ? undefined : "late");
    assert.equal(await exit, again ? 130 : 0);
    busy.destroy();
    proxy.forget();
  }
  await backend.close();
});

test("until SIGTERM has taken effect everything is served, and Shutdown() holds", async () => {
  const proxy = await RunningProxy.start(
    'up: Path("/health") -> status(200) -> <shunt>; down: Path("/health") && Shutdown() -> status(503) -> <shunt>',
    "-wait-for-healthcheck-interval=2s",
    "-workers=2",
  );
  const health = async () => (await fetch(`http://127.0.0.1:${proxy.port}/health`)).status;
  assert.equal(await health(), 200);
  const exit = proxy.terminate();
  await until("the predicate holds", async () => (await health()) === 503);
  assert.equal(await exit, 0);
  await proxy.stop();
});
