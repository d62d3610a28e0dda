// Behaviour of the log filters (spec filters 8 and 10).

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bodyText, FakeContext, type FakeRequest, fakeEnv, makeFilters } from "../../../test/support/fake-context.ts";
import { testFilters } from "../../../test/support/filter-table.ts";
import { watchBody } from "./passing-body.ts";

/** A token with this payload; the parts around it are not looked at. */
const bearer = (payload: string) => ({
  headers: [["Authorization", `Bearer e30.${Buffer.from(payload).toString("base64url")}.sig`]] as const,
});
const audit = (value: string, request: { headers: readonly (readonly [string, string])[] }) => ({
  requestHeaders: { authorization: request.headers[0]![1], "x-unverified-audit": value },
});

testFilters([
  { title: "all", chain: "enableAccessLog()", expect: { ctx: { accessLog: { enable: true, prefixes: [] } } } },
  {
    title: "the last one wins",
    chain: "enableAccessLog(4, 50.9) -> disableAccessLog(2)",
    expect: { ctx: { accessLog: { enable: false, prefixes: [2] } } },
  },
  {
    title: "older switch",
    chain: 'accessLogDisabled("true")',
    expect: { ctx: { accessLog: { enable: false, prefixes: [] } } },
  },
  {
    title: "older switch, on",
    chain: 'accessLogDisabled("false")',
    expect: { ctx: { accessLog: { enable: true, prefixes: [] } } },
  },
  {
    title: "masked parameters add up",
    chain: 'disableAccessLog() -> maskAccessLogQuery("a", "b") -> maskAccessLogQuery("b", "c")',
    expect: { ctx: { accessLog: { enable: true, prefixes: [] }, accessLogMaskedQuery: new Set(["a", "b", "c"]) } },
  },
  {
    title: "request head",
    chain: "logHeader()",
    request: {
      method: "POST",
      target: "/a%20b?q=1",
      headers: [
        ["Authorization", "secret"],
        ["X-A", "1"],
        ["X-A", "ü"].map((text) => Buffer.from(text).toString("latin1")) as [string, string],
        ["Authorization", "other secret"],
      ],
    },
    expect: {
      logged: ["info POST /a b HTTP/1.1\r\nHost: example.org\r\nAuthorization: TRUNCATED\r\nX-A: 1 ü\r\n\r\n"],
    },
  },
  {
    title: "both heads",
    chain: 'logHeader("Request", "RESPONSE")',
    answer: { status: 404, headers: [["X-B", "2"]] },
    expect: {
      logged: [
        "info GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
        "info Response for GET / HTTP/1.1\r\n404 Not Found\r\nX-B: 2\r\n\r\n",
      ],
    },
  },
  { title: "other words", chain: 'logHeader("foo")', expect: { logged: [] } },
  ...(
    [
      ["unverifiedAuditLog()", '{"sub":"me@x","azp":"p"}', "me@x"],
      ['unverifiedAuditLog("azp", "sub")', '{"sub":"me","azp":"p"}', "p"],
      ['unverifiedAuditLog("azp", "sub")', '{"sub":"me","azp":5}', "me"],
      ["unverifiedAuditLog()", '{"sub":"a b"}', "<invalid-sub>"],
      ["unverifiedAuditLog()", '{"sub":"a\\nb"}', "<invalid-sub>"],
      ["unverifiedAuditLog()", '{"sub":""}', ""],
    ] as const
  ).map(([chain, payload, value]) => ({
    title: payload,
    chain,
    request: bearer(payload),
    expect: audit(value, bearer(payload)),
  })),
  ...['{"azp":"p"}', '{"sub":5}', "[]", "null", "x", ""].map((payload) => ({
    title: `nothing from ${JSON.stringify(payload)}`,
    chain: "unverifiedAuditLog()",
    request: bearer(payload),
    expect: { requestHeaders: { authorization: bearer(payload).headers[0]![1] } },
  })),
  ...[
    "Bearer xx",
    "bearer e30.eyJzdWIiOiJ4In0.sig",
    "Bearer a.b",
    "Bearer e30.eyJzdWIiOiJ4In0=.sig",
    "Bearer a.b.c.d",
  ].map((authorization) => ({
    title: authorization,
    chain: "unverifiedAuditLog()",
    request: { headers: [["Authorization", authorization]] as const },
    expect: { requestHeaders: { authorization } },
  })),
  {
    title: "behind a header of the client",
    chain: "unverifiedAuditLog()",
    request: { headers: [["X-Unverified-Audit", "orig"], bearer('{"sub":"x"}').headers[0]] },
    expect: {
      requestHeaders: {
        authorization: bearer('{"sub":"x"}').headers[0]![1],
        "x-unverified-audit": ["orig", "x"],
      },
    },
  },
]);

/** The audit line of a request with this body, answered with 200; the body passes before the response, as far as `passed` says. */
async function auditLine(
  chain: string,
  given: FakeRequest,
  { limit = 1024, passed = Number.POSITIVE_INFINITY, state = {} as Record<string, unknown> } = {},
): Promise<string> {
  const fake = fakeEnv();
  const env = { ...fake, options: { ...fake.options, maxAuditBodyBytes: limit } };
  const filters = makeFilters(chain, env);
  const ctx = new FakeContext(given);
  for (const [key, value] of Object.entries(state)) ctx.stateBag.set(key, value);
  for (const filter of filters) await filter.request?.(ctx);
  for (const piece of (given.body ?? []).slice(0, passed)) {
    for (const transform of ctx.requestTransforms) transform.write(Buffer.from(piece, "latin1"));
  }
  ctx.respond(200, []);
  for (const filter of filters.toReversed()) await filter.response?.(ctx);
  assert.equal(env.logged.length, 1);
  assert.match(env.logged[0]!, /^audit /);
  return env.logged[0]!.slice("audit ".length);
}

