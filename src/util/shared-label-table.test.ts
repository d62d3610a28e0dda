import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EMPTY_LABEL, findLabel, LabelWriter, NO_LABEL } from "./shared-label-table.ts";

test("equal texts have one number, others have others, and it gives the text back", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "\u0000", "\u00ff", "/"), maxLength: 5 });
  fc.assert(
    fc.property(fc.array(text, { maxLength: 200 }), text, fc.integer(), (texts, absent, seed) => {
      const labels = new LabelWriter(seed, 1);
      const plain = new Map<string, number>([["", EMPTY_LABEL]]);
      for (const one of texts) {
        const label = labels.intern(`x${one}y`, 1, 1 + one.length);
        assert.equal(label, plain.get(one) ?? plain.size + 1);
        plain.set(one, label);
      }
      for (const [one, label] of plain) {
        assert.equal(findLabel(labels, one, 0, one.length), label);
        assert.equal(labels.text(label), one);
      }
      assert.equal(findLabel(labels, absent, 0, absent.length), plain.get(absent) ?? NO_LABEL);
    }),
    { numRuns: 300 },
  );
});

test("a reader with the arrays from before growth still finds what was there", () => {
  const labels = new LabelWriter(1, 4);
  for (let i = 0; i < 10; i++) labels.intern(`a${i}`, 0, 2);
  const { seed, starts, bytes, slots } = labels;
  for (let i = 0; i < 1000; i++) labels.intern(`more ${i}`, 0, 6 + String(i).length - 1);
  for (let i = 0; i < 10; i++) assert.equal(findLabel({ seed, starts, bytes, slots }, `a${i}`, 0, 2), i + 2);
});
