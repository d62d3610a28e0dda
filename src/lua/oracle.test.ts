// The programs in programs/ print byte for byte what the reference implementation of Lua 5.1 prints: compared with what was recorded
// (`node src/lua/oracle.test.ts --record`), and with the command itself where it is installed.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { runProgram } from "./lua-run.fixture.ts";

const folder = path.join(import.meta.dirname, "programs");
const programs = globSync("*.lua", { cwd: folder }).sort();
const isInstalled = spawnSync("lua5.1", ["-v"]).error === undefined;

function reference(program: string): string {
  const { stdout, stderr } = spawnSync("lua5.1", [program], { cwd: folder, encoding: "latin1", timeout: 20_000 });
  assert.equal(stderr, "");
  return stdout;
}

if (process.argv.includes("--record")) {
  for (const program of programs) writeFileSync(path.join(folder, `${program}.out`), reference(program), "latin1");
}

describe("programs", () => {
  for (const program of programs) {
    test(`${program} prints what was recorded`, async () => {
      const recorded = path.join(folder, `${program}.out`);
      assert.ok(existsSync(recorded), `no ${recorded}: record it with lua5.1`);
      const { output, error } = await runProgram(readFileSync(path.join(folder, program), "latin1"), `@${program}`);
      assert.equal(error, "");
      assert.equal(output, readFileSync(recorded, "latin1"));
    });

    test(`${program} prints what lua5.1 prints`, { skip: isInstalled ? false : "lua5.1 absent" }, async () => {
      const { output } = await runProgram(readFileSync(path.join(folder, program), "latin1"), `@${program}`);
      assert.equal(output, reference(program));
    });
  }
});