const post = (...body: string[]): FakeRequest => ({ method: "POST", target: "/p%20q?x=1", body });

for (const [title, chain, given, options, expected] of [
  ["no body", "auditLog()", { target: "/a?b" }, {}, '{"method":"GET","path":"/a","status":200}'],
  [
    "a body",
    "auditLog()",
    post("ab", 'c"d'),
    {},
    '{"method":"POST","path":"/p q","status":200,"requestBody":"abc\\"d"}',
  ],
  ["an empty piece", "auditLog()", post("", "a"), {}, '{"method":"POST","path":"/p q","status":200,"requestBody":"a"}'],
  [
    "a limit",
    "auditLog()",
    post("abc", "def"),
    { limit: 4 },
    '{"method":"POST","path":"/p q","status":200,"requestBody":"abcd"}',
  ],
  ["no body wanted", "auditLog()", post("abc"), { limit: 0 }, '{"method":"POST","path":"/p q","status":200}'],
  [
    "all of it",
    "auditLog()",
    post("x".repeat(3000)),
    { limit: -1 },
    `{"method":"POST","path":"/p q","status":200,"requestBody":"${"x".repeat(3000)}"}`,
  ],
  [
    "an early answer",
    "auditLog()",
    post("abc", "def"),
    { passed: 1 },
    '{"method":"POST","path":"/p q","status":200,"requestBody":"abc"}',
  ],
  ["nothing has passed", "auditLog()", post("abc"), { passed: 0 }, '{"method":"POST","path":"/p q","status":200}'],
  [
    "markup",
    "auditLog()",
    post("<a&b>"),
    {},
    '{"method":"POST","path":"/p q","status":200,"requestBody":"\\u003ca\\u0026b\\u003e"}',
  ],
  [
    "what is no text",
    "auditLog()",
    post("\xff\x01"),
    {},
    '{"method":"POST","path":"/p q","status":200,"requestBody":"\ufffd\\u0001"}',
  ],
  [
    "a user",
    "auditLog()",
    {},
    { state: { "auth-user": "jane" } },
    '{"method":"GET","path":"/","status":200,"authStatus":{"user":"jane","rejected":false}}',
  ],
  [
    "a reason",
    "auditLog()",
    {},
    { state: { "auth-reject-reason": "scope" } },
    '{"method":"GET","path":"/","status":200,"authStatus":{"rejected":true,"reason":"scope"}}',
  ],
  [
    "both",
    "auditLog()",
    {},
    { state: { "auth-user": "j", "auth-reject-reason": "r" } },
    '{"method":"GET","path":"/","status":200,"authStatus":{"user":"j","rejected":true,"reason":"r"}}',
  ],
  [
    "path and status at its place",
    'auditLog() -> setPath("/new") -> status(418)',
    {},
    {},
    '{"method":"GET","path":"/new","status":418}',
  ],
  ["status of filters to its left", "status(418) -> auditLog()", {}, {}, '{"method":"GET","path":"/","status":200}'],
] as const) {
  test(`auditLog, ${title}: ${chain}`, async () => {
    assert.equal(await auditLine(chain, given as FakeRequest, options), expected);
  });
}

test("what is shown of a body is its beginning, wherever it was cut and whatever the limit; the body passes as it is", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), fc.integer({ min: -1, max: 60 }), (chunks, limit) => {
      const seen: Buffer[] = [];
      const transform = watchBody(limit, (piece) => seen.push(Buffer.from(piece)));
      for (const chunk of chunks) assert.equal(transform.write(chunk), chunk);
      assert.equal(transform.end(), null);
      assert.equal(transform.keepsLength, true);
      const whole = Buffer.concat(chunks);
      assert.deepEqual(Buffer.concat(seen), whole.subarray(0, Math.max(limit, 0)));
      assert.ok(seen.every((piece) => piece.length > 0));
    }),
  );
});

for (const [chain, request, pieces, expected] of [
  ['logBody("request", 9)', post("ab", "cd"), [], ['info logBody("request") : "ab"', 'info logBody("request") : "cd"']],
  [
    'logBody("request", 3)',
    post("ab", "cd", "ef"),
    [],
    ['info logBody("request") : "ab"', 'info logBody("request") : "c"'],
  ],
  ['logBody("request", 0)', post("ab"), [], []],
  ['logBody("request", -1)', post("ab"), [], []],
  ['logBody("request", 9)', post(), ["answer"], []],
  [
    'logBody("response", 4)',
    { headers: [["X-Flow-Id", "f-1"]] },
    ["ab", 'c"\n'],
    ['info logBody("response") f-1: "ab"', 'info logBody("response") f-1: "c\\""'],
  ],
  ['logBody("response", 4)', { body: ["q"] }, [], []],
] as const) {
  test(`${chain} of ${JSON.stringify(request)} and ${JSON.stringify(pieces)}`, async () => {
    const env = fakeEnv();
    const [filter] = makeFilters(chain, env);
    const ctx = new FakeContext(request as FakeRequest);
    await filter!.request?.(ctx);
    await filter!.response?.(ctx);
    const sent = (request as FakeRequest).body ?? [];
    for (const piece of sent) for (const transform of ctx.requestTransforms) transform.write(Buffer.from(piece));
    const body = (async function* () {
      for (const piece of pieces) yield Buffer.from(piece);
    })();
    assert.equal(await bodyText(body, ctx.responseTransforms), pieces.join(""));
    assert.deepEqual(env.logged, expected);
  });
}
