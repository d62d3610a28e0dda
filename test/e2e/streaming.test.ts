// Long bodies: back pressure, breaks, clients that leave.

import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request, type ServerResponse } from "node:http";
import { after, before, test } from "node:test";
import { dial, SocketReader } from "../conformance/socket-reader.ts";
import { type Backend, RunningProxy, startBackend, until } from "./running-proxy.ts";

const MIB = 1024 * 1024;
const LARGE = 200 * MIB;
/** What the proxy may hold of a body that its reader does not take: socket buffers and pools, not a share of the body. */
const MAX_GROWTH = 40 * MIB;

let backend: Backend;
let proxy: RunningProxy;
let produced = 0;
let consumed = 0;
/** Paths of requests whose connection was closed before the answer was complete. */
const broken: string[] = [];
let holding: { incoming: IncomingMessage; response: ServerResponse } | null = null;

async function produce(response: ServerResponse): Promise<void> {
  const block = Buffer.alloc(MIB, 1);
  for (produced = 0; produced < LARGE && !response.destroyed; produced += MIB) {
    if (!response.write(block)) await Promise.race([once(response, "drain"), once(response, "close")]);
  }
  response.end();
}

before(async () => {
  backend = await startBackend(async (incoming, response) => {
    response.on("close", () => {
      if (!response.writableFinished) broken.push(incoming.url!);
    });
    switch (incoming.url) {
      case "/large":
        await produce(response);
        break;
      case "/upload":
        holding = { incoming, response };
        break;
      case "/dies":
        response.writeHead(200, { "Content-Length": 1000 });
        response.write("half", () => incoming.socket.destroy());
        break;
      case "/dies-chunked":
        response.write("half", () => incoming.socket.destroy());
        break;
      default:
        // /never: no answer at all.
        holding = { incoming, response };
    }
  });
  proxy = await RunningProxy.start(`r: * -> "http://127.0.0.1:${backend.port}"`, "-workers=1");
});

after(async () => {
  await proxy.stop();
  await backend.close();
});

test("a slow reader of 200 MB costs no memory, and gets every byte", async () => {
  const before = proxy.residentBytes;
  const sent = request({ host: "127.0.0.1", port: proxy.port, path: "/large", agent: false }).end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  let last = -1;
  await until("the backend stands still", async () => {
    const still = produced === last;
    last = produced;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return still && produced > 0;
  });
  assert.ok(produced < LARGE / 4, `${produced} bytes were taken from the backend for a client that reads nothing`);
  assert.ok(proxy.residentBytes - before < MAX_GROWTH, `grew by ${proxy.residentBytes - before}`);
  let got = 0;
  let most = 0;
  for await (const chunk of response) {
    got += (chunk as Buffer).length;
    if (got % (8 * MIB) < 65_536) most = Math.max(most, proxy.residentBytes);
  }
  assert.equal(got, LARGE);
  assert.ok(most - before < 2 * MAX_GROWTH, `grew by ${most - before} while streaming`);
});

test("a backend that does not read an upload holds the client", async () => {
  const before = proxy.residentBytes;
  holding = null;
  consumed = 0;
  const sent = request({ host: "127.0.0.1", port: proxy.port, path: "/upload", method: "POST", agent: false });
  const block = Buffer.alloc(MIB, 2);
  let written = 0;
  let blocked = false;
  const write = (): void => {
    while (written < LARGE) {
      written += MIB;
      if (!sent.write(block)) {
        blocked = true;
        sent.once("drain", () => {
          blocked = false;
          write();
        });
        return;
      }
    }
    sent.end();
  };
  write();
  await until("the upload stands at the backend", () => holding !== null);
  let last = -1;
  await until("the client stands still", async () => {
    const still = written === last && blocked;
    last = written;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return still;
  });
  assert.ok(written < LARGE / 4, `${written} bytes were taken from the client`);
  assert.ok(proxy.residentBytes - before < MAX_GROWTH, `grew by ${proxy.residentBytes - before}`);
  const { incoming, response } = holding!;
  for await (const chunk of incoming) consumed += (chunk as Buffer).length;
  response.end("thanks");
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  answer.resume();
  await once(answer, "end");
  assert.equal(consumed, LARGE);
});

test("a backend that dies inside a body is seen as a break", async () => {
  for (const path of ["/dies", "/dies-chunked"]) {
    const socket = await dial(proxy.port);
    const reader = new SocketReader(socket);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const message = await reader.message(false, false);
    assert.deepEqual([message?.start[1], message?.complete], ["200", false], path);
    assert.ok("half".startsWith(message!.body.toString()));
    socket.destroy();
  }
});

test("a client that leaves ends the request at the backend", async () => {
  for (const path of ["/never", "/large"]) {
    broken.length = 0;
    holding = null;
    const sent = request({ host: "127.0.0.1", port: proxy.port, path, agent: false }).end();
    sent.on("error", () => {});
    if (path === "/never") await until("the request is at the backend", () => holding !== null);
    else await once(sent, "response");
    sent.destroy();
    await until("the backend sees the end", () => broken.includes(path));
  }
});
