// What cache() answers from the store and what it stores, step by step (spec filters 9.5, RFC 9111). Long because it is a table.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { callProblem, FakeContext, type FakeRequest, type HeaderList } from "../../../test/support/fake-context.ts";
import { parseFilters } from "../../eskip/parser.ts";
import { type Answer, httpDate, Scenario, START_MS } from "./cache-scenario.fixture.ts";

const RFC = "cache()";
const FORCE = 'cache("10s", "5s", "20s")';
const WITH_ERRORS = 'cache("10s", "5s", "1s", "60s")';
const ETAG = '"e1"';
const MODIFIED = "Thu, 01 Jan 2026 00:00:00 GMT";

function control(value: string, ...more: HeaderList): Answer {
  return { headers: [["Cache-Control", value], ...more] };
}

function asking(value: string, ...more: HeaderList): FakeRequest {
  return { headers: [["Cache-Control", value], ...more] };
}

/** A request, what the backend says if it is asked, and what comes of it; the body is the number of the step unless told. */
interface Step {
  readonly afterMs?: number;
  readonly send?: FakeRequest;
  readonly answer?: Answer;
  readonly want: string;
}

interface Case {
  readonly title: string;
  readonly chain?: string;
  readonly steps: readonly Step[];
}

const LASTING = control("max-age=60");

/** A response that is stored, or not: the second request tells. */
function stored(title: string, answer: Answer, send: FakeRequest = {}, chain = RFC): Case {
  const status = answer.status ?? 200;
  return { title, chain, steps: [{ send, answer, want: `${status} MISS v0` }, { want: `${status} HIT age=0 v0` }] };
}

function notStored(title: string, answer: Answer, send: FakeRequest = {}, chain = RFC): Case {
  return {
    title,
    chain,
    steps: [
      { send, answer, want: `${answer.status ?? 200} MISS v0` },
      { answer: LASTING, want: "200 MISS v1" },
    ],
  };
}

