// What transactions tell about refused routes, against the list of them: sources that hide each other, resets, compactions.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { routeOf, testRegistry } from "./table.fixture.ts";
import { RoutingTable } from "./table.ts";
import type { InvalidRoute } from "./table-transaction.ts";

const expressions = [
  "* -> <shunt>",
  'Path("/a") -> <shunt>',
  "Nope() -> <shunt>",
  "* -> nope() -> <shunt>",
  "Host(/(/) -> <shunt>",
  '* -> <fastest, "http://a">', // refused, but not listed
] as const;

const transactions = fc.array(
  fc.record({
    source: fc.nat(2),
    reset: fc.boolean(),
    deletes: fc.array(fc.nat(4), { maxLength: 2 }),
    upserts: fc.array(fc.tuple(fc.nat(4), fc.constantFrom(...expressions), fc.nat(1)), { maxLength: 5 }),
    compact: fc.boolean(),
  }),
  { minLength: 5, maxLength: 40 },
);

function keyOf({ route, problem }: InvalidRoute): string {
  return `${route.id} ${problem.reason}`;
}

test("what comes to the list of refused routes and leaves it adds up to the list", () => {
  let mended = 0;
  let compactions = 0;
  const check = fc.property(transactions, (list) => {
    const steps: (() => void)[] = [];
    const table = new RoutingTable({
      registry: testRegistry,
      ignoreTrailingSlash: false,
      publish: () => {},
      now: () => 0,
      initialRoutes: 4,
      compactAfter: 3,
      stepMs: 0,
      schedule: (step) => steps.push(step),
    });
    const counts = new Map<string, number>();
    const count = (invalid: InvalidRoute, by: number): void => {
      const sum = (counts.get(keyOf(invalid)) ?? 0) + by;
      if (sum === 0) counts.delete(keyOf(invalid));
      else counts.set(keyOf(invalid), sum);
    };
    for (const { source, reset, deletes, upserts, compact } of list) {
      const { listed, unlisted } = table.transact(source, (transaction) => {
        if (reset) transaction.reset();
        for (const id of deletes) transaction.delete(`r${id}`);
        for (const [id, expression, variant] of upserts)
          transaction.upsert(routeOf(`r${id}`, expression), undefined, variant);
      });
      for (const one of listed) count(one, 1);
      for (const one of unlisted) count(one, -1);
      mended += unlisted.length;
      const expected = new Map<string, number>();
      for (const one of table.invalid()) expected.set(keyOf(one), (expected.get(keyOf(one)) ?? 0) + 1);
      assert.deepEqual(new Map([...counts].sort()), new Map([...expected].sort()));
      if (compact) steps.shift()?.();
    }
    compactions += table.generation().numbering;
  });
  fc.assert(check, { numRuns: 300 });
  assert.ok(mended > 100 && compactions > 100, `${mended} mended, ${compactions} compactions`);
});
