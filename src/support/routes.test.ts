import assert from "node:assert/strict";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { parseDocument } from "../eskip/parser.ts";
import type { Logger } from "../observability/log.ts";
import { RoutingTable } from "../routing/table.ts";
import { defineFilter } from "../spec/filter.ts";
import { Registry } from "../spec/registry.ts";
import { createSupportListener, healthHandler, listenSupport } from "./listener.ts";
import { serveRoutes, type TableOrigin } from "./routes.ts";

const log: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

const anything = defineFilter({
  name: "anything",
  summary: "Takes whatever it is given.",
  args: [],
  anyArgs: true,
  examples: [],
  create: () => ({}),
});

async function serve(
  document: string,
  origin: (() => TableOrigin) | null = null,
): Promise<(path: string, init?: RequestInit) => Promise<Response>> {
  const table = new RoutingTable({
    registry: new Registry([anything], []),
    ignoreTrailingSlash: false,
    publish: () => {},
    now: () => 1_700_000_000_900,
  });
  table.transact(0, (transaction) => {
    const { routes, error } = parseDocument(document);
    assert.equal(error, null);
    for (const route of routes) transaction.upsert(route);
  });
  const server = createSupportListener([{ path: "/routes", handle: serveRoutes(table, origin) }, healthHandler], log);
  servers.push(server);
  assert.ok(await listenSupport(server, "127.0.0.1:0", log));
  const { port } = server.address() as AddressInfo;
  return (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init);
}

const three = `b: * -> "http://b.test"; a: * -> <shunt>; c: * -> unknown("<") -> <shunt>; B: * -> <loopback>;`;
const json = { headers: { accept: "text/html, application/json;q=0.5" } };

const bodies: [string, RequestInit, string][] = [
  ["/routes", {}, `B: *\n  -> <loopback>;\n\na: *\n  -> <shunt>;\n\nb: *\n  -> "http://b.test";`],
  ["/routes/any/sub", {}, `B: *\n  -> <loopback>;\n\na: *\n  -> <shunt>;\n\nb: *\n  -> "http://b.test";`],
  ["/routes?nopretty", {}, `B: * -> <loopback>;\na: * -> <shunt>;\nb: * -> "http://b.test";`],
  ["/routes?nopretty=x&offset=1&limit=1", {}, "a: * -> <shunt>;"],
  ["/routes?nopretty=0&offset=1&limit=1", {}, "a: *\n  -> <shunt>;"],
  ["/routes?nopretty=false&offset=1&limit=1", {}, "a: *\n  -> <shunt>;"],
  ["/routes?offset=9", {}, ""],
  ["/routes?limit=0", {}, ""],
  ["/routes?limit=0", json, "[]\n"],
  ["/routes?limit=9223372036854775807&offset=2&nopretty", {}, `b: * -> "http://b.test";`],
  ["/routes?timestamp=1700000000&offset=2&nopretty", {}, `b: * -> "http://b.test";`],
  ["/routes?limit=2", json, `[{"id":"B","backend":{"type":"loopback"}},{"id":"a","backend":{"type":"shunt"}}]\n`],
  ["/routes?invalid=true&nopretty", {}, `c: * -> unknown("<") -> <shunt>;`],
  ["/routes?invalid=1&nopretty&limit=1", {}, "B: * -> <loopback>;"],
  [
    "/routes?invalid=true",
    json,
    `[{"backend":{"type":"shunt"},"error":"unknown_filter: filter \\"unknown\\" not found","filters":[{"args":["\\u003c"],"name":"unknown"}],"id":"c"}]\n`,
  ],
];

test("bodies and headers of the listing", async () => {
  const get = await serve(three);
  for (const [path, init, body] of bodies) {
    const response = await get(path, init);
    assert.equal(response.status, 200, path);
    assert.equal(await response.text(), body, path);
    assert.equal(response.headers.get("x-count"), path.includes("invalid=true") ? "1" : "3", path);
    assert.equal(response.headers.get("x-timestamp"), "1700000000");
    assert.equal(response.headers.get("content-type"), init === json ? "application/json" : "text/plain");
  }
});

test("what is refused", async () => {
  const get = await serve(three);
  const refused: [string, string][] = [
    ["?offset=-1", "invalid offset"],
    ["?offset=x&limit=x", "invalid offset"],
    ["?limit=1.5", "invalid limit"],
    ["?limit=9223372036854775808", "invalid limit"],
    ["?timestamp=1&offset=x", "invalid timestamp"],
  ];
  for (const [query, message] of refused) {
    const response = await get(`/routes${query}`);
    assert.equal(response.status, 400);
    assert.equal(await response.text(), `${message}\n`);
    assert.equal(response.headers.get("content-type"), "text/plain; charset=utf-8");
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.equal(response.headers.get("x-count"), null);
  }
  const post = await get("/routes?timestamp=1", { method: "POST" });
  assert.equal(post.status, 405);
  assert.equal(await post.text(), "");
});

