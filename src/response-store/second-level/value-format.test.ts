import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeValue, encodeValue, keyText } from "./value-format.ts";

const KEY = keyText(Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8));
const VALUE = { lifetimeMs: 86_400_000.5, head: '{"a":"\xe9"}', body: Buffer.from("body\0") };

test("what was encoded is decoded", () => {
  for (const value of [VALUE, { lifetimeMs: 1, head: "", body: Buffer.alloc(0) }]) {
    assert.deepEqual(decodeValue(KEY, encodeValue(KEY, value)), value);
  }
});

test("a value that was cut off anywhere is none", () => {
  const bytes = encodeValue(KEY, VALUE);
  for (let length = 0; length < bytes.length; length++) assert.equal(decodeValue(KEY, bytes.subarray(0, length)), null);
  assert.equal(decodeValue(KEY, Buffer.concat([bytes, Buffer.alloc(1)])), null);
});

test("a value with any byte changed is none", () => {
  const bytes = encodeValue(KEY, VALUE);
  for (let i = 0; i < bytes.length; i++) {
    const changed = Buffer.from(bytes);
    changed[i]! ^= 1 << (i % 8);
    assert.equal(decodeValue(KEY, changed), null, `byte ${i}`);
  }
});

test("a value of another key is none", () => {
  const other = keyText(Int32Array.of(1, 2, 3, 4, 5, 6, 7, 9));
  assert.equal(decodeValue(other, encodeValue(KEY, VALUE)), null);
});

test("keys say whose they are, and of which version", () => {
  assert.equal(KEY, "skipper:cache:1:AQAAAAIAAAADAAAABAAAAAUAAAAGAAAABwAAAAgAAAA");
});
