// Behaviour of the header filters (spec filters 6.1).
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholder syntax of routes

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fakeEnv, runChain } from "../../../test/support/fake-context.ts";
import { testFilters } from "../../../test/support/filter-table.ts";
import { decodeBase64, encodeBase64 } from "./base64-filter.ts";

const twice = [
  ["X-A", "v1"],
  ["X-A", "v2"],
] as const;

testFilters([
  {
    title: "replaces all values",
    chain: 'setRequestHeader("x-a", "new")',
    request: { headers: twice },
    expect: { requestHeaders: { "x-a": "new" } },
  },
  {
    title: "adds behind",
    chain: 'appendRequestHeader("x-a", "new") -> requestHeader("X-A", "old way")',
    request: { headers: twice },
    expect: { requestHeaders: { "x-a": ["v1", "v2", "new", "old way"] } },
  },
  {
    title: "an unresolved placeholder changes nothing",
    chain: 'setRequestHeader("X-A", "a${nope}") -> appendRequestHeader("X-A", "${request.header.X-None}")',
    request: { headers: twice },
    expect: { requestHeaders: { "x-a": ["v1", "v2"] } },
  },
  {
    title: "a resolved placeholder",
    chain: 'setRequestHeader("X-A", "${id}/${request.host}")',
    request: { pathParams: { id: "7" } },
    expect: { requestHeaders: { "x-a": "7/example.org" } },
  },
  {
    title: "an empty template sets an empty header",
    chain: 'setRequestHeader("X-A", "")',
    expect: { requestHeaders: { "x-a": "" } },
  },
  {
    title: "no template in the deprecated filters",
    chain: 'requestHeader("X-A", "${request.host}") -> responseHeader("X-B", "${request.host}")',
    expect: { requestHeaders: { "x-a": "${request.host}" }, headers: { "x-b": "${request.host}" } },
  },
  {
    title: "text beyond ASCII is sent as UTF-8",
    chain: 'setRequestHeader("X-A", "ü")',
    expect: { requestHeaders: { "x-a": "\u00c3\u00bc" } },
  },
  {
    title: "host rule",
    chain: 'setRequestHeader("hOST", "a.b")',
    expect: { ctx: { outgoingHost: "a.b" }, requestHeaders: { host: "a.b" } },
  },
  {
    title: "host rule, the last one wins",
    chain: 'setRequestHeader("Host", "a") -> appendRequestHeader("host", "b") -> requestHeader("Host", "c")',
    expect: { ctx: { outgoingHost: "c" } },
  },
  {
    title: "host rule of copy",
    chain: 'copyRequestHeader("X-H", "host")',
    request: { headers: [["X-H", "from.header"]] },
    expect: { ctx: { outgoingHost: "from.header" } },
  },
  {
    title: "dropping Host leaves the outgoing host",
    chain: 'dropRequestHeader("Host")',
    expect: { ctx: { outgoingHost: "backend.test" } },
  },
  {
    title: "response headers, the leftmost filter last",
    chain: 'setResponseHeader("X-A", "left") -> setResponseHeader("X-A", "right")',
    expect: { headers: { "x-a": "left" } },
  },
  {
    title: "appended response headers",
    chain: 'appendResponseHeader("X-A", "1") -> appendResponseHeader("X-A", "2")',
    answer: { headers: [["X-A", "0"]] },
    expect: { headers: { "x-a": ["0", "2", "1"] } },
  },
  {
    title: "response header in a template",
    chain: 'setResponseHeader("X-B", "${response.header.x-a}") -> setResponseHeader("X-C", "${response.header.none}")',
    answer: { headers: [["X-A", "0"]] },
    expect: { headers: { "x-a": "0", "x-b": "0" } },
  },
  {
    title: "drop",
    chain: 'dropRequestHeader("x-a") -> dropResponseHeader("server")',
    request: { headers: twice },
    answer: { headers: [["Server", "x"]] },
    expect: { requestHeaders: {}, headers: {} },
  },
  {
    title: "drop by regexp",
    chain: 'dropRequestHeaderRegexp("x-a", "^v1") -> dropResponseHeaderRegexp("X-A", "2$")',
    request: { headers: twice },
    answer: { headers: twice },
    expect: { requestHeaders: { "x-a": "v2" }, headers: { "x-a": "v1" } },
  },
  {
    title: "drop by regexp: nothing left, nothing there, first value empty",
    chain:
      'dropRequestHeaderRegexp("X-A", "v") -> dropRequestHeaderRegexp("X-B", "v") -> dropRequestHeaderRegexp("X-C", "v")',
    request: {
      headers: [
        ["X-A", "v1"],
        ["X-C", ""],
        ["X-C", "v"],
      ],
    },
    expect: { requestHeaders: { "x-c": ["", "v"] } },
  },
  {
    title: "mod works on the first value and leaves one",
    chain: 'modRequestHeader("x-a", "v([0-9])", "w$1${1}_$1x") -> modResponseHeader("x-a", "zzz", "y")',
    request: { headers: twice },
    answer: { headers: twice },
    expect: { requestHeaders: { "x-a": "w11_" }, headers: { "x-a": "v1" } },
  },
  {
    title: "mod of an absent and of an empty header",
    chain: 'modRequestHeader("X-A", ".*", "x") -> modRequestHeader("X-B", "^$", "x")',
    request: { headers: [["X-B", ""]] },
    expect: { requestHeaders: { "x-b": "x" } },
  },
  {
    title: "mod of Host starts from the incoming host",
    chain: 'modRequestHeader("Host", "^(.*)$", "www.$1")',
    request: { headers: [["Host", "example.org"]] },
    expect: { ctx: { outgoingHost: "www.example.org" }, requestHeaders: { host: "www.example.org" } },
  },
  {
    title: "mod of Host starts from the Host of a filter",
    chain: 'setRequestHeader("Host", "a.b") -> modRequestHeader("Host", "a", "c")',
    expect: { ctx: { outgoingHost: "c.b" } },
  },
  {
    title: "copy takes the first value, an empty one counts as none",
    chain: 'copyRequestHeader("x-a", "X-B") -> requestCopyHeader("X-E", "X-A") -> copyRequestHeader("X-None", "X-A")',
    request: {
      headers: [...twice, ["X-B", "old"], ["X-E", ""]],
    },
    expect: { requestHeaders: { "x-a": ["v1", "v2"], "x-b": "v1", "x-e": "" } },
  },
  {
    title: "copy in the response",
    chain: 'copyResponseHeader("x-a", "X-B") -> responseCopyHeader("X-A", "X-C")',
    answer: { headers: twice },
    expect: { headers: { "x-a": ["v1", "v2"], "x-b": "v1", "x-c": "v1" } },
  },
  {
    title: "values of the context as text",
    chain:
      'backendTimeout("90s") -> consistentHashBalanceFactor(1.5) -> annotate("k2", "v2") -> annotate("k", "v") -> setContextRequestHeader("X-A", "backend:timeout") -> appendContextRequestHeader("X-A", "consistentHashBalanceFactor") -> setContextRequestHeader("X-B", "filter.annotate") -> setContextRequestHeader("X-C", "read:timeout")',
    expect: { requestHeaders: { "x-a": ["1m30s", "1.5"], "x-b": "map[k:v k2:v2]" } },
  },
  {
    title: "values of the context in the response",
    chain:
      'setContextResponseHeader("X-A", "fastCgiFilename") -> appendContextResponseHeader("X-A", "backend:dynamic:url") -> appendContextResponseHeader("X-A", "none") -> setDynamicBackendUrl("http://a") -> setFastCgiFilename("a.php")',
    expect: { headers: { "x-a": "a.php" } },
  },
  {
    title: "host rule of context values",
    chain: 'setFastCgiFilename("ctx.example") -> setContextRequestHeader("Host", "fastCgiFilename")',
    expect: { ctx: { outgoingHost: "ctx.example" } },
  },
  {
    title: "base64 of the whole value",
    chain: 'encodeBase64RequestHeader("x-a") -> decodeBase64ResponseHeader("X-A")',
    request: { headers: [["X-A", "hello world"]] },
    answer: { headers: [["X-A", "aGVsbG8="]] },
    expect: { requestHeaders: { "x-a": "aGVsbG8gd29ybGQ=" }, headers: { "x-a": "hello" } },
  },
  {
    title: "base64 of a part",
    chain: 'decodeBase64RequestHeader("X-A", 1) -> encodeBase64ResponseHeader("X-A", 0.9)',
    request: { headers: [["X-A", "Basic  aGVsbG8=  x"]] },
    answer: { headers: [["X-A", "a b"]] },
    expect: { requestHeaders: { "x-a": "Basic hello x" }, headers: { "x-a": "YQ== b" } },
  },
  {
    title: "base64 that cannot be",
    chain:
      'decodeBase64RequestHeader("X-A") -> decodeBase64RequestHeader("X-B") -> decodeBase64RequestHeader("X-C") -> encodeBase64RequestHeader("X-D", 9) -> encodeBase64RequestHeader("X-D", -1) -> encodeBase64RequestHeader("X-E")',
    request: {
      headers: [
        ["X-A", "!!notb64"],
        ["X-B", "aGVsbG8"],
        ["X-C", "_-8="],
        ["X-D", "a b"],
      ],
    },
    expect: {
      requestHeaders: { "x-a": "!!notb64", "x-b": "aGVsbG8", "x-c": "_-8=", "x-d": "a b" },
      logged: [
        /^warn decodeBase64 filter error for header X-A: /,
        /^warn decodeBase64 filter error for header X-B: /,
        /^warn decodeBase64 filter error for header X-C: /,
        /^warn encodeBase64 filter error for header X-D: part index 9 /,
        /^warn encodeBase64 filter error for header X-D: part index -1 /,
      ],
    },
  },
  { title: "any origin", chain: "corsOrigin()", expect: { headers: { "access-control-allow-origin": "*" } } },
  {
    title: "a listed origin",
    chain: 'corsOrigin("https://x.org", "http://y")',
    request: { headers: [["Origin", "http://y"]] },
    expect: { headers: { "access-control-allow-origin": "http://y" } },
  },
  {
    title: "an origin in other case",
    chain: 'corsOrigin("http://y")',
    request: { headers: [["Origin", "http://Y"]] },
    expect: { headers: {} },
  },
  { title: "no origin", chain: 'corsOrigin("http://y")', expect: { headers: {} } },
  {
    title: "xforward",
    chain: "xforward()",
    request: {
      remoteAddress: "192.0.2.7",
      headers: [
        ["X-Forwarded-For", "1.1.1.1"],
        ["X-Forwarded-For", "2.2.2.2"],
        ["X-Forwarded-Host", "old"],
      ],
    },
    expect: { requestHeaders: { "x-forwarded-for": "1.1.1.1, 192.0.2.7", "x-forwarded-host": "example.org" } },
  },
  {
    title: "xforward without header",
    chain: "xforward()",
    expect: { requestHeaders: { "x-forwarded-for": "127.0.0.1", "x-forwarded-host": "example.org" } },
  },
  {
    title: "xforwardFirst",
    chain: 'setRequestHeader("Host", "zz") -> xforwardFirst()',
    request: { headers: [["X-Forwarded-For", "1.1.1.1"]] },
    expect: {
      requestHeaders: { host: "zz", "x-forwarded-for": "127.0.0.1, 1.1.1.1", "x-forwarded-host": "example.org" },
    },
  },
]);