const cases: readonly Case[] = [
  // What is stored.
  stored("max-age", LASTING),
  stored("s-maxage counts more than max-age", control("max-age=0, s-maxage=60")),
  stored("Expires", { headers: [["Expires", httpDate(START_MS + 60_000)]] }),
  stored("a tenth of the time since Last-Modified", { headers: [["Last-Modified", httpDate(START_MS - 100_000)]] }),
  stored("any status with a lifetime", { ...LASTING, status: 500 }),
  stored("a Cache-Control in two lines", {
    headers: [
      ["Cache-Control", "public"],
      ["cache-control", 'MAX-AGE="60"'],
    ],
  }),
  stored("public for an Authorization", control("public, max-age=60"), { headers: [["Authorization", "x"]] }),
  stored("must-revalidate for an Authorization", control("must-revalidate, max-age=60"), {
    headers: [["Authorization", "x"]],
  }),
  stored("a whole response to a range request", LASTING, { headers: [["Range", "bytes=0-1"]] }),
  stored("no-store and private in force mode", control("no-store, private"), {}, FORCE),
  stored("404 in force mode", { status: 404 }, {}, FORCE),
  stored("500 in force mode", { status: 500 }, {}, FORCE),
  stored("a Set-Cookie", {
    headers: [
      ["Cache-Control", "max-age=60"],
      ["Set-Cookie", "a=b"],
    ],
  }),
  notStored("no-store", control("no-store, max-age=60")),
  notStored("private", control("private, max-age=60")),
  notStored("private for a field", control('private="set-cookie", max-age=60')),
  stored("must-understand of a status that is known", control("must-understand, max-age=60")),
  notStored("must-understand of one that is not", { ...control("must-understand, max-age=60"), status: 599 }),
  notStored("no lifetime", {}),
  notStored("Vary: *", {
    headers: [
      ["Cache-Control", "max-age=60"],
      ["Vary", "a, *"],
    ],
  }),
  notStored("an Authorization", LASTING, { headers: [["Authorization", "x"]] }),
  notStored("s-maxage for an Authorization", control("s-maxage=60"), { headers: [["Authorization", "x"]] }),
  notStored("206", { ...LASTING, status: 206 }, { headers: [["Range", "bytes=0-1"]] }),
  notStored("a Last-Modified of a status that is not cacheable by itself", {
    status: 403,
    headers: [["Last-Modified", httpDate(START_MS - 100_000)]],
  }),
  notStored("a request with no-store", LASTING, asking("no-store")),
  notStored("a request with a body", LASTING, { body: ["x"] }),
  notStored("OPTIONS", LASTING, { method: "OPTIONS" }),
  notStored("201 in force mode", { status: 201 }, {}, FORCE),
  notStored("a body of another length than declared", control("max-age=60", ["Content-Length", "3"])),
  {
    title: "a lifetime of 0 is stored, and every look-up is a miss",
    steps: [
      { answer: control("max-age=0"), want: "200 MISS v0" },
      { answer: LASTING, want: "200 MISS v1" },
      { want: "200 HIT age=0 v1" },
    ],
  },
  {
    title: "no-cache is stored, and every look-up is a miss",
    chain: FORCE,
    steps: [
      { answer: control("no-cache"), want: "200 MISS v0" },
      { want: "200 MISS v1" },
      { want: "200 HIT age=0 v1" },
    ],
  },
  {
    title: "an invalid Expires has passed, as an invalid max-age",
    steps: [
      { answer: { headers: [["Expires", "tomorrow"]] }, want: "200 MISS v0" },
      { answer: control("max-age=x"), want: "200 MISS v1" },
      { answer: LASTING, want: "200 MISS v2" },
    ],
  },

  {
    title: "a request for another protocol goes past the store",
    steps: [
      { send: { headers: [["Upgrade", "websocket"]] }, answer: LASTING, want: "200 - v0" },
      { answer: LASTING, want: "200 MISS v1" },
      { send: { headers: [["Upgrade", "websocket"]] }, want: "200 - v2" },
    ],
  },

  // Age and freshness.
  {
    title: "the age grows until the lifetime is over",
    steps: [
      { answer: control("max-age=10"), want: "200 MISS v0" },
      { afterMs: 3900, want: "200 HIT age=3 v0" },
      { afterMs: 6000, want: "200 HIT age=9 v0" },
      { afterMs: 200, answer: LASTING, want: "200 MISS v3" },
    ],
  },
  {
    title: "the age at arrival counts: Age",
    steps: [
      { answer: control("max-age=10", ["Age", "7"]), want: "200 MISS v0" },
      { afterMs: 1000, want: "200 HIT age=8 v0" },
      { afterMs: 2000, answer: LASTING, want: "200 MISS v2" },
    ],
  },
  {
    title: "the age at arrival counts: Date",
    steps: [
      { answer: control("max-age=10", ["Date", httpDate(START_MS - 4000)]), want: "200 MISS v0" },
      { want: "200 HIT age=4 v0" },
      { afterMs: 6000, answer: LASTING, want: "200 MISS v2" },
    ],
  },
  {
    title: "a lifetime of the route counts from the arrival",
    chain: FORCE,
    steps: [
      { answer: { headers: [["Age", "100"]] }, want: "200 MISS v0" },
      { afterMs: 9000, want: "200 HIT age=109 v0" },
    ],
  },

  // What a request asks for.
  {
    title: "request no-cache and max-age=0 ask the backend and renew the entry",
    steps: [
      { answer: LASTING, want: "200 MISS v0" },
      { send: asking("no-cache"), answer: LASTING, want: "200 MISS v1" },
      { want: "200 HIT age=0 v1" },
      { send: asking("max-age=0"), answer: LASTING, want: "200 MISS v3" },
      { want: "200 HIT age=0 v3" },
      { send: asking("no-store"), answer: LASTING, want: "200 MISS v5" },
      { want: "200 HIT age=0 v3" },
    ],
  },
  {
    title: "only-if-cached",
    steps: [
      { send: asking("only-if-cached"), want: "504 MISS" },
      { answer: control("max-age=10"), want: "200 MISS v1" },
      { send: asking("only-if-cached"), want: "200 HIT age=0 v1" },
      { afterMs: 11_000, send: asking("only-if-cached"), want: "504 MISS" },
    ],
  },
  {
    title: "only-if-cached takes nothing stale",
    chain: FORCE,
    steps: [{ want: "200 MISS v0" }, { afterMs: 11_000, send: asking("only-if-cached"), want: "504 MISS" }],
  },
  {
    title: "min-fresh and max-age of a request",
    steps: [
      { answer: LASTING, want: "200 MISS v0" },
      { afterMs: 10_000, send: asking("min-fresh=50"), want: "200 HIT age=10 v0" },
      { send: asking("max-age=10"), want: "200 HIT age=10 v0" },
      { send: asking("min-fresh=51"), answer: LASTING, want: "200 MISS v3" },
      { afterMs: 10_000, send: asking("max-age=9"), answer: LASTING, want: "200 MISS v4" },
    ],
  },
  {
    title: "a range is asked of the backend",
    steps: [
      { answer: LASTING, want: "200 MISS v0" },
      { send: { headers: [["Range", "bytes=0-0"]] }, answer: { status: 206 }, want: "206 MISS v1" },
      { want: "200 HIT age=0 v0" },
    ],
  },
  {
    title: "conditions that only the backend can judge go there",
    steps: [
      { answer: LASTING, want: "200 MISS v0" },
      { send: { headers: [["If-Match", '"x"']] }, answer: { status: 412 }, want: "412 MISS v1" },
    ],
  },

  // Keys.
  {
    title: "host, path and query belong to the key, in the encoding that the backend sees",
    steps: [
      { send: { target: "/a/b" }, answer: LASTING, want: "200 MISS v0" },
      { send: { target: "/a/b", host: "other.example" }, answer: LASTING, want: "200 MISS v1" },
      { send: { target: "/a/b?" }, answer: LASTING, want: "200 HIT age=0 v0" },
      { send: { target: "/a/b?c" }, answer: LASTING, want: "200 MISS v3" },
      { send: { target: "/a%2Fb" }, answer: LASTING, want: "200 MISS v4" },
      { send: { target: "/a/b" }, want: "200 HIT age=0 v0" },
    ],
  },
  {
    title: "key headers",
    chain: 'cache("10s", "5s", "1s", "0s", "X-A, x-b")',
    steps: [
      { send: { headers: [["X-A", "1"]] }, want: "200 MISS v0" },
      {
        send: {
          headers: [
            ["X-A", "1"],
            ["X-A", "2"],
          ],
        },
        want: "200 HIT age=0 v0",
      },
      { send: { headers: [["X-A", "2"]] }, want: "200 MISS v2" },
      {
        send: {
          headers: [
            ["X-A", "1"],
            ["X-B", ""],
          ],
        },
        want: "200 MISS v3",
      },
      {
        send: {
          headers: [
            ["X-A", "1"],
            ["X-C", "1"],
          ],
        },
        want: "200 HIT age=0 v0",
      },
    ],
  },
  {
    title: "Vary: a second key of the values, whatever the blanks and lines",
    steps: [
      {
        send: { headers: [["X-V", "a, b"]] },
        answer: control("max-age=60", ["Vary", "X-V , x-w"]),
        want: "200 MISS v0",
      },
      {
        send: {
          headers: [
            ["x-v", "a"],
            ["X-V", "b"],
          ],
        },
        want: "200 HIT age=0 v0",
      },
      { send: { headers: [["X-V", "b, a"]] }, answer: control("max-age=60", ["Vary", "x-w,x-v"]), want: "200 MISS v2" },
      { send: { headers: [["X-V", "a,b"]] }, want: "200 HIT age=0 v0" },
      {
        send: {
          headers: [
            ["X-V", "a,b"],
            ["X-W", ""],
          ],
        },
        answer: {},
        want: "200 MISS v4",
      },
      { answer: {}, want: "200 MISS v5" },
    ],
  },
  {
    title: "Vary: when other headers decide, variants of before are gone",
    steps: [
      { send: { headers: [["X-V", "a"]] }, answer: control("max-age=60", ["Vary", "X-V"]), want: "200 MISS v0" },
      { send: { headers: [["X-V", "b"]] }, answer: control("max-age=60", ["Vary", "X-W"]), want: "200 MISS v1" },
      { send: { headers: [["X-V", "a"]] }, want: "200 HIT age=0 v1" },
    ],
  },

  // Conditional requests.
  {
    title: "the store answers conditions with 304",
    steps: [
      { answer: control("max-age=60", ["ETag", ETAG], ["Last-Modified", MODIFIED]), want: "200 MISS v0" },
      { send: { headers: [["If-None-Match", ETAG]] }, want: "304 HIT age=0" },
      { send: { headers: [["If-None-Match", `"a,b", W/${ETAG}`]] }, want: "304 HIT age=0" },
      { send: { headers: [["If-None-Match", "*"]] }, want: "304 HIT age=0" },
      {
        send: {
          headers: [
            ["If-None-Match", '"no"'],
            ["If-Modified-Since", MODIFIED],
          ],
        },
        want: "200 HIT age=0 v0",
      },
      { send: { headers: [["If-Modified-Since", MODIFIED]] }, want: "304 HIT age=0" },
      { send: { headers: [["If-Modified-Since", "Wed, 31 Dec 2025 23:59:59 GMT"]] }, want: "200 HIT age=0 v0" },
      { send: { headers: [["If-Modified-Since", "soon"]] }, want: "200 HIT age=0 v0" },
      { send: { method: "HEAD", headers: [["If-None-Match", ETAG]] }, want: "304 HIT age=0" },
    ],
  },
  {
    title: "only a 200 is not modified",
    steps: [
      {
        answer: {
          status: 404,
          headers: [
            ["Cache-Control", "max-age=60"],
            ["ETag", ETAG],
          ],
        },
        want: "404 MISS v0",
      },
      { send: { headers: [["If-None-Match", ETAG]] }, want: "404 HIT age=0 v0" },
    ],
  },
  {
    title: "a 304 of the backend renews the entry that it is about",
    steps: [
      { answer: control("max-age=10", ["ETag", ETAG]), want: "200 MISS v0" },
      {
        afterMs: 11_000,
        send: { headers: [["If-None-Match", ETAG]] },
        answer: {
          status: 304,
          headers: [
            ["ETag", ETAG],
            ["Cache-Control", "max-age=20"],
          ],
        },
        want: "304 MISS",
      },
      { afterMs: 19_000, want: "200 HIT age=19 v0" },
    ],
  },
  {
    title: "a 304 about something else changes nothing",
    steps: [
      { answer: control("max-age=10", ["ETag", ETAG]), want: "200 MISS v0" },
      {
        afterMs: 11_000,
        send: { headers: [["If-None-Match", '"e2"']] },
        answer: {
          status: 304,
          headers: [
            ["ETag", '"e2"'],
            ["Cache-Control", "max-age=20"],
          ],
        },
        want: "304 MISS",
      },
      {
        send: { headers: [["If-None-Match", '"e1", "e2"']] },
        answer: control("max-age=60"),
        want: "200 MISS v2",
      },
      { want: "200 HIT age=0 v2" },
    ],
  },

  // HEAD.
  {
    title: "HEAD is answered from the entry of GET, and stores nothing itself",
    steps: [
      { send: { method: "HEAD" }, answer: LASTING, want: "200 -" },
      { answer: LASTING, want: "200 MISS v1" },
      { send: { method: "HEAD" }, want: "200 HIT age=0" },
      { send: { method: "HEAD", target: "/none" }, answer: { status: 404, ...LASTING }, want: "404 MISS" },
      { send: { target: "/none" }, answer: {}, want: "200 MISS v4" },
    ],
  },
  {
    title: "HEAD renews the head of the entry",
    steps: [
      { answer: control("max-age=10", ["ETag", ETAG]), want: "200 MISS v0" },
      { afterMs: 11_000, send: { method: "HEAD" }, answer: control("max-age=20", ["ETag", ETAG]), want: "200 -" },
      { afterMs: 5000, want: "200 HIT age=5 v0" },
    ],
  },
  {
    title: "a HEAD from the store renews nothing",
    steps: [
      { answer: control("max-age=10"), want: "200 MISS v0" },
      { afterMs: 9000, send: { method: "HEAD" }, want: "200 HIT age=9" },
      { afterMs: 2000, answer: {}, want: "200 MISS v2" },
    ],
  },
  {
    title: "HEAD that tells of another body ends the entry",
    steps: [
      { answer: control("max-age=60", ["Content-Length", "2"]), want: "200 MISS v0" },
      {
        send: { method: "HEAD", headers: [["Cache-Control", "no-cache"]] },
        answer: control("max-age=60", ["Content-Length", "3"]),
        want: "200 -",
      },
      { answer: {}, want: "200 MISS v2" },
    ],
  },

  // Unsafe methods.
  {
    title: "a successful unsafe request ends the entry of its target",
    steps: ["POST", "PUT", "DELETE", "PATCH", "PURGE"].flatMap((method): Step[] => [
      { answer: LASTING, want: `200 MISS v${["POST", "PUT", "DELETE", "PATCH", "PURGE"].indexOf(method) * 3}` },
      { send: { method, body: ["x"] }, answer: { status: 204 }, want: "204 -" },
      {
        send: { method },
        answer: { status: 303 },
        want: `303 - v${["POST", "PUT", "DELETE", "PATCH", "PURGE"].indexOf(method) * 3 + 2}`,
      },
    ]),
  },
  {
    title: "a failed one does not",
    steps: [
      { answer: LASTING, want: "200 MISS v0" },
      { send: { method: "POST" }, answer: { ...LASTING, status: 400 }, want: "400 MISS v1" },
      { want: "200 HIT age=0 v0" },
    ],
  },
  {
    title: "all variants end",
    steps: [
      { send: { headers: [["X-V", "a"]] }, answer: control("max-age=60", ["Vary", "X-V"]), want: "200 MISS v0" },
      { send: { headers: [["X-V", "b"]] }, answer: control("max-age=60", ["Vary", "X-V"]), want: "200 MISS v1" },
      { send: { method: "DELETE" }, answer: {}, want: "200 - v2" },
      { send: { headers: [["X-V", "a"]] }, answer: control("max-age=60", ["Vary", "X-V"]), want: "200 MISS v3" },
      { send: { headers: [["X-V", "b"]] }, answer: {}, want: "200 MISS v4" },
    ],
  },
  {
    title: "what Location and Content-Location name at the same origin ends",
    steps: [
      { send: { target: "/new?q=1" }, answer: LASTING, want: "200 MISS v0" },
      { send: { target: "/x/rel" }, answer: LASTING, want: "200 MISS v1" },
      { send: { target: "/kept" }, answer: LASTING, want: "200 MISS v2" },
      {
        send: { method: "POST", target: "/x/y" },
        answer: {
          status: 201,
          headers: [
            ["Location", "http://Backend.test:80/new?q=1"],
            ["Content-Location", "rel"],
          ],
        },
        want: "201 - v3",
      },
      { send: { target: "/new?q=1" }, answer: {}, want: "200 MISS v4" },
      { send: { target: "/x/rel" }, answer: {}, want: "200 MISS v5" },
      {
        send: { method: "POST", target: "/x/y" },
        answer: {
          status: 201,
          headers: [
            ["Location", "http://elsewhere.example/kept"],
            ["Content-Location", "http://["],
          ],
        },
        want: "201 - v6",
      },
      { send: { target: "/kept" }, want: "200 HIT age=0 v2" },
    ],
  },

  // Stale answers.
  {
    title: "RFC mode serves nothing stale",
    steps: [
      { answer: control("max-age=10, stale-while-revalidate=60"), want: "200 MISS v0" },
      { afterMs: 11_000, send: asking("max-stale"), answer: {}, want: "200 MISS v1" },
    ],
  },
  {
    title: "force mode: stale for a while, then a miss",
    chain: FORCE,
    steps: [
      { want: "200 MISS v0" },
      { afterMs: 11_000, want: "200 STALE age=11 v0" },
      { send: asking("max-stale"), want: "200 STALE age=11 v0" },
      { send: asking("max-stale=1"), want: "200 STALE age=11 v0" },
      { send: { method: "HEAD" }, want: "200 STALE age=11" },
      { afterMs: 20_000, want: "200 MISS v5" },
    ],
  },
  ...["must-revalidate", "proxy-revalidate", "s-maxage=5"].map(
    (directive): Case => ({
      title: `force mode: never stale with ${directive}`,
      chain: FORCE,
      steps: [
        { answer: control(directive), want: "200 MISS v0" },
        { afterMs: 11_000, want: "200 MISS v1" },
      ],
    }),
  ),
  {
    title: "force mode: staler than the client takes",
    chain: FORCE,
    steps: [{ want: "200 MISS v0" }, { afterMs: 13_000, send: asking("max-stale=2"), want: "200 MISS v1" }],
  },
  {
    title: "stale when the backend fails",
    chain: WITH_ERRORS,
    steps: [
      { want: "200 MISS v0" },
      { afterMs: 30_000, answer: { status: 503 }, want: "200 STALE age=30 v0" },
      { send: { method: "POST" }, answer: { status: 500 }, want: "500 MISS v2" },
      { afterMs: 30_000, answer: { status: 500 }, want: "200 STALE age=60 v0" },
      { afterMs: 11_000, answer: { status: 500 }, want: "500 MISS v4" },
      { afterMs: 7000, answer: { status: 502 }, want: "502 MISS v5" },
    ],
  },
  {
    title: "an error is not served for an error when that is off",
    chain: 'cache("10s", "5s", "1s", "-1s")',
    steps: [{ want: "200 MISS v0" }, { afterMs: 12_000, answer: { status: 503 }, want: "503 MISS v1" }],
  },
];

