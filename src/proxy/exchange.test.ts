// Which filters see the response of a request that failed, of a failed filter, and of an upgrade (spec proxy 7 and 15).

import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { after, test } from "node:test";
import type { Filter } from "../spec/filter.ts";
import { plainIntake } from "./listener.ts";
import { startProxy } from "./proxy.fixture.ts";

/** Steps of filters in the order in which they ran. */
let steps: string[] = [];

interface Failing {
  readonly request?: () => void | Promise<void>;
  readonly response?: () => void | Promise<void>;
}

function filter(name: string, onError: boolean, steps_: Failing = {}): Filter {
  return {
    onError,
    request: () => {
      steps.push(`${name}>`);
      return steps_.request?.();
    },
    response: () => {
      steps.push(`<${name}`);
      return steps_.response?.();
    },
  };
}

const fail = (): never => {
  throw new Error("broken");
};
const failLater = async (): Promise<void> => {
  await new Promise((resolve) => setImmediate(resolve));
  fail();
};

/** A backend that answers every connection with these bytes and then leaves, or stays as a tunnel. */
async function backend(answer: string, stays = false): Promise<number> {
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      if (stays) socket.write(answer, "latin1");
      else socket.end(answer, "latin1");
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  after(() => server.close());
  return (server.address() as net.AddressInfo).port;
}

/** Status and headers of the answer to one request. */
async function ask(port: number, lines = ""): Promise<{ socket: net.Socket; head: string }> {
  const socket = net.connect(port, "127.0.0.1");
  after(() => socket.destroy());
  socket.write(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`);
  let head = "";
  const closed = once(socket, "close").then(() => assert.fail(`closed after ${JSON.stringify(head)}`));
  closed.catch(() => {});
  while (!head.includes("\r\n\r\n")) {
    const [piece] = await Promise.race([once(socket, "data"), closed]);
    head += piece.toString("latin1");
  }
  return { socket, head };
}

const rows: readonly (readonly [what: string, filters: readonly Filter[], status: number, steps: string])[] = [
  ["all is well", [filter("a", false), filter("b", true)], 404, "a> b> <b <a"],
  [
    "a request step that throws",
    [filter("a", true), filter("b", false), filter("c", true, { request: fail }), filter("d", true)],
    500,
    "a> b> c> <a",
  ],
  [
    "a request step that fails later",
    [filter("a", true), filter("b", false), filter("c", true, { request: failLater }), filter("d", true)],
    500,
    "a> b> c> <a",
  ],
  [
    "a response step that throws",
    [filter("a", true), filter("b", false), filter("c", false, { response: fail }), filter("d", true)],
    500,
    "a> b> c> d> <d <c <a",
  ],
  [
    "a response step that fails later",
    [filter("a", true), filter("b", false), filter("c", false, { response: failLater }), filter("d", true)],
    500,
    "a> b> c> d> <d <c <a",
  ],
  [
    "two response steps that throw",
    [filter("a", true), filter("b", true, { response: fail }), filter("c", false, { response: fail })],
    500,
    "a> b> c> <c <b",
  ],
];

for (const [what, filters, status, expected] of rows) {
  test(`filters that run: ${what}`, async () => {
    steps = [];
    const proxy = await startProxy(plainIntake, {}, { filters, backendPort: null });
    const { head } = await ask(proxy.port);
    assert.match(head, new RegExp(`^HTTP/1.1 ${status} [^]*Server: Skipper\r\n`));
    assert.equal(steps.join(" "), expected);
  });
}

test("the head of a served response does not wait for its body", async () => {
  async function* body(): AsyncGenerator<Uint8Array> {
    await new Promise(() => {});
    yield Buffer.from("never");
  }
  const serving: Filter = { request: (ctx) => ctx.serve(200, [["X-Slow", "1"]], body()) };
  const proxy = await startProxy(plainIntake, {}, { filters: [serving], backendPort: null });
  assert.match((await ask(proxy.port)).head, /^HTTP\/1\.1 200 OK\r\nX-Slow: 1\r\n/);
});

test("a backend that fails is seen by filters that ask for it", async () => {
  steps = [];
  const backendPort = await backend("");
  const proxy = await startProxy(plainIntake, {}, { filters: [filter("a", true), filter("b", false)], backendPort });
  assert.match((await ask(proxy.port)).head, /^HTTP\/1\.1 500 /);
  assert.equal(steps.join(" "), "a> b> <a");
});

const upgrade = "Connection: Upgrade\r\nUpgrade: x\r\n";
const filters = [filter("a", true), filter("b", false)];

test("an upgrade that is refused: its answer is not changed, filters that ask for it are told", async () => {
  steps = [];
  const backendPort = await backend("HTTP/1.1 403 F\r\nContent-Length: 0\r\n\r\n");
  const proxy = await startProxy(plainIntake, { upgrade: true }, { filters, backendPort });
  const { head } = await ask(proxy.port, upgrade);
  assert.match(head, /^HTTP\/1\.1 403 /);
  assert.doesNotMatch(head, /Server:/);
  assert.equal(steps.join(" "), "a> b> <a");
});

test("a tunnel: filters that ask for it are told when it ends, whoever ends it", async () => {
  const backendPort = await backend("HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", true);
  const closing = await backend("HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
  for (const [port, leave] of [
    [backendPort, (socket: net.Socket) => void socket.destroy()],
    [backendPort, (socket: net.Socket) => void socket.end()],
    [closing, () => {}],
  ] as const) {
    steps = [];
    let told = () => {};
    const end = new Promise<void>((resolve) => {
      told = resolve;
    });
    const first = filter("a", true, { response: () => told() });
    const proxy = await startProxy(
      plainIntake,
      { upgrade: true },
      { filters: [first, filter("b", false)], backendPort: port },
    );
    const { socket, head } = await ask(proxy.port, upgrade);
    assert.match(head, /^HTTP\/1\.1 101 /);
    if (port === backendPort) assert.equal(steps.join(" "), "a> b>");
    leave(socket);
    await end;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(steps.join(" "), "a> b> <a");
    assert.deepEqual(proxy.seen, ["127.0.0.1 0"]);
  }
});

test("a tunnel whose filter throws at its end is over all the same", async () => {
  const backendPort = await backend("HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
  const proxy = await startProxy(
    plainIntake,
    { upgrade: true },
    { filters: [filter("a", true, { response: fail })], backendPort },
  );
  const { socket } = await ask(proxy.port, upgrade);
  if (!socket.destroyed) await once(socket, "close");
  assert.deepEqual(proxy.seen, ["127.0.0.1 0"]);
  assert.match(proxy.logged.join("\n"), /^error stacktrace of panic caused by: Error: broken/);
});