for (const [chain, old, kept] of [
  ["flowId()", "abcdefgh12", false],
  ['flowId("x")', "abcdefgh12", false],
  ['flowId("REUSE", 8)', "abcdefgh", true],
  ['flowId("reuse")', "a+-bcdefgh12", true],
  ['flowId("reuse")', "x".repeat(64), true],
  ['flowId("reuse")', "x".repeat(65), false],
  ['flowId("reuse")', "abcdefg", false],
  ['flowId("reuse")', "abcdefgh_", false],
  ['flowId("reuse")', "", false],
] as const) {
  test(`${chain} with ${JSON.stringify(old)}`, async () => {
    const { requestHeaders } = await runChain(chain, { headers: [["X-Flow-Id", old]] });
    if (kept) assert.deepEqual(requestHeaders["x-flow-id"], [old]);
    else assert.match(requestHeaders["x-flow-id"]!.join(), /^[0-9a-zA-Z+-]{16}$/);
  });
}

test("flowId says that further arguments are out of use", async () => {
  const env = fakeEnv();
  await runChain('flowId("reuse") -> flowId("reuse", "uuid")', {}, {}, env);
  assert.deepEqual(env.logged, ["warn flowId: arguments behind the first are deprecated and have no effect"]);
});

test("flow ids use the whole alphabet and do not repeat", async () => {
  const ids = new Set<string>();
  for (let i = 0; i < 500; i++) ids.add((await runChain("flowId()")).requestHeaders["x-flow-id"]!.join());
  assert.equal(ids.size, 500);
  assert.equal(new Set([...ids].join("")).size, 64);
});

test("base64 comes back, and nothing but it is taken", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.string({ maxLength: 12 }), (bytes, text) => {
      const plain = Buffer.from(bytes).toString("latin1");
      const coded = encodeBase64(plain);
      assert.ok("text" in coded);
      assert.deepEqual(decodeBase64(coded.text), { text: plain });
      const read = decodeBase64(text);
      if ("text" in read) assert.match(text, /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);
    }),
  );
});
