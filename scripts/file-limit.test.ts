import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";

test("a test file that does not end by itself fails, with what keeps it", (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), "file-limit-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "left.test.mjs");
  writeFileSync(
    file,
    'import { test } from "node:test"; test("leaves a timer", () => void setInterval(() => {}, 1000));',
  );
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout } = spawnSync(
    process.execPath,
    ["--import", path.join(import.meta.dirname, "file-limit.mjs"), "--test", "--test-reporter=tap", file],
    { encoding: "utf8", env: { ...env, TEST_FILE_LIMIT_SECONDS: "2" }, timeout: 60_000 },
  );
  assert.equal(status, 1, stdout);
  assert.match(stdout, /left\.test\.mjs has not ended after 2 s; it is held by: .*Timeout/);
});
