import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { runInNewContext } from "node:vm";
import { collectYoungGarbage } from "./young-garbage.ts";

test("dead buffers go, and nobody else can collect", async () => {
  collectYoungGarbage();
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 300; i++) Buffer.allocUnsafeSlow(65_536);
  assert.ok(process.memoryUsage().arrayBuffers - before > 10_000_000, "they pile up");
  collectYoungGarbage();
  // They are swept by another thread.
  for (let i = 0; process.memoryUsage().arrayBuffers - before > 4_000_000; i++) {
    assert.ok(i < 500, "still there");
    await sleep(10);
  }
  assert.equal(runInNewContext("typeof gc"), "undefined");
});