describe("cache()", () => {
  for (const { title, chain = RFC, steps } of cases) {
    test(`${title}: ${chain}`, async () => {
      const scenario = new Scenario(chain);
      for (const [i, { afterMs = 0, send = {}, answer = {}, want }] of steps.entries()) {
        scenario.nowMs += afterMs;
        assert.equal(await scenario.ask(send, { body: `v${i}`, ...answer }), want, `step ${i}`);
      }
    });
  }
});

const arguments_: readonly [string, boolean][] = [
  ["cache()", true],
  ['cache("1s", "1s", "1s")', true],
  ['cache("1s", "1s", "1s", "-1s", "X-A,X-B")', true],
  ['cache("1s")', false],
  ['cache("1s", "1s")', false],
  ['cache("0s", "1s", "1s")', false],
  ['cache("1s", "1s", "1s", "x")', false],
  ["cache(1, 1, 1)", false],
  ['cache("1s", "1s", "1s", "1s", "", "")', false],
];

for (const [text, isRight] of arguments_) {
  test(`${text} is ${isRight ? "accepted" : "refused"}`, () => {
    assert.equal(callProblem(parseFilters(text).filters[0]!) === "", isRight);
  });
}

test("hop-by-hop lines and those that Connection names are not stored, others are, as often as they stand", async () => {
  const scenario = new Scenario(RFC);
  const headers: HeaderList = [
    ["Cache-Control", "max-age=60"],
    ["Connection", "close, X-Hop"],
    ["X-Hop", "1"],
    ["Keep-Alive", "5"],
    ["Proxy-Authenticate", "x"],
    ["Trailer", "x"],
    ["Upgrade", "h2c"],
    ["Age", "3"],
    ["X-Cache-Status", "HIT"],
    ["Set-Cookie", "a=1"],
    ["Set-Cookie", "b=2"],
  ];
  await scenario.ask({}, { headers, body: "x" });
  const ctx = new FakeContext();
  assert.ok(await scenario.begin(ctx));
  const lines: string[] = [];
  ctx.response.headers.forEach((name, value) => void lines.push(`${name}: ${value}`));
  assert.deepEqual(lines, [
    "Cache-Control: max-age=60",
    "Set-Cookie: a=1",
    "Set-Cookie: b=2",
    "Date: Thu, 01 Jan 2026 00:00:00 GMT",
    "Age: 3",
    "X-Cache-Status: HIT",
  ]);
});

