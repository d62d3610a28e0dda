// Behaviour of the content filters (spec filters 7).

import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeContext, fakeEnv, makeFilters, runChain } from "../../../test/support/fake-context.ts";
import { testFilters } from "../../../test/support/filter-table.ts";

testFilters([
  { title: "status", chain: "status(201) -> status(202)", expect: { status: 201 } },
  { title: "fraction", chain: "status(418.9)", expect: { status: 418 } },
  {
    title: "health",
    chain: 'healthcheck("x", 1)',
    answer: { status: 503, body: ["down"] },
    expect: { status: 200, body: "down" },
  },
  {
    title: "served text",
    chain: 'inlineContent("<b>") -> setResponseHeader("X-A", "1")',
    expect: {
      served: true,
      status: 200,
      headers: { "content-type": "text/html; charset=utf-8", "content-length": "3" },
      body: "<b>",
    },
  },
  {
    title: "length in bytes",
    chain: 'inlineContent("grüße €", "")',
    expect: {
      headers: { "content-type": "", "content-length": "11" },
      body: Buffer.from("grüße €").toString("latin1"),
    },
  },
  { title: "order of status and text", chain: 'status(418) -> inlineContent("x")', expect: { status: 418 } },
  { title: "what stands right of it", chain: 'inlineContent("x") -> status(418)', expect: { status: 200 } },
  {
    title: "body by status",
    chain: 'inlineContentIfStatus(404, "gone")',
    answer: {
      status: 404,
      headers: [
        ["Content-Encoding", "gzip"],
        ["ETag", "x"],
        ["Content-Length", "7"],
      ],
      body: ["old"],
    },
    expect: {
      status: 404,
      headers: { etag: "x", "content-type": "text/plain; charset=utf-8", "content-length": "4" },
      body: "gone",
    },
  },
  {
    title: "another status",
    chain: 'inlineContentIfStatus(404, "gone", "a/b")',
    answer: { headers: [["Content-Type", "c/d"]], body: ["old"] },
    expect: { status: 200, headers: { "content-type": "c/d" }, body: "old" },
  },
  {
    title: "the body of inner filters goes",
    chain: 'inlineContentIfStatus(404, "gone") -> wrapContent("<", ">")',
    answer: { status: 404, body: ["old"] },
    expect: { body: "gone" },
  },
  { title: "no random content", chain: "randomContent(-1)", expect: { status: 200, headers: {}, body: "" } },
  {
    title: "repeated",
    chain: 'repeatContent("äb", 7)',
    expect: { headers: { "content-length": "7" }, body: "\u00c3\u00a4b\u00c3\u00a4b\u00c3" },
  },
  {
    title: "repeated to nothing",
    chain: 'repeatContent("a", 0)',
    expect: { headers: { "content-length": "0" }, body: "" },
  },
  { title: "repeated bytes", chain: 'repeatContentHex("00ff", 3)', expect: { body: "\x00\xff\x00" } },
  {
    title: "repeated many times",
    chain: 'repeatContent("abc", 100000)',
    expect: { headers: { "content-length": "100000" }, body: "abc".repeat(33334).slice(0, 100000) },
  },
  {
    title: "a text that is longer than a block",
    chain: `repeatContent("${"x".repeat(20000)}y", 40003)`,
    expect: { body: `${"x".repeat(20000)}y${"x".repeat(20000)}yx` },
  },
  {
    title: "wrapped",
    chain: 'wrapContent("<", ">") -> wrapContentHex("5b", "5d0a")',
    answer: { headers: [["Content-Length", "4"]], body: ["ab", "cd"] },
    expect: { headers: { "content-length": "9" }, body: "<[abcd]\n>" },
  },
  { title: "wrapped nothing", chain: 'wrapContent("<", ">")', expect: { headers: {}, body: "<>" } },
  {
    title: "a length that is no number",
    chain: 'wrapContent("<", ">")',
    answer: { headers: [["Content-Length", "x"]] },
    expect: { headers: { "content-length": "x" } },
  },
  {
    title: "absorbed",
    chain: 'setResponseHeader("X-A", "1") -> absorb()',
    request: { headers: [["X-Flow-Id", "f1"]], body: ["abc"] },
    expect: {
      status: 200,
      headers: { "x-a": "1" },
      body: "",
      logged: [
        "info received request to be absorbed: f1",
        "info request f1, consumed bytes: 3",
        "info request finished: f1",
      ],
    },
  },
  {
    title: "an id for a request without one, and no body",
    chain: "absorb()",
    expect: {
      logged: [
        /^info received request to be absorbed: [0-9a-z]{8}$/,
        /^info request [0-9a-z]{8}, consumed bytes: 0$/,
        /^info request finished: [0-9a-z]{8}$/,
      ],
    },
  },
  { title: "silent", chain: 'absorbSilent("x")', expect: { status: 200, headers: {}, body: "", logged: [] } },
  { title: "script of fastcgi", chain: 'setFastCgiFilename("a.php")', expect: { ctx: { fastCgiFilename: "a.php" } } },
]);

test("random content has the length and the alphabet", async () => {
  for (const length of [1, 40, 16384, 16385, 50000]) {
    const { body, headers } = await runChain(`randomContent(${length}.9)`);
    assert.equal(body.length, length);
    assert.match(body, /^[A-Za-z0-9]*$/);
    assert.deepEqual(headers, {});
  }
  assert.equal(new Set((await runChain("randomContent(20000)")).body).size, 62);
});

test("absorb says about once a second how far it is, and that a body broke off", () => {
  const env = fakeEnv();
  let now = 0;
  const filter = makeFilters("absorb()", { ...env, now: () => now })[0]!;
  const ctx = new FakeContext({ body: ["abcd"], headers: [["X-Flow-Id", "f1"]] });
  filter.request!(ctx);
  const body = ctx.requestTransforms[0]!;
  for (now of [10, 999, 1000, 1500, 2000]) assert.equal(body.write(Buffer.from("a")), null);
  body.destroy!();
  assert.deepEqual(env.logged, [
    "info received request to be absorbed: f1",
    "info request f1, consumed bytes: 3",
    "info request f1, consumed bytes: 5",
    "info request f1, error while consuming request: the body broke off after 5 bytes",
  ]);
});

test("tarpit sends blanks until it is told to stop, and a stop ends a wait", async () => {
  const served = async (every: string) => {
    const ctx = new FakeContext();
    await makeFilters(`tarpit("${every}")`)[0]!.request!(ctx);
    assert.equal(ctx.response.status, 200);
    return (ctx.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  };
  const fast = await served("-1s");
  for (let i = 0; i < 3; i++) assert.equal(String((await fast.next()).value), " ");
  await fast.return!();
  const slow = await served("10h");
  const pending = slow.next();
  await slow.return!();
  assert.equal((await pending).done, true);
});
