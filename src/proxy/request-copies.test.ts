// Copies of requests that go through the routing table by themselves: what they carry, how they end, what limits them.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { after, test } from "node:test";
import { until } from "../../test/e2e/running-proxy.ts";
import type { RequestCopy } from "../spec/context.ts";
import type { CopyBody, CopyEnd } from "../spec/env.ts";
import type { Filter } from "../spec/filter.ts";
import { BlockPool, ByteQueue } from "../util/byte-queue.ts";
import { plainIntake } from "./listener.ts";
import { startProxy, type TestProxy, type TestRoutes } from "./proxy.fixture.ts";
import { RequestCopies } from "./request-copies.ts";

interface Seen {
  readonly line: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** A backend that records what it sees; `answer` answers, at once with 200 when it is not given. */
async function backend(answer?: (response: http.ServerResponse) => void): Promise<{ port: number; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = http.createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    seen.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
    if (answer === undefined) response.end("x");
    else answer(response);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as net.AddressInfo).port, seen };
}

/** A proxy whose filter `copies` sends a copy to `/copy`, with the ends of the copies. */
async function copyingProxy(
  routes: TestRoutes,
  options: {
    readonly before?: Filter[];
    readonly limit?: number;
    readonly as?: "now" | "received";
    readonly change?: (copy: RequestCopy) => void;
    readonly body?: CopyBody;
    readonly maxLoopbacks?: number;
    readonly upgrade?: boolean;
    readonly backendPort?: number;
  } = {},
): Promise<{ proxy: TestProxy; ends: Promise<CopyEnd>[] }> {
  const ends: Promise<CopyEnd>[] = [];
  const copying: Filter = {
    request: (ctx) => {
      const copy = ctx.copyRequest(options.as ?? "now");
      copy.headers.set("X-Copy", "1");
      options.change?.(copy);
      ends.push(copies.route(copy, options.body ?? null));
    },
  };
  const toCopy: Filter = { request: (ctx) => void (ctx.request.path = "/copy") };
  const proxy = await startProxy(
    plainIntake,
    { maxLoopbacks: options.maxLoopbacks ?? 9, upgrade: options.upgrade ?? false },
    {
      "/a": {
        filters: [...(options.before ?? [toCopy]), copying, { request: (ctx) => ctx.serve(204, [], null) }],
        backendPort: options.backendPort ?? null,
      },
      ...routes,
    },
  );
  const copies = new RequestCopies(() => proxy.proxy, options.limit);
  return { proxy, ends };
}

async function ask(proxy: TestProxy, lines = "", method = "GET", body = ""): Promise<string> {
  const socket = net.connect(proxy.port, "127.0.0.1");
  after(() => socket.destroy());
  socket.write(`${method} /a?q=1 HTTP/1.1\r\nHost: h.test\r\nConnection: close\r\n${lines}\r\n${body}`);
  let text = "";
  socket.on("data", (piece) => {
    text += piece.toString("latin1");
  });
  await once(socket, "close");
  return text;
}

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

test("a copy carries what the request is now, and nothing of its connection", async () => {
  const shadow = await backend();
  const { proxy, ends } = await copyingProxy(
    { "/copy": { filters: [], backendPort: shadow.port } },
    { body: pieces("a", "bc") },
  );
  const lines = "X-One: 1\r\nx-one: 2\r\nTE: trailers\r\nKeep-Alive: x\r\nContent-Length: 3\r\n";
  assert.match(await ask(proxy, lines, "POST", "abc"), /^HTTP\/1.1 204 /);
  assert.deepEqual(await ends[0], { outcome: "complete", status: 200 });
  const [{ line, headers, body }] = shadow.seen as [Seen];
  assert.equal(line, "POST /copy?q=1");
  assert.equal(body, "abc");
  assert.equal(headers["content-length"], "3");
  assert.equal(headers["x-one"], "1, 2");
  assert.equal(headers["x-copy"], "1");
  assert.equal(headers["keep-alive"], undefined);
  // What a client gets is counted and logged, not what nobody gets.
  assert.deepEqual(proxy.seen, ["127.0.0.1 204"]);
});

test("a copy as received is looked up like the request itself, before any filter", async () => {
  const { proxy, ends } = await copyingProxy(
    {},
    {
      // Met twice: first by the request, then by its copy.
      before: [
        {
          request: ({ request }) => {
            if (request.headers.has("X-Copy")) return;
            request.path = "/changed";
            request.rawQuery = "changed";
            request.method = "PUT";
            request.headers.set("X-One", "changed");
          },
        },
        {
          request: (ctx) => {
            if (!ctx.request.headers.has("X-Copy")) return;
            const { method, path, rawQuery, headers } = ctx.request;
            ctx.serve(200, [], "x");
            seen = [method, path, rawQuery, headers.get("X-One")];
          },
        },
      ],
      as: "received",
      maxLoopbacks: 0,
    },
  );
  let seen: unknown = null;
  await ask(proxy, "X-One: 1\r\n");
  assert.deepEqual(await ends[0], { outcome: "complete", status: 200 });
  assert.deepEqual(seen, ["GET", "/a", "q=1", "1"]);
});

test("a copy is made with other headers and method when its maker wants", async () => {
  const shadow = await backend();
  const { proxy, ends } = await copyingProxy(
    { "/copy": { filters: [], backendPort: shadow.port } },
    {
      change: (copy) => {
        copy.method = "GET";
        copy.headers.delete("X-One");
      },
    },
  );
  await ask(proxy, "X-One: 1\r\n", "HEAD");
  await ends[0];
  assert.equal(shadow.seen[0]!.line, "GET /copy?q=1");
  assert.equal(shadow.seen[0]!.headers["x-one"], undefined);
});

