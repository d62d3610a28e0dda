// What the routesrv command serves below /routes, over HTTP: headers, conditions, ranges, methods and states of spec routesrv 2.1 and 3.
// curl is the client wherever what an independent one makes of an answer counts.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { parseDocument } from "../../src/eskip/parser.ts";
import { until } from "./running-proxy.ts";
import { PLAIN, ServedCluster } from "./running-route-server.ts";

let cluster: ServedCluster;
beforeEach(async () => {
  cluster = await ServedCluster.open();
});
afterEach(() => cluster.close());

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

/** Status, headers in lower case and body as curl sees them. */
function curl(...args: readonly string[]): { status: number; headers: Map<string, string>; body: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), "routesrv-curl-"));
  try {
    const file = join(folder, "head");
    const done = spawnSync("curl", ["-sS", "--max-time", "10", "-D", file, ...args]);
    assert.equal(done.status, 0, done.stderr.toString());
    const [first = "", ...lines] = readFileSync(file, "latin1").trimEnd().split("\r\n");
    const headers = lines.map(
      (line) => [line.split(":", 1)[0]!.toLowerCase(), line.slice(line.indexOf(":") + 2)] as const,
    );
    return { status: Number(first.split(" ")[1]), headers: new Map(headers), body: done.stdout };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("before the first table", () => {
  test("routes are 404 without anything, health is 503, also when the API is away or lists nothing", async () => {
    await cluster.api.down();
    await cluster.start(...PLAIN);
    const missing = await cluster.server.ask("/routes");
    assert.deepEqual([missing.status, missing.text], [404, ""]);
    for (const name of ["content-type", "etag", "x-count", "last-modified"])
      assert.equal(missing.headers[name], undefined);
    const health = await cluster.server.ask("/health", { method: "POST" });
    assert.deepEqual([health.status, health.text], [503, "routes were not initialized yet\n"]);
    assert.equal(health.headers["content-type"], "text/plain; charset=utf-8");
    assert.equal(health.headers["x-content-type-options"], "nosniff");
    await until("the failure is logged", () => cluster.server.log.includes('msg="failed to fetch routes" error='));
    await cluster.api.up();
    await until("nothing is there", () => cluster.server.log.includes("received empty routes; ignoring"));
    assert.equal((await cluster.server.ask("/routes")).status, 404);
    cluster.putApps("a");
    await cluster.server.shows("kube_default__a");
    assert.equal((await cluster.server.ask("/health")).status, 204);
    const metrics = await cluster.server.metrics();
    assert.ok(metrics.get('routesrv_custom_total{key="routes.fetch_errors"}')! >= 1);
    assert.ok(metrics.get('routesrv_custom_total{key="routes.empty"}')! >= 1);
    assert.ok(metrics.get('routesrv_custom_total{key="404"}')! >= 2);
  });
});

describe("the full table", () => {
  test("is sorted text with a hash, a count and a date, the same for GET and HEAD", async () => {
    await cluster.startOn(["c", "a", "b"]);
    const got = await cluster.server.ask("/routes");
    const { routes, error } = parseDocument(got.text);
    assert.equal(error, null);
    const ids = routes.map(({ id }) => id);
    assert.deepEqual(ids, ids.toSorted());
    assert.equal(got.text.split("\n").length, routes.length);
    assert.ok(got.text.endsWith(";"));
    const expected = {
      "content-type": "text/plain; charset=utf-8",
      etag: `"${sha256(got.body)}"`,
      "x-count": String(routes.length),
      "accept-ranges": "bytes",
      "content-length": String(got.body.length),
      "content-encoding": undefined,
      "cache-control": undefined,
      vary: undefined,
      "x-timestamp": undefined,
      "routes-versions": undefined,
    };
    for (const [name, value] of Object.entries(expected)) assert.equal(got.headers[name], value, name);
    assert.ok(Math.abs(Date.parse(got.headers["last-modified"]!) - Date.now()) < 60_000);
    const head = await cluster.server.ask("/routes?x=1", { method: "HEAD" });
    assert.equal(head.text, "");
    for (const name of ["etag", "content-length", "x-count", "last-modified", "content-type"]) {
      assert.equal(head.headers[name], got.headers[name], name);
    }
  });

  test("comes compressed to whoever names gzip, and any client can read it", async () => {
    await cluster.startOn(["a", ...Array.from({ length: 300 }, (_, i) => `more${i}`)]);
    const url = `${cluster.server.url}/routes`;
    const plain = curl(url);
    const packed = curl("-H", "Accept-Encoding: deflate, gzip;q=0", url);
    assert.equal(packed.headers.get("content-encoding"), "gzip");
    assert.equal(packed.headers.get("etag"), plain.headers.get("etag")!.replace(/"$/, '+gzip"'));
    assert.equal(packed.headers.get("content-length"), String(packed.body.length));
    assert.ok(packed.body.length < plain.body.length / 4);
    assert.deepEqual(gunzipSync(packed.body), plain.body);
    assert.deepEqual(curl("--compressed", url).body, plain.body);
    const gzip = spawnSync("gzip", ["-dc"], { input: packed.body, maxBuffer: 1 << 28 });
    assert.deepEqual(gzip.stdout, plain.body);
    const head = curl("-I", "-H", "Accept-Encoding: gzip", url);
    assert.equal(head.headers.get("content-length"), String(packed.body.length));
  });

  test("other methods are refused, other paths are not there", async () => {
    await cluster.startOn(["a"]);
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
      const { status, text } = await cluster.server.ask("/routes", { method });
      assert.deepEqual([status, text], [405, ""], method);
    }
    for (const path of ["/", "/routes/", "/routes/a/b", "/metrics", "/swarm/redis/shards", "/swarm/valkey/shards"]) {
      const { status, text, headers } = await cluster.server.ask(path);
      assert.deepEqual([status, text], [404, "404 page not found\n"], path);
      assert.equal(headers["content-type"], "text/plain; charset=utf-8");
    }
  });

  test("conditions, in the form of tags and of dates", async () => {
    await cluster.startOn(["a"]);
    const { headers: present } = await cluster.server.ask("/routes");
    const etag = present.etag!;
    const packed = etag.replace(/"$/, '+gzip"');
    const date = present["last-modified"]!;
    const earlier = new Date(Date.parse(date) - 60_000).toUTCString();
    const gzip = { "Accept-Encoding": "gzip" };
    for (const [headers, status] of [
      [{ "If-None-Match": etag }, 304],
      [{ "If-None-Match": `"x", W/${etag}` }, 304],
      [{ "If-None-Match": "*" }, 304],
      [{ "If-None-Match": packed }, 200],
      [{ ...gzip, "If-None-Match": packed }, 304],
      [{ ...gzip, "If-None-Match": etag }, 200],
      [{ "If-None-Match": '"x"', "If-Modified-Since": date }, 200],
      [{ "If-Modified-Since": date }, 304],
      [{ "If-Modified-Since": earlier }, 200],
      [{ "If-Modified-Since": "yesterday" }, 200],
      [{ "If-Match": etag }, 200],
      [{ "If-Match": "*" }, 200],
      [{ "If-Match": `W/${etag}` }, 412],
      [{ "If-Match": '"x"' }, 412],
      [{ "If-Unmodified-Since": earlier }, 412],
      [{ "If-Unmodified-Since": date }, 200],
    ] as const) {
      const answer = await cluster.server.ask("/routes", { headers });
      assert.equal(answer.status, status, JSON.stringify(headers));
      assert.equal(answer.headers["x-count"], present["x-count"]);
      if (status !== 200) assert.equal(answer.text, "");
      if (status !== 304) continue;
      assert.ok(answer.headers.etag!.startsWith(etag.slice(0, -1)));
      for (const name of ["content-type", "content-length", "content-encoding", "last-modified"]) {
        assert.equal(answer.headers[name], undefined, name);
      }
    }
  });

  test("ranges of both encodings", async () => {
    await cluster.startOn(["a", "b"]);
    const url = `${cluster.server.url}/routes`;
    const { body, headers } = curl(url);
    const size = body.length;
    const part = curl("-r", "5-19", url);
    assert.equal(part.status, 206);
    assert.deepEqual(part.body, body.subarray(5, 20));
    assert.equal(part.headers.get("content-range"), `bytes 5-19/${size}`);
    assert.equal(part.headers.get("x-count"), headers.get("x-count"));
    assert.deepEqual(curl("-r", "-7", url).body, body.subarray(-7));
    assert.deepEqual(curl("-r", `${size - 3}-`, url).body, body.subarray(-3));
    const packed = curl("-H", "Accept-Encoding: gzip", url);
    const packedPart = curl("-H", "Accept-Encoding: gzip", "-r", "3-30", url);
    assert.deepEqual(packedPart.body, packed.body.subarray(3, 31));
    assert.equal(packedPart.headers.get("content-encoding"), "gzip");
    const two = curl("-r", "0-4,10-14", url);
    assert.equal(two.status, 206);
    assert.equal(two.body.length, Number(two.headers.get("content-length")));
    const boundary = /^multipart\/byteranges; boundary=(\S+)$/.exec(two.headers.get("content-type")!)![1]!;
    const parts = two.body.toString("latin1").split(`--${boundary}`);
    assert.ok(parts[1]!.endsWith(`\r\n\r\n${body.subarray(0, 5)}\r\n`));
    assert.ok(parts[2]!.endsWith(`\r\n\r\n${body.subarray(10, 15)}\r\n`));
    for (const range of [`bytes=${size}-`, "bytes=a-b", "lines=1-2", "bytes=9-3"]) {
      const beyond = await cluster.server.ask("/routes", { headers: { Range: range } });
      assert.equal(beyond.status, 416, range);
      assert.equal(beyond.headers["content-range"], `bytes */${size}`);
    }
    for (const [validator, status] of [
      [headers.get("etag")!, 206],
      [headers.get("last-modified")!, 206],
      ['"x"', 200],
      [`W/${headers.get("etag")}`, 200],
    ] as const) {
      const answer = await cluster.server.ask("/routes", { headers: { Range: "bytes=0-1", "If-Range": validator } });
      assert.equal(answer.status, status, validator);
    }
  });

  test("follows the cluster, and stays when the API fails or lists nothing any more", async () => {
    await cluster.startOn(["a"]);
    const first = await cluster.server.ask("/routes");
    cluster.putApps("b");
    await cluster.server.shows("kube_default__b");
    const second = await cluster.server.ask("/routes");
    assert.notEqual(second.headers.etag, first.headers.etag);
    cluster.api.store.delete("Ingress", "default", "b");
    await until(
      "the first text is back",
      async () => (await cluster.server.ask("/routes")).headers.etag === first.headers.etag,
    );
    await cluster.api.down();
    await until("the failure is logged", () => cluster.server.log.includes("failed to fetch routes"));
    assert.deepEqual((await cluster.server.ask("/routes")).body, first.body);
    assert.equal((await cluster.server.ask("/health")).status, 204);
    await cluster.api.up();
    cluster.api.store.delete("Ingress", "default", "a");
    await until("the empty table is refused", () => cluster.server.log.includes("received empty routes; ignoring"));
    assert.deepEqual((await cluster.server.ask("/routes")).body, first.body);
  });

  test("is the same text with the same tags on every replica of a cluster, whatever they have seen before", async () => {
    await cluster.startOn(["m", "x"]);
    for (const name of Array.from({ length: 200 }, (_, i) => `n${i}`)) cluster.putApps(name);
    await cluster.server.shows("kube_default__n199");
    for (let i = 0; i < 200; i += 3) cluster.api.store.delete("Ingress", "default", `n${i}`);
    await until(
      "they are gone",
      async () => !(await cluster.server.ask("/routes")).text.includes("kube_default__n198_"),
    );
    await (await cluster.start(...PLAIN)).shows("kube_default__m");
    for (const headers of [{}, { "Accept-Encoding": "gzip" }]) {
      const [a, b] = await Promise.all(cluster.servers.map((one) => one.ask("/routes", { headers })));
      assert.equal(a!.headers.etag, b!.headers.etag);
      assert.deepEqual(a!.body, b!.body);
    }
  });
});
