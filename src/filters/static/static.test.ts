// Behaviour of static (spec filters 7.1), with files in a temporary folder.

import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import fc from "fast-check";
import { argsProblem, type ChainResult, type FakeRequest, runChain } from "../../../test/support/fake-context.ts";
import { filterSpecs } from "../index.ts";
import { parseByteRanges } from "./byte-ranges.ts";

const CHANGED = new Date("2020-01-02T03:04:05Z");
const MODIFIED = "Thu, 02 Jan 2020 03:04:05 GMT";
const BIG = 200_000;
/** A user without rights. */
const NOBODY = 65534;

const root = mkdtempSync(join(tmpdir(), "static-"));
after(() => rmSync(root, { recursive: true }));

const big = Buffer.alloc(BIG, "0123456789");
const files: Readonly<Record<string, string | Buffer>> = {
  "a.txt": "hello file",
  "b.json": '{"a":1}',
  noext: "plain text",
  "page.unknown": "<html>",
  empty: "",
  big,
  ".hidden": "dot",
  "list/z & <b>": "x",
  "list/a:b": "x",
  "list/sub/x": "x",
  "dir/index.html": "<p>index",
  "sp ace/\u00fc": "x",
  "c:d/x": "x",
  "e:f": "x",
};
for (const [name, content] of Object.entries(files)) {
  const path = join(root, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content);
  utimesSync(path, CHANGED, CHANGED);
}
symlinkSync(join(root, "a.txt"), join(root, "link.txt"));

const get = (path: string, headers: FakeRequest["headers"] = [], method = "GET"): Promise<ChainResult> =>
  runChain(`static("/s", "${root}")`, { target: `/s${path}`, headers, method });

const errorHeaders = { "content-type": ["text/plain; charset=utf-8"], "x-content-type-options": ["nosniff"] };

describe("content", () => {
  for (const [path, type, body] of [
    ["/a.txt", "text/plain; charset=utf-8", "hello file"],
    ["/b.json", "application/json", '{"a":1}'],
    ["/noext", "text/plain; charset=utf-8", "plain text"],
    ["/page.unknown", "text/html; charset=utf-8", "<html>"],
    ["/empty", "text/plain; charset=utf-8", ""],
    ["/.hidden", "text/plain; charset=utf-8", "dot"],
    ["/link.txt", "text/plain; charset=utf-8", "hello file"],
    ["/list/../a.txt", "text/plain; charset=utf-8", "hello file"],
    ["/%2e%2e/%2e%2e/a.txt", "text/plain; charset=utf-8", "hello file"],
    ["/sp%20ace/%C3%BC", "text/plain; charset=utf-8", "x"],
    ["//a.txt", "text/plain; charset=utf-8", "hello file"],
    ["/dir/", "text/html; charset=utf-8", "<p>index"],
    ["/big", "text/plain; charset=utf-8", big.toString()],
  ] as const) {
    test(path, async () => {
      const got = await get(path);
      assert.equal(got.status, 200);
      assert.deepEqual(got.headers, {
        "accept-ranges": ["bytes"],
        "content-length": [String(body.length)],
        "content-type": [type],
        "last-modified": [MODIFIED],
      });
      assert.equal(got.body, body);
    });
  }

  test("POST and HEAD", async () => {
    assert.equal((await get("/a.txt", [], "POST")).body, "hello file");
    const head = await get("/a.txt", [], "HEAD");
    assert.equal(head.ctx.body, null);
    assert.deepEqual(head.headers["content-length"], ["10"]);
  });
});

describe("errors and redirects", () => {
  for (const [path, status, body] of [
    ["/none", 404, "404 page not found\n"],
    ["/a.txt/x", 404, "404 page not found\n"],
    ["/a%00b", 404, "404 page not found\n"],
    [`/${"x".repeat(300)}`, 404, "404 page not found\n"],
  ] as const) {
    test(path.slice(0, 20), async () => {
      const got = await get(path);
      assert.deepEqual([got.status, got.headers, got.body], [status, errorHeaders, body]);
    });
  }

  test("another prefix", async () => {
    const got = await runChain(`static("/zzz", "${root}")`, { target: "/s/a.txt" });
    assert.equal(got.status, 404);
  });

  test("a prefix with a slash", async () => {
    assert.equal((await runChain(`static("/s/", "${root}")`, { target: "/s/a.txt" })).body, "hello file");
    assert.equal((await runChain(`static("/s/", "${root}")`, { target: "/s" })).status, 404);
  });

  for (const [path, location] of [
    ["/dir?q=1", "dir/?q=1"],
    ["/sp%20ace", "sp%20ace/"],
    ["/dir/index.html", "./"],
    ["/index.html?q", "./?q"],
    ["/a.txt/", "../a.txt"],
    // Without the dot the part before the colon would be a scheme.
    ["/c:d", "./c:d/"],
    ["/e:f/", "./../e:f"],
  ] as const) {
    test(path, async () => {
      const got = await get(path);
      assert.deepEqual([got.status, got.headers, got.body], [301, { location: [location] }, ""]);
    });
  }

  test("a file that may not be read", async (t) => {
    const path = join(root, "secret");
    writeFileSync(path, "x");
    chmodSync(path, 0);
    if (process.getuid?.() === 0) {
      // Root may read everything.
      chmodSync(root, 0o755);
      process.seteuid?.(NOBODY);
      t.after(() => process.seteuid?.(0));
    }
    assert.equal((await get("/a.txt")).status, 200);
    const got = await get("/secret");
    assert.deepEqual([got.status, got.body], [403, "403 Forbidden\n"]);
  });

  test("a file as root", async () => {
    assert.equal((await runChain(`static("/s", "${root}/a.txt")`, { target: "/s" })).status, 500);
    const index = await runChain(`static("/s", "${root}/dir/index.html")`, { target: "/s" });
    assert.deepEqual(index.headers, { location: ["../"] });
  });

  test("the root must exist", () => {
    const spec = filterSpecs.find((one) => one.name === "static")!;
    assert.match(
      argsProblem(spec, ["/s", `${root}/none`]),
      /^Invalid parameter for root path\. File .*\/none does not exist/,
    );
  });
});

