// FilterContext.rerun(): which filters run on which answer, what stays of the request, and what becomes of failures (spec filters 9.3).

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { after, test } from "node:test";
import type { FilterContext } from "../spec/context.ts";
import type { Filter } from "../spec/filter.ts";
import { plainIntake } from "./listener.ts";
import { startProxy, type TestProxy, type TestRoutes } from "./proxy.fixture.ts";

/** Response steps as they ran, each with the status that it saw. */
let steps: string[] = [];

function notes(name: string, onError = false): Filter {
  return { onError, response: (ctx) => void steps.push(`${name} ${ctx.response.status}`) };
}

function serves(status: number, body = ""): Filter {
  return { request: (ctx) => ctx.serve(status, [["X-From", ctx.routeId]], body) };
}

/** Like loopbackIfStatus(): asks for another answer to this path in place of one with this status. */
function fallback(status: number, path: string, later = false): Filter {
  const rerun = (ctx: FilterContext): void => {
    if (ctx.response.status !== status) return;
    ctx.request.path = path;
    ctx.rerun();
  };
  return {
    response: later
      ? async (ctx) => {
          await new Promise((resolve) => setImmediate(resolve));
          rerun(ctx);
        }
      : rerun,
  };
}

const throws: Filter = {
  response: () => {
    throw new Error("broken");
  },
};

/** A backend that answers every request with the status that its path names, and counts connections. */
async function statusBackend(): Promise<{ port: number; seen: string[] }> {
  const seen: string[] = [];
  const server = http.createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    request.resume();
    response.statusCode = Number(/\d+/.exec(request.url!)?.[0] ?? 200);
    response.end("backend");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as net.AddressInfo).port, seen };
}

/** Sends one request with `Connection: close` and gives the whole answer. */
async function ask(proxy: TestProxy, path: string, lines = "", body = ""): Promise<string> {
  const socket = net.connect(proxy.port, "127.0.0.1");
  after(() => socket.destroy());
  const method = lines === "" ? "GET" : "POST";
  socket.write(`${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines}\r\n${body}`);
  let text = "";
  socket.on("data", (piece) => {
    text += piece.toString("latin1");
  });
  await once(socket, "close");
  return text;
}

const shunt = (...filters: Filter[]) => ({ filters, backendPort: null });
const loopback = (...filters: Filter[]) => ({ filters, backendPort: "loopback" as const });

const rows: readonly (readonly [what: string, routes: TestRoutes, status: number, steps: string])[] = [
  [
    "filters to the right ran on the old answer, filters to the left run on the new one",
    { "/a": shunt(notes("l"), fallback(404, "/b"), notes("r")), "/b": shunt(notes("in"), serves(201)) },
    201,
    "r 404, in 201, l 201",
  ],
  [
    "a filter that asks later",
    { "/a": shunt(notes("l"), fallback(404, "/b", true), notes("r")), "/b": shunt(serves(201)) },
    201,
    "r 404, l 201",
  ],
  [
    "another status",
    { "/a": shunt(notes("l"), fallback(503, "/b"), notes("r")), "/b": shunt(serves(201)) },
    404,
    "r 404, l 404",
  ],
  [
    "no route for the new path: the filters to the left see the failure as an answer",
    { "/a": shunt(notes("l"), notes("e", true), fallback(404, "/none"), notes("r")) },
    404,
    "r 404, e 404, l 404",
  ],
  [
    "the inner route fails: its filters do not run, those of the outer one do",
    {
      "/a": shunt(notes("l"), fallback(404, "/b")),
      "/b": shunt(notes("in"), notes("e", true), throws),
    },
    500,
    "e 500, l 500",
  ],
  [
    "a loopback inside fails",
    {
      "/a": shunt(notes("l"), fallback(404, "/b")),
      "/b": loopback(notes("in"), { request: (ctx) => void (ctx.request.path = "/none") }),
    },
    404,
    "l 404",
  ],
  [
    "a filter that fails after the new answer: the old rule holds again",
    { "/a": shunt(notes("l"), notes("e", true), throws, fallback(404, "/b")), "/b": shunt(serves(201)) },
    500,
    "e 500",
  ],
  [
    "two fallbacks in one route, from right to left",
    {
      "/a": shunt(notes("l"), fallback(503, "/c"), fallback(404, "/b")),
      "/b": shunt(notes("b"), serves(503)),
      "/c": shunt(notes("c"), serves(200)),
    },
    200,
    "b 503, c 200, l 200",
  ],
  [
    "a fallback in a fallback",
    {
      "/a": shunt(notes("l"), fallback(404, "/b")),
      "/b": shunt(notes("in"), fallback(503, "/c"), serves(503)),
      "/c": shunt(serves(202)),
    },
    202,
    "in 202, l 202",
  ],
  [
    "a fallback behind a loopback: the outer route sees the last answer only",
    {
      "/a": loopback(notes("out"), { request: (ctx) => void (ctx.request.path = "/b") }),
      "/b": shunt(notes("l"), fallback(404, "/c")),
      "/c": shunt(serves(203)),
    },
    203,
    "l 203, out 203",
  ],
];

