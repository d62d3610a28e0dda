// `npm run new`: what it writes passes every check and test from the first moment. Run in a copy of the repository.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";

const root = path.join(import.meta.dirname, "..");
const parts = ["src", "scripts", "test", "bench", "docs", "examples", "bin", "deploy"];
const files = [
  "README.md",
  "CHANGELOG.md",
  "LICENSE",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "package.json",
  "tsconfig.json",
  "biome.json",
];

function copyOfRepository(t: TestContext): string {
  const copy = mkdtempSync(path.join(tmpdir(), "new-"));
  t.after(() => rmSync(copy, { recursive: true }));
  for (const name of [...parts, ...files]) {
    cpSync(path.join(root, name), path.join(copy, name), {
      recursive: true,
      filter: (file) => !file.includes("test/vectors"),
    });
  }
  symlinkSync(path.join(root, "node_modules"), path.join(copy, "node_modules"));
  return copy;
}

/** Runs a command in the copy; fails with what it says when it ends with another code. */
function run(copy: string, code: number, command: string, ...args: string[]): string {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: copy, encoding: "utf8", env, timeout: 200_000 });
  assert.equal(status, code, `${command} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout + stderr;
}

test("a new filter and a new predicate leave all checks green", (t) => {
  const copy = copyOfRepository(t);
  const node = (...args: string[]) => run(copy, 0, process.execPath, ...args);
  const tool = (name: string, ...args: string[]) => run(copy, 0, path.join(root, "node_modules/.bin", name), ...args);
  node("scripts/new.ts", "filter", "fooBar", "headers");
  node("scripts/new.ts", "filter", "zed", "brand-new");
  node("scripts/new.ts", "predicate", "FooBar");
  tool("tsc", "-p", ".");
  tool("biome", "check", "src", "docs");
  node("scripts/check-imports.ts");
  node("scripts/check-tree.ts");
  node("scripts/gen-docs.ts", "--check");
  node(
    "--test",
    "src/filters/headers/foo-bar.test.ts",
    "src/filters/brand-new/zed.test.ts",
    "src/predicates/foo-bar.test.ts",
    "src/filters/declarations.test.ts",
  );
  assert.match(readFileSync(path.join(copy, "docs/reference/filters.md"), "utf8"), /^## fooBar$/m);
  assert.match(readFileSync(path.join(copy, "docs/reference/predicates.md"), "utf8"), /^## FooBar$/m);

  for (const [args, message] of [
    [["filter", "fooBar", "headers"], "there is a filter fooBar"],
    [["filter", "foo-bar"], "a name of letters and digits"],
    [["filter", "ok", "../x"], "a topic folder of small letters"],
    [["backend", "x"], "filter, predicate or plugin?"],
    [["plugin", "fooBar"], "a folder for the project, please"],
    [["plugin", "foo-bar", "../x"], "a name of letters and digits"],
    [["plugin", "fooBar", "src"], "src exists already"],
    [[], "filter, predicate or plugin?"],
  ] as const) {
    assert.ok(run(copy, 2, process.execPath, "scripts/new.ts", ...args).includes(message), args.join(" "));
  }
});

test("a new plugin is a project whose types and tests are right, and that skipper runs", (t) => {
  const copy = copyOfRepository(t);
  run(copy, 0, process.execPath, "scripts/new.ts", "plugin", "fooBar", "foo-bar");
  const project = path.join(copy, "foo-bar");
  run(project, 0, path.join(root, "node_modules/.bin/tsc"));
  assert.match(run(project, 0, process.execPath, "--test", "--test-reporter=tap"), /^# pass 1$/m);
  writeFileSync(path.join(copy, "routes.eskip"), 'r: * -> fooBar("a") -> <shunt>;');
  run(copy, 0, path.join(copy, "bin/eskip"), "check", "-strict", "-filter-plugin=./foo-bar", "routes.eskip");
});
