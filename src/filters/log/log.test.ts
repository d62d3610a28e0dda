// Behaviour of the log filters (spec filters 8 and 10).

import { testFilters } from "../../../test/support/filter-table.ts";

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