for (const [what, routes, status, expected] of rows) {
  test(`rerun: ${what}`, async () => {
    steps = [];
    const proxy = await startProxy(plainIntake, {}, routes);
    assert.match(await ask(proxy, "/a"), new RegExp(`^HTTP/1.1 ${status} `));
    assert.equal(steps.join(", "), expected);
    assert.deepEqual(proxy.seen, [`127.0.0.1 ${status}`]);
  });
}

test("an endless fallback ends with the limit of loopbacks, and says so once", async () => {
  steps = [];
  const proxy = await startProxy(plainIntake, { maxLoopbacks: 3 }, { "/a": shunt(notes("l"), fallback(404, "/a")) });
  assert.match(await ask(proxy, "/a"), /^HTTP\/1.1 500 [\s\S]*Internal Server Error\n$/);
  assert.equal(steps.join(", "), "l 500, l 500, l 500, l 500");
  const lines = proxy.logged.filter((line) => line.includes("failed to execute"));
  assert.equal(lines.length, 1);
  assert.match(
    lines[0]!,
    /^error context: failed to execute loopback request: .*max loopbacks reached after route \/a/,
  );
});

test("headers and body of the old answer are gone, path parameters of filters and the state bag stay", async () => {
  const { port, seen } = await statusBackend();
  const first: Filter = {
    request: (ctx) => void ctx.stateBag.set("k", "kept"),
    response: (ctx) => void ctx.response.headers.append("X-Left", String(ctx.stateBag.get("k"))),
  };
  const right: Filter = { response: (ctx) => void ctx.response.headers.set("X-Old", "1") };
  const proxy = await startProxy(
    plainIntake,
    {},
    {
      "/404": { filters: [first, fallback(404, "/200"), right], backendPort: port },
      "/200": { filters: [], backendPort: port },
    },
  );
  const answer = await ask(proxy, "/404");
  assert.match(answer, /^HTTP\/1.1 200 OK\r\n[\s\S]*\r\n\r\nbackend$/);
  assert.match(answer, /X-Left: kept\r\n/);
  assert.doesNotMatch(answer, /X-Old/);
  assert.deepEqual(seen, ["GET /404", "GET /200"]);
});

for (const [framing, lines, body] of [
  ["known length", "Content-Length: 3\r\n", "abc"],
  ["unknown length", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"],
] as const) {
  test(`a request body of ${framing} is gone: no second backend gets it, a shunt answers`, async () => {
    steps = [];
    const { port, seen } = await statusBackend();
    const proxy = await startProxy(
      plainIntake,
      {},
      {
        "/404": { filters: [notes("l"), fallback(404, "/200"), fallback(405, "/s")], backendPort: port },
        "/405": { filters: [notes("l"), fallback(405, "/s")], backendPort: port },
        "/200": { filters: [], backendPort: port },
        "/s": shunt(serves(200, "shunt")),
      },
    );
    assert.match(await ask(proxy, "/404", lines, body), /^HTTP\/1.1 503 [\s\S]*Service Unavailable\n$/);
    assert.match(await ask(proxy, "/405", lines, body), /^HTTP\/1.1 200 [\s\S]*shunt/);
    assert.deepEqual(seen, ["POST /404", "POST /405"]);
    assert.equal(steps.join(", "), "l 503, l 200");
  });
}

test("an answer that comes before the request body is replaced without waiting for the rest of it", async () => {
  const { port } = await statusBackend();
  const proxy = await startProxy(
    plainIntake,
    {},
    { "/404": { filters: [fallback(404, "/s")], backendPort: port }, "/s": shunt(serves(200, "shunt")) },
  );
  assert.match(await ask(proxy, "/404", "Content-Length: 900000\r\n", "abc"), /^HTTP\/1.1 200 [\s\S]*shunt/);
});

test("a request step that asks for it fails the request", async () => {
  const proxy = await startProxy(plainIntake, {}, { "/a": shunt({ request: (ctx) => ctx.rerun() }) });
  assert.match(await ask(proxy, "/a"), /^HTTP\/1.1 500 /);
});

test("the end of a tunnel cannot be answered again", async () => {
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end("HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  after(() => server.close());
  const backendPort = (server.address() as net.AddressInfo).port;
  const again: Filter = { onError: true, response: (ctx) => ctx.rerun() };
  const proxy = await startProxy(plainIntake, { upgrade: true }, { filters: [again], backendPort });
  const socket = net.connect(proxy.port, "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
  socket.resume();
  await once(socket, "close");
  assert.deepEqual(proxy.seen, ["127.0.0.1 0"]);
});
