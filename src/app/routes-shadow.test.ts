// The shadow comparison against a server whose text the test changes, and a table that is a list.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import { until } from "../../test/e2e/running-proxy.ts";
import { defaultOptions } from "../config/options.ts";
import { parseDocument } from "../eskip/parser.ts";
import type { Route } from "../eskip/route.ts";
import { optionChecks } from "./option-checks.ts";
import { RoutesShadow } from "./routes-shadow.ts";

/** What is in force. */
class ListedRoutes {
  version = 0;
  routes: readonly Route[] = [];
  /** Called before each page. */
  asked: () => void = () => {};

  set(text: string): void {
    this.routes = parseDocument(text).routes as Route[];
    this.version++;
  }

  get count(): number {
    return this.routes.length;
  }

  page(offset: number, limit: number): Route[] {
    this.asked();
    return this.routes.slice(offset, offset + limit);
  }
}

let table: ListedRoutes;
let served = { status: 200, etag: "", text: "" };
let statuses: number[] = [];
let lines: string[] = [];
let gauges: Map<string, number>;
let failures = 0;
let stop: () => void = () => {};

beforeEach(() => {
  table = new ListedRoutes();
  gauges = new Map();
  statuses = [];
  lines = [];
  failures = 0;
});
afterEach(() => stop());

/** Serves `text` with a tag of its own. */
function serve(text: string, status = 200): void {
  served = { status, etag: `"${text.length}-${Math.random()}"`, text };
}

async function start(): Promise<void> {
  const server = createServer((request, response) => {
    const isKnown = request.headers["if-none-match"] === served.etag;
    const status = isKnown ? 304 : served.status;
    statuses.push(status);
    response.writeHead(status, { etag: served.etag }).end(isKnown ? "" : served.text);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const line = (message: string, fields?: object) => {
    lines.push(fields === undefined ? message : `${message} ${JSON.stringify(fields)}`);
  };
  const shadow = new RoutesShadow({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/routes`,
    intervalMs: 0,
    forwardBackendUrl: "http://127.0.0.1:7",
    environment: {},
    table,
    log: { debug: line, info: line, warn: line, error: line },
    gauge: (key, value) => gauges.set(key, value),
    count: () => failures++,
  });
  shadow.start();
  stop = () => {
    shadow.stop();
    server.close();
    server.closeAllConnections();
  };
}

const differing = (count: number) =>
  until(`${count} routes differ`, () => gauges.get("routes.shadow.differing") === count);

test("equal tables are equal in canonical form, and in what a proxy makes of filters and <forward>", async () => {
  table.set(`a: Path("/a") && Host("^a$") -> fifo(2, 2, "1s") -> <roundRobin, "http://1.2.3.4", "http://1.2.3.5">;
             b: * -> "http://127.0.0.1:7"`);
  serve(`a: Host(/^a$/) && Path("/a") -> fifo(1, 1, "1s") -> fifo(2, 2, "1s") -> <roundRobin, "http://1.2.3.5", "http://1.2.3.4">;
b: * -> status(200) -> <forward>;`);
  await start();
  await differing(0);
  assert.ok(Math.abs(gauges.get("routes.shadow.compared_timestamp")! - Date.now() / 1000) < 10);
  assert.match(lines.join("\n"), /^the routes are those of http:\S+$/);
});

test("a difference that stays is told once, with what it is, and so is its end", async () => {
  const many = Array.from({ length: 3000 }, (_, i) => `r${i}: Path("/${i}") -> <shunt>;`);
  table.set(`${many.join("\n")} here: * -> <shunt>; both: * -> status(1) -> <shunt>`);
  serve(`${many.join("\n")}\nboth: * -> status(2) -> <shunt>;\nthere: * -> <shunt>;`);
  await start();
  await differing(3);
  await until("it was asked more often", () => statuses.filter((status) => status === 304).length > 2);
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, / \{"differing":1,"only_here":1,"only_there":1,"ids":"here both there"\}$/);
  table.set(served.text);
  await differing(0);
  assert.match(lines[1]!, /^the routes are those of /);
  assert.equal(lines.length, 2);
});

test("what differs once only is no difference", async () => {
  table.set("a: * -> <shunt>");
  serve("");
  let pages = 0;
  table.asked = () => {
    if (++pages === 1) serve("a: * -> <shunt>;");
  };
  await start();
  await differing(0);
  assert.equal(lines.length, 1);
  assert.ok(pages >= 2);
});

test("a table that changes while it is read is read anew", async () => {
  table.set("a: * -> <shunt>");
  serve("b: * -> <shunt>;");
  let pages = 0;
  table.asked = () => {
    if (++pages === 1) table.set("b: * -> <shunt>");
  };
  await start();
  await differing(0);
  assert.equal(lines.length, 1);
});

test("a failure is counted and told once, and the comparison goes on", async () => {
  table.set("a: * -> <shunt>");
  serve("", 503);
  await start();
  await until("it has failed twice", () => failures >= 2);
  assert.equal(gauges.size, 0);
  assert.match(lines.join("\n"), /^the routes could not be compared with those of \S+: expected status 200, got 503$/);
  serve("a: * -> ");
  await until("the text is told", () => lines.length === 2);
  serve("a: * -> <shunt>;");
  await differing(0);
});

test("the address must be a URL", () => {
  const problem = (routesShadowUrl: string) =>
    optionChecks.map((check) => check({ ...defaultOptions(), routesShadowUrl })).join("");
  assert.equal(problem("http://rs/routes"), "");
  assert.match(problem("rs:9090/routes"), /^invalid routes-shadow-url: expected an http or https URL, got "rs:9090/);
});
