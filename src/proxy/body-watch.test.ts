// Filters that only look at a body see it as it was sent, beside those that change it; one that throws ends it like any other.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { after, test } from "node:test";
import { until } from "../../test/e2e/running-proxy.ts";
import type { BodyTransform } from "../spec/context.ts";
import type { Filter } from "../spec/filter.ts";
import { plainIntake } from "./listener.ts";
import { startProxy } from "./proxy.fixture.ts";

interface Watched {
  text: string;
  ends: number;
  destroyed: number;
}

function watcher(failAt = Number.POSITIVE_INFINITY): { transform: BodyTransform; seen: Watched } {
  const seen: Watched = { text: "", ends: 0, destroyed: 0 };
  const transform: BodyTransform = {
    keepsLength: true,
    watches: true,
    write(chunk) {
      seen.text += Buffer.from(chunk).toString("latin1");
      if (seen.text.length >= failAt) throw new Error("broken watcher");
      return chunk;
    },
    end() {
      seen.ends++;
      return null;
    },
    destroy() {
      seen.destroyed++;
    },
  };
  return { transform, seen };
}

const upper: BodyTransform = {
  keepsLength: true,
  write: (chunk) => Buffer.from(Buffer.from(chunk).toString().toUpperCase()),
  end: () => null,
};

/** A backend that answers with what it got. */
async function echo(): Promise<number> {
  const server = http.createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    try {
      for await (const piece of request) pieces.push(piece);
    } catch {
      return;
    }
    const body = Buffer.concat(pieces);
    response.setHeader("Content-Length", body.length);
    response.end(body);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as net.AddressInfo).port;
}

async function post(port: number, body: string): Promise<{ status: number; body: string; complete: boolean }> {
  const sent = http.request({ host: "127.0.0.1", port, method: "POST", agent: false });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [http.IncomingMessage];
  let text = "";
  try {
    for await (const piece of response) text += piece;
  } catch {
    // Broken off.
  }
  return { status: response.statusCode!, body: text, complete: response.complete };
}

const LONG = "x".repeat(300_000);

for (const [what, shunt, others] of [
  ["to a backend", false, []],
  ["to nobody", true, []],
  ["beside a filter that changes it", false, [upper]],
] as const) {
  for (const body of ["abc", LONG]) {
    test(`a request body of ${body.length} bytes ${what}`, async () => {
      const { transform, seen } = watcher();
      const filter: Filter = {
        request(ctx) {
          ctx.transformRequestBody(transform);
          for (const one of others) ctx.transformRequestBody(one);
        },
      };
      const proxy = await startProxy(plainIntake, {}, { filters: [filter], backendPort: shunt ? null : await echo() });
      const answer = await post(proxy.port, body);
      assert.equal(answer.body, shunt ? "" : others.length > 0 ? body.toUpperCase() : body);
      assert.deepEqual(seen, { text: body, ends: 1, destroyed: 0 });
    });

    if (!shunt) {
      test(`a response body of ${body.length} bytes ${what}`, async () => {
        const { transform, seen } = watcher();
        const filter: Filter = {
          response(ctx) {
            ctx.transformResponseBody(transform);
            for (const one of others) ctx.transformResponseBody(one);
          },
        };
        const proxy = await startProxy(plainIntake, {}, { filters: [filter], backendPort: await echo() });
        const answer = await post(proxy.port, body);
        assert.equal(answer.body, others.length > 0 ? body.toUpperCase() : body);
        assert.deepEqual(seen, { text: body, ends: 1, destroyed: 0 });
      });
    }
  }
}

test("a served body is shown too", async () => {
  const { transform, seen } = watcher();
  const filter: Filter = {
    request: (ctx) => ctx.serve(200, [], "served"),
    response: (ctx) => ctx.transformResponseBody(transform),
  };
  const proxy = await startProxy(plainIntake, {}, { filters: [filter], backendPort: null });
  assert.equal((await post(proxy.port, "")).body, "served");
  assert.deepEqual(seen, { text: "served", ends: 1, destroyed: 0 });
});

test("one that throws at a request body fails the request", async () => {
  const { transform, seen } = watcher(100_000);
  const filter: Filter = { request: (ctx) => ctx.transformRequestBody(transform) };
  const proxy = await startProxy(plainIntake, {}, { filters: [filter], backendPort: await echo() });
  assert.equal((await post(proxy.port, LONG)).status, 500);
  assert.deepEqual([seen.ends, seen.destroyed], [0, 1]);
});

test("one that throws at a response body breaks the response off", async () => {
  const { transform, seen } = watcher(100_000);
  const filter: Filter = { response: (ctx) => ctx.transformResponseBody(transform) };
  const proxy = await startProxy(plainIntake, {}, { filters: [filter], backendPort: await echo() });
  const { status, complete } = await post(proxy.port, LONG);
  assert.equal(status, 200);
  assert.equal(complete, false);
  assert.deepEqual([seen.ends, seen.destroyed], [0, 1]);
});

test("a client that leaves inside of a body, and a response that comes before its end, are breaks", async () => {
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (head) => {
      if (head.toString("latin1").startsWith("POST /early")) {
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      }
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  after(() => server.close());
  for (const path of ["/early", "/never"]) {
    const { transform, seen } = watcher();
    const filter: Filter = { request: (ctx) => ctx.transformRequestBody(transform) };
    const backendPort = (server.address() as net.AddressInfo).port;
    const proxy = await startProxy(plainIntake, {}, { filters: [filter], backendPort });
    const socket = net.connect(proxy.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\nabc`);
    if (path === "/early") await once(socket, "data");
    else await until("the beginning is seen", () => seen.text !== "");
    socket.destroy();
    await until("the break is seen", () => seen.destroyed > 0);
    assert.deepEqual(seen, { text: "abc", ends: 0, destroyed: 1 });
  }
});
