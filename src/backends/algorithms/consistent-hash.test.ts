// consistentHash against recorded choices and against a ring that is looked through point by point (spec resilience 6.2).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { Headers } from "../../http/headers.ts";
import { anyRequest, BalancedProcess, hash, lbBackend } from "../balancer.fixture.ts";

interface Vectors {
  readonly xxh64: readonly { readonly text: string; readonly hex: string }[];
  readonly consistentHash: {
    readonly endpoints: readonly string[];
    readonly picks: readonly { readonly key: string; readonly endpoint: string }[];
  };
}

const file = new URL("../../../test/vectors/consistent-hash.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vectors;

const backendOf = (endpoints: readonly string[]) =>
  `<consistentHash, ${endpoints.map((e) => JSON.stringify(e)).join(", ")}>`;

test("the hash", () => {
  for (const { text, hex } of vectors.xxh64)
    assert.equal(hash(Buffer.from(text)).toString(16).padStart(16, "0"), hex, text);
});

test("recorded choices, whatever the order of the endpoints", () => {
  const { endpoints, picks } = vectors.consistentHash;
  assert.ok(picks.length > 20);
  for (const order of [endpoints, endpoints.toReversed(), [...endpoints.slice(2), ...endpoints.slice(0, 2)]]) {
    const balancer = new BalancedProcess().balancer(backendOf(order));
    for (const { key, endpoint } of picks)
      assert.equal(balancer.targets[balancer.select(key, 0, anyRequest)], endpoint, key);
  }
});

/** The endpoints in the order in which the ring of the spec offers them to a key. */
function offered(endpoints: readonly string[], key: string): string[] {
  const points = endpoints.flatMap((endpoint) =>
    Array.from({ length: 100 }, (_, j) => ({ at: hash(Buffer.from(`${endpoint}-${j}`)), endpoint })),
  );
  points.sort((a, b) => (a.at < b.at ? -1 : 1));
  const from = points.findIndex((point) => point.at >= hash(Buffer.from(key)));
  return [...points.slice(Math.max(0, from)), ...points.slice(0, Math.max(0, from))].map((point) => point.endpoint);
}

const someEndpoints = fc.uniqueArray(fc.webUrl({ validSchemes: ["http"] }), { minLength: 2, maxLength: 6 });

test("as the plain ring, also for long keys and other scripts", () => {
  fc.assert(
    fc.property(someEndpoints, fc.string({ minLength: 1, maxLength: 1500, unit: "grapheme" }), (endpoints, key) => {
      const balancer = new BalancedProcess().balancer(backendOf(endpoints));
      const chosen = balancer.select(Buffer.from(key).toString("latin1"), 0, anyRequest);
      assert.equal(balancer.targets[chosen], offered(endpoints.map(String), key)[0]);
    }),
    { numRuns: 30 },
  );
});

test("with a balance factor: the next endpoint of the ring that is within it", () => {
  const endpoints = ["http://a", "http://b:1/", "http://c/x"];
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.boolean()), { maxLength: 60 }),
      fc.double({ min: 1, max: 3, noNaN: true }),
      (calls, factor) => {
        const balancer = new BalancedProcess().balancer(backendOf(endpoints));
        const inFlight = endpoints.map(() => 0);
        for (const [key, answered] of calls) {
          const limit = (factor * (inFlight.reduce((a, b) => a + b, 0) + 1)) / endpoints.length;
          const order = offered(endpoints, key).map((endpoint) => endpoints.indexOf(endpoint));
          const chosen = balancer.select(Buffer.from(key).toString("latin1"), factor, anyRequest);
          assert.equal(
            chosen,
            order.find((endpoint) => inFlight[endpoint]! <= limit),
          );
          if (answered) balancer.answered(chosen);
          else inFlight[chosen]!++;
        }
      },
    ),
    { numRuns: 50 },
  );
});

test("without a key: the client's address in one spelling", () => {
  const balancer = new BalancedProcess().balancer(lbBackend("consistentHash", 7));
  const choose = (forwarded: string | null) => {
    const headers = new Headers();
    if (forwarded !== null) headers.append("X-Forwarded-For", forwarded);
    return balancer.select("", 0, { headers, remoteAddress: "10.1.2.3" });
  };
  assert.equal(choose(null), balancer.select("10.1.2.3", 0, anyRequest));
  assert.equal(choose("not an address"), choose(null));
  for (let i = 0; i < 20; i++) {
    const expected = balancer.select(`2001:db8::${(i + 1).toString(16)}`, 0, anyRequest);
    assert.equal(choose(` [2001:DB8:0:0::${(i + 1).toString(16)}]:80, 1.2.3.4`), expected);
  }
});