test("filters to the right are stored, those to the left run on hits", async () => {
  const scenario = new Scenario(`setResponseHeader("X-Left", "l") -> ${FORCE} -> setResponseHeader("X-Right", "r")`);
  assert.equal(await scenario.ask({}, { body: "v0" }), "200 MISS v0");
  const ctx = new FakeContext();
  assert.ok(await scenario.begin(ctx));
  assert.equal(ctx.response.headers.get("X-Left"), undefined);
  assert.equal(ctx.response.headers.get("X-Right"), "r");
  await scenario.finish(ctx, null);
  assert.equal(ctx.response.headers.get("X-Left"), "l");
});

test("two cache filters in one chain keep their requests apart", async () => {
  const scenario = new Scenario(`cache() -> ${FORCE}`);
  assert.equal(await scenario.ask({}, { body: "v0" }), "200 MISS v0");
  assert.equal(await scenario.ask({}, { body: "v1" }), "200 HIT age=0 v0");
});

test("an answer of another filter is not stored", async () => {
  const scenario = new Scenario(`${FORCE} -> inlineContent("x")`);
  assert.equal(await scenario.ask({}, {}), "200 - x");
  assert.equal(await scenario.ask({}, {}), "200 - x");
  assert.deepEqual(scenario.counted, { "cache.miss": 2 });
});

