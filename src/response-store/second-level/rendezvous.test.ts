import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { rendezvous, seedOf } from "./rendezvous.ts";

const NAMES = ["10.0.0.1:6379/0", "10.0.0.2:6379/0", "10.0.0.3:6379/0", "10.0.0.3:6379/1", "10.0.0.5:6379/0"];

const keys = Array.from({ length: 10_000 }, (_, i) => {
  const digest = createHash("sha256").update(String(i)).digest();
  return new Int32Array(digest.buffer.slice(digest.byteOffset, digest.byteOffset + 32));
});

/** The names of the servers that have the keys. */
function places(names: readonly string[]): string[] {
  const seeds = names.map(seedOf);
  return keys.map((key) => names[rendezvous(key, seeds)]!);
}

test("keys are spread evenly", () => {
  const counts = new Map<string, number>();
  for (const name of places(NAMES)) counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const name of NAMES) {
    const count = counts.get(name) ?? 0;
    assert.ok(Math.abs(count - 2000) < 200, `${name} has ${count}`);
  }
});

test("the order of the servers has no say", () => assert.deepEqual(places(NAMES), places(NAMES.toReversed())));

test("when one goes only its own keys move", () => {
  const [before, after] = [places(NAMES), places(NAMES.slice(1))];
  for (const [i, name] of before.entries()) if (name !== NAMES[0]) assert.equal(after[i], name);
});
