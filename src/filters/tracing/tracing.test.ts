// Which tags the tracing filters set on the span of a request (spec filters 11), and that they need none.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeContext, type FakeRequest, makeFilters } from "../../../test/support/fake-context.ts";
import { filterSpecs } from "../index.ts";

interface Given {
  readonly request?: FakeRequest;
  readonly baggage?: Readonly<Record<string, string>>;
  readonly state?: Readonly<Record<string, unknown>>;
  readonly status?: number;
  readonly responseHeaders?: Readonly<Record<string, string>>;
}

/** The tags after both phases, in order; `|` stands between those of the request phase and of the response phase. */
async function tagsOf(chain: string, given: Given): Promise<string> {
  const ctx = new FakeContext(given.request);
  const tags: string[] = [];
  ctx.span = { setTag: (name, value) => void tags.push(`${name}=${value}`) };
  const baggage = given.baggage === undefined ? null : new Map(Object.entries(given.baggage));
  Object.assign(ctx.request, { baggage: () => baggage });
  for (const [key, value] of Object.entries(given.state ?? {})) ctx.stateBag.set(key, value);
  const filters = makeFilters(chain);
  for (const filter of filters) await filter.request?.(ctx);
  tags.push("|");
  ctx.respond(given.status ?? 200, Object.entries(given.responseHeaders ?? {}));
  ctx.hasResponse = true;
  for (const filter of filters.toReversed()) await filter.response?.(ctx);
  return tags.join(" ");
}

const id: FakeRequest = { pathParams: { id: "7" }, headers: [["X-A", "a"]] };

for (const [chain, given, expected] of [
  ['tracingTag("t", "v")', {}, "t=v |"],
  ['tracingTag("t", "")', {}, "t= |"],
  ['tracingTag("t", "${id}-${request.header.x-a}")', { request: id }, "t=7-a |"],
  ['tracingTag("t", "x${none}")', { request: id }, "|"],
  ['tracingTag("t", "${response.header.x-r}")', { responseHeaders: { "X-R": "r" } }, "|"],
  ['tracingTag("t", "1") -> tracingTag("t", "2")', {}, "t=1 t=2 |"],
  ['tracingTagFromResponse("t", "${response.header.x-r}")', { responseHeaders: { "X-R": "r" } }, "| t=r"],
  ['tracingTagFromResponse("t", "${response.header.x-r}")', {}, "|"],
  ['tracingTagFromResponse("t", "${request.header.x-a}")', { request: id }, "| t=a"],
  // Response filters run from right to left.
  ['tracingTagFromResponse("a", "1") -> tracingTagFromResponse("b", "2")', {}, "| b=2 a=1"],
  ['tracingTagFromResponseIfStatus("t", "v", 500, 599)', { status: 500 }, "| t=v"],
  ['tracingTagFromResponseIfStatus("t", "v", 500, 599)', { status: 599 }, "| t=v"],
  ['tracingTagFromResponseIfStatus("t", "v", 500, 599)', { status: 499 }, "|"],
  ['tracingTagFromResponseIfStatus("t", "v", 404, 404)', { status: 404 }, "| t=v"],
  ['tracingTagFromResponseIfStatus("t", "v", 404, 404)', { status: 405 }, "|"],
  ['tracingTagFromResponseIfStatus("t", "${none}", 0, 599)', {}, "|"],
  // The status is the one at the filter's place.
  ['tracingTagFromResponseIfStatus("t", "v", 418, 418) -> status(418)', {}, "| t=v"],
  ['status(418) -> tracingTagFromResponseIfStatus("t", "v", 418, 418)', {}, "|"],
  ['tracingBaggageToTag("item", "t")', { baggage: { item: "v" } }, "t=v |"],
  ['tracingBaggageToTag("item")', { baggage: { item: "v" } }, "item=v |"],
  ['tracingBaggageToTag("item", "t")', { baggage: { item: "" } }, "|"],
  ['tracingBaggageToTag("item", "t")', { baggage: { other: "v" } }, "|"],
  ['tracingBaggageToTag("item", "t")', {}, "|"],
  ['stateBagToTag("key", "t")', { state: { key: "v" } }, "t=v |"],
  ['stateBagToTag("key")', { state: { key: 1.5 } }, "key=1.5 |"],
  ['stateBagToTag("key")', { state: { key: true } }, "key=true |"],
  [
    'stateBagToTag("key")',
    {
      state: {
        key: new Map([
          ["b", "2"],
          ["a", "1"],
        ]),
      },
    },
    "key=map[a:1 b:2] |",
  ],
  ['stateBagToTag("key")', { state: { key: new Error("why") } }, "key=why |"],
  ['stateBagToTag("key")', {}, "|"],
  ['annotate("a", "1") -> stateBagToTag("filter.annotate", "t")', {}, "t=map[a:1] |"],
  ['backendTimeout("90s") -> stateBagToTag("backend:timeout", "t")', {}, "t=1m30s |"],
  ['setDynamicBackendHost("h") -> stateBagToTag("backend:dynamic:host", "t")', {}, "t=h |"],
  ['requestCookie("c", "v") -> stateBagToTag("CookieSet:c", "t")', {}, "t=v |"],
  ['consistentHashKey("k") -> stateBagToTag("consistentHashKey", "t")', {}, "t=k |"],
  ['tracingSpanName("n") -> stateBagToTag("statebag:opentracing:proxy:span", "t")', {}, "t=n |"],
] as const) {
  test(`${chain} of ${JSON.stringify(given)}: ${expected}`, async () => {
    assert.equal(await tagsOf(chain, given), expected);
  });
}

test("the last tracingSpanName() names the span of the backend call", () => {
  const ctx = new FakeContext();
  for (const filter of makeFilters('tracingSpanName("a") -> tracingSpanName("b")')) filter.request!(ctx);
  assert.equal(ctx.backendSpanName, "b");
});

test("without tracing no tracing filter does anything, or looks at anything", async () => {
  const names = filterSpecs.map(({ name }) => name).filter((name) => /^tracing|^stateBagToTag$/.test(name));
  assert.equal(names.length, 6);
  const chain =
    'tracingTag("t", "v") -> tracingTagFromResponse("t", "v") -> tracingTagFromResponseIfStatus("t", "v", 0, 599) -> ' +
    'tracingBaggageToTag("i") -> stateBagToTag("k") -> tracingSpanName("n")';
  for (const name of names) assert.ok(chain.includes(`${name}(`), name);
  const ctx = new FakeContext();
  const filters = makeFilters(chain);
  Object.assign(ctx.request, { baggage: () => assert.fail("baggage was read") });
  for (const filter of filters) assert.equal(filter.request?.(ctx), undefined);
  for (const filter of filters) assert.equal(filter.response?.(ctx), undefined);
});