test("the state bag of a copy is empty", async () => {
  let bag: unknown = null;
  const look: Filter = {
    request: (ctx) => {
      bag = [...ctx.stateBag];
      ctx.serve(200, [], "x");
    },
  };
  const { proxy, ends } = await copyingProxy(
    { "/copy": { filters: [look], backendPort: null } },
    {
      before: [
        {
          request: (ctx) => {
            ctx.stateBag.set("k", 1);
            ctx.request.path = "/copy";
          },
        },
      ],
    },
  );
  await ask(proxy);
  await ends[0];
  assert.deepEqual(bag, []);
});

for (const [maxLoopbacks, status] of [
  [0, 500],
  [1, 200],
] as const) {
  test(`the look-up of a copy counts: with ${maxLoopbacks} loopbacks it ends with ${status}`, async () => {
    const { proxy, ends } = await copyingProxy(
      { "/copy": { filters: [{ request: (ctx) => ctx.serve(200, [], "x") }], backendPort: null } },
      { maxLoopbacks },
    );
    await ask(proxy);
    assert.deepEqual(await ends[0], { outcome: "complete", status });
    const logged = proxy.logged.join("\n");
    const line = /error context: failed to execute loopback request: .*max loopbacks reached after route \/a,/;
    if (status === 500) assert.match(logged, line);
    else assert.equal(logged, "");
  });
}

test("a copy that makes copies ends with the limit of loopbacks", async () => {
  const ends: Promise<CopyEnd>[] = [];
  const again: Filter = { request: (ctx) => void ends.push(copies.route(ctx.copyRequest("now"), null)) };
  const proxy = await startProxy(plainIntake, { maxLoopbacks: 3 }, { "/a": { filters: [again], backendPort: null } });
  const copies = new RequestCopies(() => proxy.proxy);
  await ask(proxy);
  const statuses: number[] = [];
  for (let i = 0; i < ends.length; i++) statuses.push((await ends[i]!).status);
  assert.deepEqual(statuses, [404, 404, 404, 500]);
});

test("no route for a copy is its status", async () => {
  const { proxy, ends } = await copyingProxy({});
  await ask(proxy);
  assert.deepEqual(await ends[0], { outcome: "complete", status: 404 });
});

test("beyond the limit copies are dropped, and their bodies let go", async () => {
  let release: (() => void)[] = [];
  const shadow = await backend((response) => release.push(() => response.end("x")));
  const { proxy, ends } = await copyingProxy({ "/copy": { filters: [], backendPort: shadow.port } }, { limit: 2 });
  for (let i = 0; i < 3; i++) await ask(proxy);
  assert.deepEqual(await ends[2], { outcome: "dropped", status: 0 });
  await until("two copies are there", () => release.length === 2);
  for (const go of release) go();
  release = [];
  assert.deepEqual(await Promise.all(ends.slice(0, 2)), Array(2).fill({ outcome: "complete", status: 200 }));
  await ask(proxy);
  await until("the next one is there", () => release.length === 1);
  release[0]!();
  assert.equal((await ends[3])?.outcome, "complete");
});

test("a body that is given up breaks the call off", async () => {
  let broken = () => {};
  const brokenOff = new Promise<void>((resolve) => {
    broken = resolve;
  });
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.on("close", () => broken());
    socket.resume();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  after(() => server.close());
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("ab");
    throw new Error("lagging");
  }
  const { proxy, ends } = await copyingProxy(
    { "/copy": { filters: [], backendPort: (server.address() as net.AddressInfo).port } },
    { body: failing() },
  );
  await ask(proxy, "Content-Length: 3\r\n", "POST", "abc");
  assert.deepEqual(await ends[0], { outcome: "complete", status: 499 });
  await brokenOff;
});

test("a body that is given up while the backend does not read breaks the call off", async () => {
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
  const queue = new ByteQueue(64 << 20, new BlockPool(64 << 20, 0));
  queue.push(Buffer.alloc(32 << 20));
  const { proxy, ends } = await copyingProxy(
    { "/copy": { filters: [], backendPort: (server.address() as net.AddressInfo).port } },
    { body: queue },
  );
  await ask(proxy, "Content-Length: 3\r\n", "POST", "abc");
  await until("the copy's connection", () => sockets.length > 0);
  queue.giveUp("lagging");
  assert.deepEqual(await ends[0], { outcome: "complete", status: 499 });
});

test("a response that breaks off says so", async () => {
  const shadow = await backend((response) => {
    response.writeHead(200, { "Content-Length": "9" });
    response.write("abc", () => response.destroy());
  });
  const { proxy, ends } = await copyingProxy({ "/copy": { filters: [], backendPort: shadow.port } });
  await ask(proxy);
  assert.deepEqual(await ends[0], { outcome: "broken", status: 200 });
});

test("a backend that never answers a copy is left when the time to write a response is over", async () => {
  const shadow = await backend(() => {});
  const { proxy, ends } = await copyingProxy({ "/copy": { filters: [], backendPort: shadow.port } });
  Object.assign(proxy.proxy.options, { writeTimeoutMs: 200 });
  await ask(proxy);
  assert.deepEqual(await ends[0], { outcome: "complete", status: 499 });
});

test("an upgrade is not copied", async () => {
  const { proxy, ends } = await copyingProxy({}, { upgrade: true });
  const socket = net.connect(proxy.port, "127.0.0.1");
  after(() => socket.destroy());
  socket.write("GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
  await once(socket, "data");
  assert.deepEqual(await ends[0], { outcome: "upgrade", status: 0 });
});
