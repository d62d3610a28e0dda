import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EMPTY_LABEL, findLabel, LabelWriter, NO_LABEL } from "./shared-label-table.ts";

test("equal texts under one parent have one number, others have others", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "\u0000", "\u00ff", "/"), maxLength: 5 });
  const one = fc.tuple(fc.nat({ max: 3 }), text);
  fc.assert(
    fc.property(fc.array(one, { maxLength: 200 }), one, fc.integer(), (list, absent, seed) => {
      const labels = new LabelWriter(seed, 1, 1);
      const plain = new Map<string, number>([["0 ", EMPTY_LABEL]]);
      let count = 1;
      for (const [parent, name] of list) {
        if (name === "ab") {
          assert.equal(labels.addUnlisted(parent), ++count);
          assert.deepEqual([labels.isUnlisted(count), labels.parentOf(count)], [true, parent]);
          continue;
        }
        const key = `${parent} ${name}`;
        const known = plain.get(key);
        const label = labels.intern(parent, `x${name}y`, 1, 1 + name.length);
        assert.equal(label, known ?? ++count);
        plain.set(key, label);
      }
      for (const [key, label] of plain) {
        assert.equal(findLabel(labels, Number(key[0]), key, 2, key.length), label);
      }
      const [parent, name] = absent;
      assert.equal(findLabel(labels, parent, name, 0, name.length), plain.get(`${parent} ${name}`) ?? NO_LABEL);
    }),
    { numRuns: 300 },
  );
});

test("a reader with arrays from before growth still finds what was there, and nothing wrong", () => {
  const labels = new LabelWriter(1, 4, 4);
  for (let i = 0; i < 10; i++) labels.intern(i, `a${i}`, 0, 2);
  const { seed, starts, parents, bytes, slots } = labels;
  const before = { seed, starts, parents, bytes, slots };
  for (let i = 0; i < 1000; i++) labels.intern(i % 7, `more ${i}`, 0, 5 + String(i).length);
  for (const table of [before, { ...before, slots: labels.slots }, { ...before, bytes: labels.bytes }]) {
    for (let i = 0; i < 10; i++) assert.equal(findLabel(table, i, `a${i}`, 0, 2), i + 2);
    assert.equal(findLabel(table, 0, "", 0, 0), EMPTY_LABEL);
    assert.equal(findLabel(table, 3, "", 0, 0), NO_LABEL);
  }
});