test("a body that breaks off, or that a filter puts another in place of, is not stored", async () => {
  const scenario = new Scenario(RFC);
  for (const end of ["broken", "replaced"]) {
    const ctx = new FakeContext();
    await scenario.begin(ctx);
    ctx.respond(200, [["Cache-Control", "max-age=60"]]);
    for (const filter of scenario.filters) await filter.response?.(ctx);
    if (end === "broken") {
      ctx.responseTransforms[0]!.write(Buffer.from("half"));
      ctx.responseTransforms[0]!.destroy?.();
    } else ctx.replaceResponseBody("other");
    for (const release of ctx.releases) release();
    assert.equal(await scenario.ask({}, { body: "v" }), "200 MISS v", end);
  }
});

test("a response from before an invalidation is not stored", async () => {
  const scenario = new Scenario(RFC);
  const ctx = new FakeContext();
  await scenario.begin(ctx);
  await scenario.ask({ method: "POST" }, {});
  assert.equal(scenario.summary(ctx, await scenario.finish(ctx, { ...LASTING, body: "old" })), "200 MISS old");
  assert.equal(await scenario.ask({}, { body: "new" }), "200 MISS new");
});

test("what is larger than an entry may be is not stored, counted and warned of, not with every response", async () => {
  const scenario = new Scenario(RFC);
  const limit = scenario.env.cache.entryLimitBytes;
  const large = "x".repeat(limit);
  for (const headers of [[["Content-Length", String(limit + 1)]], []] as const) {
    await scenario.ask({}, control("max-age=60", ...headers));
    await scenario.ask({}, { ...control("max-age=60", ...headers), body: large });
  }
  assert.equal(await scenario.ask({}, { ...LASTING, body: "v" }), "200 HIT age=0");
  assert.equal(scenario.env.logged.length, 1);
  assert.match(scenario.env.logged[0]!, /^warn cache: response of \/ is larger than \d+ bytes: not stored$/);
});

test("hits, misses and stale answers are counted", async () => {
  const scenario = new Scenario(FORCE);
  for (const afterMs of [0, 0, 0, 11_000]) {
    scenario.nowMs += afterMs;
    await scenario.ask({}, {});
  }
  assert.deepEqual(scenario.counted, { "cache.miss": 1, "cache.hit": 2, "cache.stale": 1 });
});
