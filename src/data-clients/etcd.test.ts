// The etcd data client against a stand-in for etcd's v2 API: full load, changes, faults, several nodes.

import assert from "node:assert/strict";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, test } from "node:test";
import { printRoutes } from "../eskip/printer.ts";
import type { Route } from "../eskip/route.ts";
import type { DataClientHost, RouteTransaction } from "../spec/data-client.ts";
import { EtcdDataClient } from "./etcd.ts";
import { EtcdClient, EtcdError, type EtcdSettings } from "./etcd-client.ts";

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

let handler: Handler;
let server: http.Server;
let url = "";

beforeEach(async () => {
  server = http.createServer((request, response) => handler(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const settings = (fields: Partial<EtcdSettings> = {}): EtcdSettings => ({
  urls: [url],
  prefix: "/skipper",
  timeoutMs: 20_000,
  insecure: false,
  oauthToken: "",
  username: "",
  password: "",
  ...fields,
});

function answer(response: http.ServerResponse, status: number, body: unknown, index = "5"): void {
  response.writeHead(status, index === "" ? {} : { "X-Etcd-Index": index });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

const directory = (...nodes: object[]): object => ({
  action: "get",
  node: { key: "/skipper/routes", dir: true, nodes },
});

describe("client", () => {
  test("lists the children, not sub-directories, and the highest index", async () => {
    handler = (_request, response) =>
      answer(response, 200, {
        Action: "get",
        NODE: {
          Key: "/skipper/routes",
          dir: true,
          nodes: [
            { key: "/skipper/routes/a", value: "* -> <shunt>", modifiedIndex: 9 },
            { key: "/skipper/routes/sub", dir: true, modifiedIndex: 8 },
          ],
        },
      });
    const { entries, index } = await new EtcdClient(settings()).list();
    assert.deepEqual([entries, index], [[{ id: "a", expression: "* -> <shunt>" }], 9]);
  });

  for (const [status, body, index, message] of [
    [200, "nonsense", "5", "invalid response document"],
    [200, {}, "5", "invalid response document"],
    [200, { node: { key: "/x", value: "" } }, "5", "invalid node"],
    [200, directory(), "", 'invalid X-Etcd-Index: ""'],
    [200, directory(), "x", 'invalid X-Etcd-Index: "x"'],
    [500, directory(), "5", "unexpected http response"],
  ] as const) {
    test(`list fails: ${status} ${JSON.stringify(body)} ${index}`, async () => {
      handler = (_request, response) => answer(response, status, body, index);
      await assert.rejects(new EtcdClient(settings()).list(), { message });
    });
  }

  test("404 means no routes", async () => {
    handler = (_request, response) => answer(response, 404, {}, "12");
    assert.deepEqual(await new EtcdClient(settings()).list(), { entries: [], index: 12 });
  });

  test("headers and paths", async () => {
    const seen: unknown[] = [];
    handler = (request, response) => {
      const { "content-type": type, authorization } = request.headers;
      seen.push([request.method, request.url, type, authorization]);
      answer(response, 200, directory());
    };
    await new EtcdClient(settings({ urls: [`${url}/`], prefix: "p", username: "u", password: "p" })).put(
      "a b",
      "* -> <shunt>",
    );
    await new EtcdClient(settings({ oauthToken: "t", username: "u", password: "p" })).delete("x");
    const form = "application/x-www-form-urlencoded";
    assert.deepEqual(seen, [
      ["PUT", "/v2/keys/p/routes/a%20b", form, "Basic dTpw"],
      ["DELETE", "/v2/keys/skipper/routes/x", form, "Bearer t"],
    ]);
  });

  test("an unreachable node is passed over, the one that answered comes first afterwards", async () => {
    handler = (_request, response) => answer(response, 200, directory());
    const client = new EtcdClient(settings({ urls: ["http://127.0.0.1:1", url] }));
    await client.list();
    handler = (request) => request.socket.destroy();
    const error: unknown = await client.list().catch((reason: unknown) => reason);
    assert.ok(error instanceof EtcdError);
    assert.match(error.message, /^request to one or more endpoints failed;[^;]+;connect ECONNREFUSED 127\.0\.0\.1:1$/);
  });

  test("a timeout asks no other node; of a watch it means no change", async () => {
    let requests = 0;
    handler = () => {
      requests++;
    };
    const client = new EtcdClient(settings({ urls: [url, url], timeoutMs: 100 }));
    await assert.rejects(client.list(), /request timed out/);
    assert.equal(await client.watch(1), null);
    // One of a process that stood still may have been given up before it came.
    assert.ok(requests <= 2, `${requests} requests`);
  });
});

/** Keeps what a data client delivered; `until` waits for the next call. */
class Host implements DataClientHost {
  readonly routes = new Map<string, Route>();
  readonly failures: string[] = [];
  #waiting: (() => void)[] = [];

  apply(_initial: boolean, write: (transaction: RouteTransaction) => void): void {
    write({
      reset: () => this.routes.clear(),
      upsert: (route) => this.routes.set(route.id, route),
      delete: (id) => this.routes.delete(id),
    });
    this.#wake();
  }

  failed(initial: boolean, reason: string): void {
    this.failures.push(`${initial ? "load" : "update"}: ${reason}`);
    this.#wake();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  text(): string {
    return printRoutes([...this.routes.values()]);
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

test("data client: full load, changes, a failure and the full load after it", async () => {
  const logged: string[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (message: string) => void logged.push(message) };
  let nodes: object[] = [
    { key: "/skipper/routes/a", value: "* -> <shunt>", modifiedIndex: 3 },
    { key: "/skipper/routes/b", value: 'other: Path("/b") -> <shunt>', modifiedIndex: 4 },
    { key: "/skipper/routes/c", value: "a: * -> <shunt>; b: * -> <shunt>", modifiedIndex: 4 },
  ];
  const events = [
    { action: "set", node: { key: "/skipper/routes/a", value: "* -> <loopback>", modifiedIndex: 6 } },
    { action: "expire", node: { key: "/skipper/routes/b", modifiedIndex: 8 } },
    { action: "set", node: { key: "/skipper/routes/d", value: "* ->", modifiedIndex: 9 } },
    { action: "set", node: { key: "/skipper/routes/dir", dir: true, modifiedIndex: 10 } },
  ];
  const watched: string[] = [];
  let fail = false;
  handler = (request, response) => {
    const query = new URL(request.url!, url).searchParams;
    if (!query.has("wait")) return answer(response, 200, directory(...nodes));
    watched.push(query.get("waitIndex")!);
    if (fail) return answer(response, 500, "");
    const event = events.shift();
    // Without an event the watch runs into its timeout.
    if (event !== undefined) answer(response, 200, event);
  };
  const client = new EtcdDataClient(settings({ timeoutMs: 1000 }), 1, log);
  const host = new Host();
  await client.start(host);
  assert.equal(host.text(), 'a: * -> <shunt>;\nb: Path("/b") -> <shunt>;');
  await host.until(() => !host.routes.has("b"));
  assert.equal(host.text(), "a: * -> <loopback>;");
  assert.deepEqual(watched.slice(0, 5), ["6", "7", "9", "10", "11"]);
  assert.deepEqual(logged, [
    "error while parsing routes c invalid route entry: multiple route expressions",
    "error while parsing routes d parse failed after token ->, position 4: syntax error",
  ]);
  nodes = [{ key: "/skipper/routes/z", value: "* -> <shunt>", modifiedIndex: 20 }];
  fail = true;
  await host.until(() => host.routes.has("z"));
  client.stop();
  assert.equal(host.failures[0], "update: unexpected http response");
  assert.equal(host.text(), "z: * -> <shunt>;");
});
