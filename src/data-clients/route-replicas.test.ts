import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { Downloader } from "./download.ts";
import { type Replica, RouteReplicas } from "./route-replicas.ts";
import { isOlder, parseVersions, printVersions } from "./table-versions.ts";

const names = (replicas: readonly Replica[]) => replicas.map(({ url, address }) => `${url} ${address}`.trim()).sort();

describe("replicas", () => {
  test("are URLs with bars, and all addresses of their names", async () => {
    const lookUp = async (host: string) => (host === "rs.test" ? ["10.0.0.1", "10.0.0.2"] : ["10.0.0.3"]);
    const list = (urls: string, env = {}) => new RouteReplicas(urls, env, lookUp).list();
    assert.deepEqual(names(await list("http://rs.test/a|http://one.test/b")), [
      "http://one.test/b",
      "http://rs.test/a 10.0.0.1",
      "http://rs.test/a 10.0.0.2",
    ]);
    assert.deepEqual(names(await list("http://10.1.1.1/|http://[::1]/")), ["http://10.1.1.1/", "http://[::1]/"]);
    assert.deepEqual(names(await list("http://rs.test/", { HTTP_PROXY: "http://proxy" })), ["http://rs.test/"]);
  });

  test("the one in use comes first until it is gone; names are looked up again after a failure", async () => {
    let addresses = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
    const replicas = new RouteReplicas("http://rs.test/", {}, async () => addresses);
    const [used] = await replicas.list();
    replicas.use(used!);
    for (let i = 0; i < 20; i++) assert.deepEqual((await replicas.list())[0], used);
    addresses = addresses.filter((address) => address !== used!.address).concat("10.0.0.4");
    assert.equal((await replicas.list()).length, 3);
    replicas.failed();
    const after = await replicas.list();
    assert.ok(!names(after).includes(names([used!])[0]!));
    assert.ok(after.some(({ address }) => address === "10.0.0.4"));
  });

  test("a name without answer is used as it is", async () => {
    const refused = new RouteReplicas("http://rs.test/", {}, () => Promise.reject(new Error("no such name")));
    assert.deepEqual(names(await refused.list()), ["http://rs.test/"]);
  });

  test("an address stands for the name of the URL, which the server is still told", async () => {
    const server = createServer((request, response) => response.end(request.headers.host)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const downloader = new Downloader(20_000, {});
    try {
      const request = { url: `http://rs.test:${port}/`, address: "127.0.0.1", headers: {}, waitMs: 0 };
      assert.equal(Buffer.from((await downloader.get(request)).body).toString(), `rs.test:${port}`);
    } finally {
      downloader.close();
      server.close();
    }
  });
});

describe("versions of a table", () => {
  for (const [table, present, older] of [
    ["a=2, b=2", "a=2, b=2", false],
    ["a=3, b=2", "a=2, b=2", false],
    ["a=1, b=9", "a=2, b=2", false],
    ["a=8, b=1", "a=2, b=9", true],
    ["a=10", "a=9", false],
    ["b=1", "a=9", true],
    ["b=10", "a=9", false],
    ["", "a=9", false],
    ["a=9", "", false],
    ["a=x, a", "a=9", false],
    ["a=9, b=0", "a=9, b=5", false],
  ] as const) {
    test(`"${table}" is ${older ? "" : "not "}older than "${present}"`, () => {
      assert.equal(isOlder(parseVersions(table), parseVersions(present)), older);
    });
  }

  test("are written as they are read", () => {
    assert.equal(printVersions(parseVersions("a=1,  b=22")), "a=1, b=22");
  });
});
