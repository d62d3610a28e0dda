// What the routesrv command offers beside static content: deltas (RFC 3229), answers that wait for a change (RFC 7240), and that many or
// slow clients cost little.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { compareBytes } from "../../src/eskip/byte-order.ts";
import { parseDelta } from "../../src/eskip/route-delta.ts";
import { endpoints, ingress } from "../support/kubernetes-objects.ts";
import { until } from "./running-proxy.ts";
import { type Answer, type RouteServerProcess, ServedCluster } from "./running-route-server.ts";

let cluster: ServedCluster;
beforeEach(async () => {
  cluster = await ServedCluster.open();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await cluster.close();
});
/** What was opened by `connected`. */
const sockets: Socket[] = [];

const DELTA = "eskip-delta";
const FILTER = "zalando.org/skipper-filter";
const many = (count: number) => Array.from({ length: count }, (_, i) => `n${i}`);
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

function asksDelta(etag: string, more: Readonly<Record<string, string>> = {}): { headers: Record<string, string> } {
  return { headers: { "A-IM": DELTA, "If-None-Match": etag, ...more } };
}

/** The text that a delta makes of another. */
function applied(text: string, delta: string): string {
  const { deletes, upserts } = parseDelta(delta)!;
  const lines = new Map(text.split("\n").map((line) => [line.split(":", 1)[0]!, line]));
  for (const id of deletes) lines.delete(id);
  for (const [id, line] of upserts) lines.set(id, line);
  return [...lines]
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([, line]) => line)
    .join("\n");
}

async function changed(server: RouteServerProcess, from: Answer): Promise<Answer> {
  await until("there is another table", async () => (await server.ask("/routes")).headers.etag !== from.headers.etag);
  return server.ask("/routes");
}

describe("a delta", () => {
  test("makes the present text of any that the server still knows", async () => {
    const server = await cluster.startOn(["a", ...many(50)]);
    const first = await server.ask("/routes");
    cluster.api.put(ingress("n7", "other.test", "web"), ingress("new", "new.test", "web"));
    cluster.api.store.delete("Ingress", "default", "n8");
    const second = await changed(server, first);
    cluster.api.put(ingress("n9", "other9.test", "web"));
    const third = await changed(server, second);
    for (const from of [first, second]) {
      const delta = await server.ask("/routes", asksDelta(from.headers.etag!));
      assert.equal(delta.status, 226);
      const { im, etag } = delta.headers;
      assert.deepEqual([im, etag], [DELTA, third.headers.etag]);
      assert.equal(delta.headers["delta-base"], from.headers.etag);
      assert.equal(delta.headers["x-count"], third.headers["x-count"]);
      assert.equal(delta.headers["cache-control"], "no-store");
      assert.match(
        String(delta.headers["routes-versions"]),
        /^ingresses=\d+, routegroups=\d+, services=\d+, endpoints=\d+$/,
      );
      assert.equal(applied(from.text, delta.text), third.text);
      assert.equal(etag, `"${sha256(applied(from.text, delta.text))}"`);
      assert.ok(delta.body.length < third.body.length / 4);
    }
    const packed = await server.ask("/routes", asksDelta(first.headers.etag!, { "A-IM": `${DELTA}, gzip` }));
    assert.equal(packed.headers.im, `${DELTA}, gzip`);
    assert.equal(packed.headers["content-encoding"], undefined);
    assert.equal(applied(first.text, gunzipSync(packed.body).toString()), third.text);
    assert.equal((await server.metrics()).get('routesrv_custom_total{key="226"}'), 3);
  });

  test("is for those who ask: others, and unknown texts, get the whole table; the present one is 304", async () => {
    const server = await cluster.startOn(["a", ...many(50)]);
    const first = await server.ask("/routes");
    cluster.putApps("b");
    const second = await changed(server, first);
    const unknown = await server.ask("/routes", asksDelta('"x"'));
    assert.deepEqual([unknown.status, unknown.text], [200, second.text]);
    const stock = await server.ask("/routes", { headers: { "If-None-Match": first.headers.etag! } });
    assert.deepEqual([stock.status, stock.text], [200, second.text]);
    const other = await server.ask("/routes", asksDelta(first.headers.etag!, { "A-IM": "vcdiff, feed" }));
    assert.equal(other.status, 200);
    const present = await server.ask("/routes", asksDelta(second.headers.etag!));
    assert.deepEqual([present.status, present.text], [304, ""]);
    const head = await server.ask("/routes", { method: "HEAD", ...asksDelta(first.headers.etag!) });
    assert.equal(head.status, 200);
  });

  test("comes with the number of those who ask for deltas, which others are not told", async () => {
    const server = await cluster.startOn(["a"]);
    const { headers } = await server.ask("/routes");
    assert.equal(headers["routes-clients"], undefined);
    const sockets = [1, 2, 3].map(() => connect(server.port, "127.0.0.1"));
    const told: string[] = [];
    for (const socket of sockets) {
      for (let i = 0; i < 2; i++) {
        socket.write(`GET /routes HTTP/1.1\r\nHost: h\r\nA-IM: ${DELTA}\r\nIf-None-Match: ${headers.etag}\r\n\r\n`);
        const [head] = (await once(socket, "data")) as [Buffer];
        told.push(/^routes-clients: (.*)\r$/im.exec(head.toString())![1]!);
      }
    }
    assert.deepEqual(told, ["1", "1", "2", "2", "3", "3"]);
    const connected = async () => (await server.metrics()).get('routesrv_custom_gauges{key="clients.connected"}');
    assert.equal(await connected(), 3);
    for (const socket of sockets) socket.destroy();
    await until("they are gone", async () => (await connected()) === 0);
    // For a while they are expected back.
    assert.equal((await server.ask("/routes", asksDelta(headers.etag!))).headers["routes-clients"], "3");
  });

  test("is not sent where the whole table is shorter", async () => {
    const server = await cluster.startOn(["a"]);
    const first = await server.ask("/routes");
    cluster.api.put(ingress("a", "quite-another-name.test", "web"));
    const second = await changed(server, first);
    const answer = await server.ask("/routes", asksDelta(first.headers.etag!));
    assert.ok(answer.status === 200 || answer.body.length < second.body.length);
  });
});

