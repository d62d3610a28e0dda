// What becomes of a backend connection whose answer waits for a filter, or is replaced by another one.

import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Filter } from "../spec/filter.ts";
import { plainIntake } from "./listener.ts";
import { startProxy } from "./proxy.fixture.ts";

interface Backend {
  readonly port: number;
  /** Connections that were opened, and those that are open. */
  opened: number;
  open: number;
  /** Writes what is left of the answer to the last request. */
  rest: () => void;
}

/** Answers each request with `head` and, when told, with `rest`. */
async function backendOf(head: string, rest = ""): Promise<Backend> {
  const server = net.createServer((socket) => {
    backend.opened++;
    backend.open++;
    socket.on("error", () => {});
    socket.on("close", () => backend.open--);
    socket.on("data", () => {
      backend.rest = () => socket.write(rest, "latin1");
      socket.write(head, "latin1");
    });
    after(() => socket.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  after(() => server.close());
  const backend: Backend = { port: (server.address() as net.AddressInfo).port, opened: 0, open: 0, rest: () => {} };
  return backend;
}

async function until(what: string, condition: () => boolean): Promise<void> {
  for (const limit = Date.now() + 20_000; !condition(); await pause(5)) {
    if (Date.now() > limit) assert.fail(`waited for: ${what}`);
  }
}

const replaces = (later: boolean): Filter => {
  const replace: Filter["response"] = (ctx) => ctx.serve(200, [["Content-Length", "3"]], "new");
  return {
    response: later
      ? async (ctx) => {
          await pause(5);
          return replace(ctx);
        }
      : replace,
  };
};

const reruns: Filter = {
  response: (ctx) => {
    ctx.request.path = "/new";
    ctx.rerun();
  },
};
const servesNew: Filter = { request: (ctx) => ctx.serve(200, [["Content-Length", "3"]], "new") };

const ask = async (port: number) => (await fetch(`http://127.0.0.1:${port}/old`)).text();

const OK = "HTTP/1.1 200 OK\r\n";
const filters = {
  "a body that is replaced": replaces(false),
  "one that is replaced later": replaces(true),
  "a rerun": reruns,
};

for (const [what, filter] of Object.entries(filters)) {
  for (const [framing, head, rest] of [
    ["no body", `${OK}Content-Length: 0\r\n\r\n`, ""],
    ["a body that is there", `${OK}Content-Length: 3\r\n\r\nold`, ""],
    ["a body that follows", `${OK}Content-Length: 60000\r\n\r\nold`, "x".repeat(59_997)],
    ["chunks that are there", `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nold\r\n0\r\n\r\n`, ""],
    ["chunks that follow", `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nold\r\n`, "0\r\n\r\n"],
  ] as const) {
    test(`${what}, ${framing}: the connection is kept`, async () => {
      const backend = await backendOf(head, rest);
      const { port, proxy } = await startProxy(
        plainIntake,
        {},
        {
          "/old": { filters: [filter], backendPort: backend.port },
          "/new": { filters: [servesNew], backendPort: null },
        },
      );
      for (let i = 0; i < 3; i++) {
        assert.equal(await ask(port), "new");
        backend.rest();
        await until("the connection is idle", () => proxy.pools.idleCount === 1);
      }
      assert.deepEqual([backend.opened, backend.open], [1, 1]);
    });
  }

  for (const [framing, head, rest] of [
    ["a long body", `${OK}Content-Length: 70000\r\n\r\nold`, ""],
    ["a body up to the end of the connection", `${OK}\r\nold`, ""],
    ["chunks that become too many", `${OK}Transfer-Encoding: chunked\r\n\r\n11170\r\n`, "x".repeat(69_000)],
    ["a body that does not come", `${OK}Content-Length: 4\r\n\r\nold`, ""],
    ["a backend that closes", `${OK}Content-Length: 4\r\nConnection: close\r\n\r\nold`, ""],
  ] as const) {
    test(`${what}, ${framing}: the connection is closed`, async () => {
      const backend = await backendOf(head, rest);
      const { port, proxy } = await startProxy(
        plainIntake,
        {},
        {
          "/old": { filters: [filter], backendPort: backend.port },
          "/new": { filters: [servesNew], backendPort: null },
        },
      );
      assert.equal(await ask(port), "new");
      backend.rest();
      await until("it is closed", () => backend.open === 0);
      assert.deepEqual([backend.opened, proxy.pools.idleCount], [1, 0]);
    });
  }
}

for (const head of [
  "HTTP/1.1 204 No Content\r\n\r\n",
  `${OK}Content-Length: 0\r\n\r\n`,
  "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
  `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
]) {
  test(`an answer without body arrives when a response filter waits: ${JSON.stringify(head)}`, async () => {
    const backend = await backendOf(head);
    const waits: Filter = { response: () => pause(5) };
    const { port } = await startProxy(plainIntake, {}, { filters: [waits], backendPort: backend.port });
    for (let i = 0; i < 3; i++) assert.equal(await ask(port), "");
    assert.deepEqual([backend.opened, backend.open], [1, 1]);
  });
}
