// The log of the main thread: lines of one turn in one write, nothing lost at the end of a process, and no write that another thread's
// lines could get into.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { test } from "node:test";

const module = new URL("./log-output.ts", import.meta.url).href;

function program(body: string): string[] {
  return [
    "--input-type=module",
    "-e",
    `import { openLog } from ${JSON.stringify(module)};
     const opened = openLog({ level: "info", prefix: "", json: true, path: "" });
     const { log } = opened;
     ${body}`,
  ];
}

/** The messages that a program logs until it ends. */
function messagesOf(body: string): string[] {
  const { stderr } = spawnSync(process.execPath, program(body), { encoding: "utf8" });
  return stderr
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
}

for (const [end, body] of [
  ["process.exit", "process.exit(0);"],
  ["its own end", ""],
  ["an error that nobody catches", 'process.on("uncaughtException", () => process.exit(3)); throw new Error("x");'],
  ["a closed log", "await opened.close(1000);"],
] as const) {
  test(`lines are out before ${end}`, () => {
    assert.deepEqual(messagesOf(`log.info("first"); log.error("last"); ${body}`), ["first", "last"]);
  });
}

test("lines are out while the process waits", async () => {
  const child = spawn(process.execPath, program(`log.info("serving"); setInterval(() => {}, 1000);`));
  let text = "";
  child.stderr.setEncoding("utf8");
  while (!text.endsWith("\n")) text += (await once(child.stderr, "data"))[0];
  assert.match(text, /"msg":"serving"/);
  child.kill();
  await once(child, "exit");
});

test("lines of one turn are one write, of whole lines and of no more than a pipe takes in one piece", () => {
  const messages = messagesOf(`
    import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    const { writeSync } = fs;
    const writes = [];
    fs.writeSync = (fd, bytes, start) => {
      writes.push(bytes.toString("utf8", start));
      return bytes.length - start;
    };
    syncBuiltinESMExports();
    for (let i = 0; i < 40; i++) log.info("ü".repeat(200));
    await null;
    fs.writeSync = writeSync;
    syncBuiltinESMExports();
    const isWhole = writes.every((text) => text.endsWith("\\n") && Buffer.byteLength(text) <= 4096);
    log.info(\`\${writes.join("").split("\\n").length - 1} lines, \${writes.length < 10}, \${isWhole}\`);`);
  assert.deepEqual(messages, ["40 lines, true, true"]);
});
