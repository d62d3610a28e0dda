import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { RecordingHost } from "../../test/support/recording-host.ts";
import { RoutesFile } from "./routes-file.ts";

let folder = "";
let host = new RecordingHost();
let client: RoutesFile | null = null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "routes-file-"));
  host = new RecordingHost();
});

afterEach(() => {
  client?.stop();
  rmSync(folder, { recursive: true });
});

/** `pollMs` is long in the tests of notifications, so that polling cannot be what finds the change. */
async function start(file: string, pollMs: number): Promise<void> {
  client = new RoutesFile({ file, pollMs });
  await client.start(host);
}

const never = 1 << 30;

test("the file is loaded before start resolves, an edit arrives by notification", async () => {
  const file = join(folder, "routes.eskip");
  writeFileSync(file, `a: * -> <shunt>; b: * -> <shunt>;`);
  await start(file, never);
  assert.deepEqual(host.transactions, [{ initial: true, upserts: ["a", "b"], deletes: [] }]);
  writeFileSync(file, `a: * -> <shunt>; c: * -> <shunt>;`);
  await host.until(() => host.transactions.length > 1);
  assert.deepEqual(host.transactions[1], { initial: false, upserts: ["c"], deletes: ["b"] });
});

test("a file that is renamed into place and a symbolic link that changes are seen", async () => {
  const file = join(folder, "routes.eskip");
  writeFileSync(join(folder, "one"), "a: * -> <shunt>;");
  writeFileSync(join(folder, "two"), "b: * -> <shunt>;");
  symlinkSync("one", file);
  await start(file, never);
  symlinkSync("two", join(folder, "next"));
  renameSync(join(folder, "next"), file);
  await host.until(() => host.routes.has("b"));
  writeFileSync(join(folder, "three"), "c: * -> <shunt>;");
  renameSync(join(folder, "three"), file);
  await host.until(() => host.routes.has("c"));
  assert.deepEqual([...host.routes.keys()], ["c"]);
});

test("polling alone finds changes, also of the same length", async () => {
  const target = mkdtempSync(join(tmpdir(), "routes-file-"));
  try {
    // A link to another folder: no notification comes from there.
    writeFileSync(join(target, "routes"), "a: * -> <shunt>;");
    symlinkSync(join(target, "routes"), join(folder, "routes"));
    await start(join(folder, "routes"), 20);
    writeFileSync(join(target, "routes"), "b: * -> <shunt>;");
    await host.until(() => host.routes.has("b"));
    assert.deepEqual([...host.routes.keys()], ["b"]);
  } finally {
    rmSync(target, { recursive: true });
  }
});

test("a missing file is reported at every poll and used when it comes", async () => {
  const file = join(folder, "routes.eskip");
  await start(file, 20);
  const reason = `open ${file}: no such file or directory`;
  await host.until(() => host.failures.length >= 3);
  assert.deepEqual(host.failures.slice(0, 2), [
    { initial: true, reason },
    { initial: true, reason },
  ]);
  writeFileSync(file, "a: * -> <shunt>;");
  await host.until(() => host.routes.has("a"));
  assert.equal(host.transactions[0]!.initial, true);
});

test("a folder in place of the file is a failure", async () => {
  await start(folder, never);
  assert.deepEqual(host.failures, [{ initial: true, reason: `read ${folder}: is a directory` }]);
});

test("a named pipe in place of the file is a failure, and nothing waits for its writer", async () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  await start(pipe, never);
  assert.deepEqual(host.failures, [{ initial: true, reason: `read ${pipe}: is no regular file` }]);
});

test("a file that vanishes keeps its routes; when it comes back the difference counts", async () => {
  const file = join(folder, "routes.eskip");
  writeFileSync(file, "a: * -> <shunt>; b: * -> <shunt>;");
  await start(file, never);
  unlinkSync(file);
  await host.until(() => host.failures.length > 1);
  const reason = `open ${file}: no such file or directory`;
  assert.deepEqual(host.failures, [
    { initial: false, reason },
    { initial: true, reason },
  ]);
  assert.deepEqual([...host.routes.keys()], ["a", "b"]);
  writeFileSync(file, "b: * -> <shunt>; c: * -> <shunt>;");
  await host.until(() => host.transactions.length > 1);
  assert.deepEqual(host.transactions[1], { initial: false, upserts: ["c"], deletes: ["a"] });
});

test("an invalid edit keeps the last good table, the next good one counts", async () => {
  const file = join(folder, "routes.eskip");
  writeFileSync(file, "a: * -> <shunt>;");
  await start(file, never);
  writeFileSync(file, "a: * -> <shunt>; b: broken");
  await host.until(() => host.failures.length > 1);
  assert.match(
    host.failures[0]!.reason,
    /^parse failed after token .*, last route id: b, position \d+: syntax error \(.*routes\.eskip, line \d.*\)$/,
  );
  assert.deepEqual([...host.routes.keys()], ["a"]);
  writeFileSync(file, "a: * -> <shunt>; b: * -> <shunt>;");
  await host.until(() => host.routes.has("b"));
});

test("an existing empty file means no routes", async () => {
  const file = join(folder, "routes.eskip");
  writeFileSync(file, "a: * -> <shunt>;");
  await start(file, never);
  truncateSync(file);
  await host.until(() => host.transactions.length > 1);
  assert.deepEqual(host.transactions[1], { initial: false, upserts: [], deletes: ["a"] });
});

test("nothing is delivered after stop", async () => {
  const file = join(folder, "routes.eskip");
  writeFileSync(file, "a: * -> <shunt>;");
  await start(file, 5);
  client!.stop();
  writeFileSync(file, "b: * -> <shunt>;");
  const other = new RoutesFile({ file, pollMs: 5 });
  const otherHost = new RecordingHost();
  await other.start(otherHost);
  writeFileSync(file, "c: * -> <shunt>;");
  await otherHost.until(() => otherHost.routes.has("c"));
  other.stop();
  assert.deepEqual([...host.routes.keys()], ["a"]);
});
