import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ChangeHistory } from "./change-history.ts";

const LIMIT = 4000;

test("the history is never larger than its limit, and is right as far as it reaches", () => {
  const step = fc.record({
    ids: fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 20 }),
    zones: fc.subarray(["", "a", "b"]),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const history = new ChangeHistory(LIMIT);
      for (const [version, { ids, zones }] of steps.entries()) {
        history.add(
          version,
          ids.map((id) => `route-${id}`),
        );
        for (const zone of zones) history.name(zone, `hash-${version}`);
        assert.ok(history.bytes <= LIMIT, `${history.bytes} bytes`);
        for (let from = 0; from <= version; from++) {
          for (const zone of ["", "a", "b"]) {
            const known = history.changesSince(zone, `hash-${from}`);
            if (known === null) continue;
            assert.ok(steps[from]!.zones.includes(zone));
            const changed = steps.slice(from + 1, version + 1).flatMap((later) => later.ids);
            assert.deepEqual(known, new Set(changed.map((id) => `route-${id}`)));
          }
        }
        for (const zone of zones) assert.notEqual(history.changesSince(zone, `hash-${version}`), null);
      }
    }),
    { numRuns: 100 },
  );
});