test("HEAD has the headers, no body, and looks at the timestamp only", async () => {
  const get = await serve(three);
  const head = await get("/routes?offset=x&limit=-1", { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(head.headers.get("x-count"), "3");
  assert.equal((await get("/routes?timestamp=1", { method: "HEAD" })).status, 400);
});

test("a number that JSON does not know fails the output, not the text", async () => {
  const infinite = "9".repeat(400);
  const get = await serve(`a: * -> anything(${infinite}) -> <shunt>; b: * -> unknown(${infinite}) -> <shunt>;`);
  for (const path of ["/routes", "/routes?invalid=true"]) {
    const response = await get(path, json);
    assert.equal(response.status, 500);
    assert.equal(await response.text(), "unsupported value: +Inf\n");
    assert.equal(response.headers.get("x-count"), null);
    assert.match(await (await get(path)).text(), /\(10{309}\)/);
  }
});

test("a single route without id is printed as an expression", async () => {
  const get = await serve(`Path("/x") -> <shunt>`);
  assert.equal(await (await get("/routes?nopretty")).text(), `Path("/x") -> <shunt>`);
});

test("a listing of many batches is whole", async () => {
  const ids = Array.from({ length: 5000 }, (_, i) => `r${String(i).padStart(5, "0")}`);
  const get = await serve(ids.map((id) => `${id}: * -> <shunt>;`).join("\n"));
  const expected = ids.map((id) => `${id}: * -> <shunt>;`).join("\n");
  assert.equal(await (await get("/routes?nopretty&limit=100000")).text(), expected);
  assert.equal((await (await get("/routes")).text()).match(/<shunt>/g)!.length, 1024);
  const list = (await (await get("/routes?limit=4999", json)).json()) as { id: string }[];
  assert.deepEqual(
    list.map((route) => route.id),
    ids.slice(0, 4999),
  );
});

test("where there is a remote source, its name and the age of its table are told", async () => {
  const plain = (await serve(""))("/routes");
  assert.equal((await plain).headers.get("x-routes-source"), null);
  const get = await serve("", () => ({ sources: ["cache-file", "routes-url"], seconds: 61.9 }));
  for (const [path, init] of [
    ["/routes", {}],
    ["/routes", { method: "HEAD" }],
    ["/routes?invalid=true", json],
  ] as const) {
    const { headers } = await get(path, init);
    assert.deepEqual([headers.get("x-routes-source"), headers.get("x-routes-age")], ["cache-file, routes-url", "61"]);
  }
});

test("other paths are not there, /healthz is", async () => {
  const get = await serve("");
  for (const path of ["/", "/routesx", "/metrics", "/healthzz"]) {
    const response = await get(path);
    assert.equal(response.status, 404);
    assert.equal(await response.text(), "404 page not found\n");
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
  }
  assert.equal(await (await get("/healthz")).text(), "ok");
});

test("short answers have a length, long ones are chunked, none tells a timeout", async () => {
  const get = await serve(Array.from({ length: 200 }, (_, i) => `r${i}: * -> <shunt>;`).join("\n"));
  for (const [path, init, length] of [
    ["/routes?limit=0", {}, "0"],
    ["/routes?limit=1&nopretty", {}, "17"],
    ["/routes?limit=1", json, "41"],
    ["/routes?limit=x", {}, "14"],
    ["/routes", { method: "POST" }, "0"],
    ["/none", {}, "19"],
    ["/debug/pprof/heap", {}, "0"],
    ["/routes", {}, null],
    ["/routes", json, null],
  ] as const) {
    const response = await get(path, init);
    await response.arrayBuffer();
    assert.equal(response.headers.get("content-length"), length, path);
    assert.equal(response.headers.get("transfer-encoding"), length === null ? "chunked" : null, path);
    assert.equal(response.headers.get("keep-alive"), null, path);
  }
});

test("a reader of a long listing that goes away leaves the listener alive", async () => {
  const get = await serve(Array.from({ length: 20_000 }, (_, i) => `r${i}: * -> <shunt>;`).join("\n"));
  const leaving = new AbortController();
  const response = await get("/routes?limit=20000", { signal: leaving.signal });
  assert.equal(response.status, 200);
  leaving.abort();
  await assert.rejects(response.text(), { name: "AbortError" });
  assert.equal((await get("/healthz")).status, 200);
});

test("a listener that cannot be opened is logged", async () => {
  const lines: string[] = [];
  const logged = { ...log, error: (message: string) => void lines.push(message) };
  const first = createSupportListener([], log);
  servers.push(first);
  assert.ok(await listenSupport(first, "127.0.0.1:0", log));
  const address = `127.0.0.1:${(first.address() as AddressInfo).port}`;
  assert.equal(await listenSupport(createSupportListener([], log), address, logged), false);
  assert.equal(await listenSupport(createSupportListener([], log), "nowhere", logged), false);
  assert.deepEqual(lines, [
    `Failed to start supportListener on ${address}: address already in use`,
    "Failed to start supportListener on nowhere: expected host:port",
  ]);
});