describe("a waiting client", () => {
  test("hears of a change at once, with a delta when it reads them", async () => {
    const server = await cluster.startOn(["a", ...many(50)]);
    const first = await server.ask("/routes");
    const wait = { "If-None-Match": first.headers.etag!, Prefer: "respond-async, wait=30" };
    const plain = server.ask("/routes", { headers: wait });
    const delta = server.ask("/routes", { headers: { ...wait, "A-IM": DELTA } });
    const before = Date.now();
    // A change of something else is none of the table.
    cluster.api.put(endpoints("nobody", "10.0.0.9"));
    cluster.putApps("b");
    const [whole, part] = await Promise.all([plain, delta]);
    assert.deepEqual([whole.status, part.status], [200, 226]);
    assert.ok(Date.now() - before < 5000);
    assert.equal(whole.headers["preference-applied"], "wait");
    assert.equal(applied(first.text, part.text), whole.text);
  });

  test("is answered with 304 when the time is over, and at once when the server ends", async () => {
    const server = await cluster.startOn(["a"]);
    const { headers } = await server.ask("/routes");
    const before = Date.now();
    const over = await server.ask("/routes", asksDelta(headers.etag!, { Prefer: "wait=1" }));
    assert.equal(over.status, 304);
    assert.ok(Date.now() - before >= 900);
    const ended = server.ask("/routes", asksDelta(headers.etag!, { Prefer: "wait=200" }));
    await until(
      "it waits",
      async () => (await server.metrics()).get('routesrv_custom_gauges{key="clients.waiting"}') === 1,
    );
    server.signal("SIGTERM");
    assert.equal((await ended).status, 304);
  });

  test("costs its share of 30 MB for a thousand, who all hear of one change after the other", async () => {
    const server = await cluster.startOn(["a", ...many(2000)]);
    const { headers } = await server.ask("/routes");
    const waiting = async () => (await server.metrics()).get('routesrv_custom_gauges{key="clients.waiting"}');
    const come = async (count: number): Promise<Socket[]> => {
      const before = (await waiting()) ?? 0;
      const clients = await Promise.all(Array.from({ length: count }, () => connected(server.port)));
      for (const client of clients) client.write(waitingFor(headers.etag!, 120));
      await until("all wait", async () => (await waiting()) === before + count);
      return clients;
    };
    // What the process takes once, for its first clients, is not what a thousand cost.
    const first = await come(500);
    const before = residentBytes(server.pid);
    const clients = await come(1000);
    const grown = residentBytes(server.pid) - before;
    assert.ok(grown < 30e6, `${(grown / 1e6).toFixed(1)} MB for 1000 waiting clients`);
    for (const client of first) client.destroy();
    await until("a thousand wait", async () => (await waiting()) === 1000);
    for (const name of ["b", "c", "d"]) {
      const answers = clients.map((client) => once(client, "data"));
      cluster.putApps(name);
      let etag = "";
      for (const [chunk] of await Promise.all(answers)) {
        assert.match(String(chunk), /^HTTP\/1\.1 226 IM Used\r\n/);
        etag = etagIn(String(chunk));
      }
      for (const client of clients) client.write(waitingFor(etag, 120));
      await until("all wait again", async () => (await waiting()) === 1000);
    }
    for (const client of clients) client.destroy();
    await until("they are gone", async () => (await waiting()) === 0);
  });

  test("is not kept waiting by others that do not read, whose table is in memory once", async () => {
    const filter = `setRequestHeader("X-Long", "${"x".repeat(40_000)}")`;
    const long = Array.from({ length: 200 }, (_, i) => ingress(`l${i}`, `l${i}.test`, "web", { [FILTER]: filter }));
    cluster.api.put(...long);
    const server = await cluster.startOn(["a"]);
    await server.shows("l199[.]test");
    const first = await server.ask("/routes");
    assert.ok(first.body.length > 8e6);
    const waiting = async () => (await server.metrics()).get('routesrv_custom_gauges{key="clients.waiting"}');
    // More than may download at one time, and each is sent all of the table.
    const slow = await Promise.all(Array.from({ length: 40 }, () => connected(server.port)));
    for (const client of slow) {
      client.pause();
      client.write(waitingFor(first.headers.etag!, 120, ""));
    }
    const quick = await Promise.all(Array.from({ length: 50 }, () => connected(server.port)));
    for (const client of quick) client.write(waitingFor(first.headers.etag!, 120));
    await until("all wait", async () => (await waiting()) === 90);
    const before = residentBytes(server.pid);
    const tags: string[] = [];
    for (const name of ["b", "c", "d"]) {
      const answers = quick.map((client) => once(client, "data"));
      cluster.putApps(name);
      const told = await Promise.race([Promise.all(answers), delay(5000)]);
      assert.ok(told !== undefined, `not told of ${name} in time`);
      for (const [chunk] of told) assert.match(String(chunk), /^HTTP\/1\.1 226 IM Used\r\n/);
      tags.push(etagIn(String(told[0]![0])));
      for (const client of quick) client.write(waitingFor(tags.at(-1)!, 120));
    }
    // One that reads gets all of the present table meanwhile.
    assert.equal((await server.ask("/routes")).headers.etag, tags.at(-1));
    const grown = residentBytes(server.pid) - before;
    assert.ok(grown < 160e6, `${(grown / 1e6).toFixed(1)} MB for 40 times 8 MB`);
    // Whoever reads at last gets the table that it was sent.
    const { etag, hash } = await readAnswer(slow[0]!);
    assert.ok(tags.includes(etag), etag);
    assert.equal(etag, `"${hash}"`);
    for (const client of [...slow, ...quick]) client.destroy();
    await until("they are gone", async () => (await waiting()) === 0);
  });
});