test("the list of a directory", async () => {
  utimesSync(join(root, "list"), CHANGED, CHANGED);
  const got = await get("/list/");
  assert.deepEqual(got.headers, { "content-type": ["text/html; charset=utf-8"], "last-modified": [MODIFIED] });
  assert.equal(
    got.body,
    '<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n' +
      '<a href="./a:b">a:b</a>\n<a href="sub/">sub/</a>\n<a href="z%20&amp;%20%3Cb%3E">z &amp; &lt;b&gt;</a>\n</pre>\n',
  );
  assert.equal((await get("/list/", [["If-Modified-Since", MODIFIED]])).status, 304);
  assert.equal((await get("")).status, 200);
});

describe("ranges", () => {
  for (const [range, status, contentRange, body] of [
    ["bytes=2-4", 206, "bytes 2-4/10", "llo"],
    ["bytes=-3", 206, "bytes 7-9/10", "ile"],
    ["bytes=7-", 206, "bytes 7-9/10", "ile"],
    ["bytes=0-99", 206, "bytes 0-9/10", "hello file"],
    ["bytes=-99", 206, "bytes 0-9/10", "hello file"],
    ["bytes=20-40", 416, "bytes */10", "invalid range: failed to overlap\n"],
    ["bytes=-0", 416, "bytes */10", "invalid range: failed to overlap\n"],
    ["bytes=4-2", 416, undefined, "invalid range\n"],
    ["bytes=x-2", 416, undefined, "invalid range\n"],
    ["bytes=-", 416, undefined, "invalid range\n"],
    ["foo", 416, undefined, "invalid range\n"],
    ["bytes=0-9,0-9", 200, undefined, "hello file"],
  ] as const) {
    test(range, async () => {
      const got = await get("/a.txt", [["Range", range]]);
      assert.equal(got.status, status);
      assert.deepEqual(got.headers["content-range"], contentRange === undefined ? undefined : [contentRange]);
      assert.equal(got.body, body);
      if (status === 416) {
        const { "content-range": _, ...others } = got.headers;
        assert.deepEqual(others, errorHeaders);
      } else assert.deepEqual(got.headers["content-length"], [String(body.length)]);
    });
  }

  test("several", async () => {
    const got = await get("/a.txt", [["Range", "bytes=0-1, 8-8"]]);
    const boundary = /^multipart\/byteranges; boundary=(\S+)$/.exec(got.headers["content-type"]![0]!)![1]!;
    const part = (range: string, text: string) =>
      `--${boundary}\r\nContent-Range: bytes ${range}/10\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${text}\r\n`;
    assert.equal(got.body, `${part("0-1", "he")}${part("8-8", "l")}--${boundary}--\r\n`);
    assert.deepEqual([got.status, got.headers["content-length"]], [206, [String(got.body.length)]]);
  });

  test("of a large file", async () => {
    const got = await get("/big", [["Range", "bytes=5-150004"]]);
    assert.equal(got.body, big.subarray(5, 150005).toString());
  });

  test("If-Range", async () => {
    const range = ["Range", "bytes=2-4"] as const;
    assert.equal((await get("/a.txt", [range, ["If-Range", MODIFIED]])).status, 206);
    assert.equal((await get("/a.txt", [range, ["If-Range", "Thu, 02 Jan 2020 03:04:04 GMT"]])).status, 200);
    assert.equal((await get("/a.txt", [range, ["If-Range", '"tag"']])).status, 200);
  });

  test("never outside of the file", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^bytes=[0-9, -]{0,12}$/), fc.integer({ min: 1, max: 50 }), (header, size) => {
        const ranges = parseByteRanges(header, size);
        if (ranges === "malformed") return;
        for (const { first, last } of ranges) assert.ok(0 <= first && first <= last && last < size);
      }),
    );
  });
});

describe("conditions", () => {
  const earlier = "Thu, 02 Jan 2020 03:04:04 GMT";
  for (const [name, value, method, status] of [
    ["If-Modified-Since", MODIFIED, "GET", 304],
    ["If-Modified-Since", MODIFIED, "HEAD", 304],
    ["If-Modified-Since", MODIFIED, "POST", 200],
    ["If-Modified-Since", earlier, "GET", 200],
    ["If-Modified-Since", "garbage", "GET", 200],
    ["If-Modified-Since", "7", "GET", 200],
    ["If-Unmodified-Since", earlier, "GET", 412],
    ["If-Unmodified-Since", MODIFIED, "GET", 200],
    ["If-None-Match", "*", "GET", 304],
    ["If-None-Match", "*", "POST", 412],
    ["If-None-Match", '"x"', "GET", 200],
    ["If-Match", "*", "GET", 200],
    ["If-Match", '"x"', "GET", 412],
  ] as const) {
    test(`${method} ${name}: ${value}`, async () => {
      const got = await get("/a.txt", [[name, value]], method);
      assert.equal(got.status, status);
      if (status !== 200) assert.deepEqual([got.headers, got.body], [{ "last-modified": [MODIFIED] }, ""]);
    });
  }

  test("a tag that does not match goes before the time", async () => {
    const got = await get("/a.txt", [
      ["If-None-Match", '"x"'],
      ["If-Modified-Since", MODIFIED],
    ]);
    assert.equal(got.status, 200);
  });
});