describe("whole tables", () => {
  test("go to a fleet that starts, to clients that do not read too", async () => {
    const server = await cluster.startOn(["a", ...many(1500)]);
    const { text } = await server.ask("/routes");
    const idle = await Promise.all(Array.from({ length: 60 }, () => connected(server.port)));
    for (const client of idle) {
      client.pause();
      client.write("GET /routes HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    const answers = await Promise.all(Array.from({ length: 300 }, () => server.ask("/routes")));
    for (const answer of answers) assert.equal(answer.text, text);
    for (const client of idle) client.destroy();
  });
});

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => resolve(socket));
    socket.on("error", reject);
    sockets.push(socket);
  });
}

/** The head of a request that waits for another table than this one; `manipulation` "" asks for whole tables. */
function waitingFor(etag: string, seconds: number, manipulation = `A-IM: ${DELTA}, gzip\r\n`): string {
  return `GET /routes HTTP/1.1\r\nHost: x\r\n${manipulation}If-None-Match: ${etag}\r\nPrefer: wait=${seconds}\r\n\r\n`;
}

function etagIn(head: string): string {
  return /^etag: (\S+)\r$/im.exec(head)![1]!.replace("+gzip", "");
}

/** One answer with a length, from its first byte on. */
async function readAnswer(socket: Socket): Promise<{ etag: string; hash: string }> {
  const chunks: Buffer[] = [];
  let length = Number.POSITIVE_INFINITY;
  let received = 0;
  let head = "";
  await new Promise<void>((resolve, reject) => {
    socket.on("close", () => reject(new Error(`closed after ${received} of ${length} bytes`)));
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      received += chunk.length;
      if (head === "") {
        const text = Buffer.concat(chunks).toString("latin1");
        const end = text.indexOf("\r\n\r\n");
        if (end < 0) return;
        head = text.slice(0, end);
        length = end + 4 + Number(/^content-length: (\d+)\r?$/im.exec(head)![1]);
      }
      if (received >= length) resolve();
    });
    socket.resume();
  });
  const body = Buffer.concat(chunks).subarray(head.length + 4);
  return { etag: etagIn(`${head}\r\n`), hash: createHash("sha256").update(body).digest("hex") };
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))![1]) * 1024;
}
