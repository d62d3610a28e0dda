// Runs everything that `npm start`, `npm test` and the other npm scripts promise in a fresh clone: installs what package-lock.json
// names when it is not there, then works with the pinned Node. Plain JavaScript, because the Node that starts it may be an old one.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const oldestNode = 24;

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(path.join(root, file), "utf8")).packages ?? {};
  } catch {
    return {};
  }
}

/** Whether node_modules holds exactly the versions of the lock file; packages for other platforms may be absent. */
function isInstalled() {
  const installed = readPackages("node_modules/.package-lock.json");
  for (const [where, wanted] of Object.entries(readPackages("package-lock.json"))) {
    if (where === "") continue;
    const got = installed[where];
    if (got === undefined ? !wanted.optional : got.version !== wanted.version) return false;
  }
  return true;
}

function install() {
  if (isInstalled()) return;
  console.error("skipper: installing the packages of package-lock.json");
  const npm = process.env.npm_execpath;
  const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const [command, rest] = npm?.endsWith("js") ? [process.execPath, [npm, ...args]] : ["npm", args];
  const { status } = spawnSync(command, rest, { cwd: root, stdio: ["ignore", 2, 2] });
  if (status !== 0) fail("`npm ci` failed: see above; nothing was started");
}

function majorOf(node) {
  const { status, stdout } = spawnSync(node, ["--version"], { encoding: "utf8" });
  return status === 0 ? Number.parseInt(stdout.slice(1), 10) : 0;
}

/** The pinned Node of node_modules, else the running one when it is new enough. */
function findNode() {
  for (const name of [`node-${process.platform}-${process.arch}`, `node-bin-${process.platform}-${process.arch}`]) {
    const node = path.join(root, "node_modules", name, "bin/node");
    if (existsSync(node) && majorOf(node) >= oldestNode) return node;
  }
  if (majorOf(process.execPath) >= oldestNode) return process.execPath;
  return fail(
    `no Node ${oldestNode} or later: none is pinned for ${process.platform}-${process.arch}, and this is ${process.version}`,
  );
}

function fail(message) {
  console.error(`skipper: ${message}`);
  process.exit(1);
}

/** Runs a command of the repository with the pinned Node and the tools of node_modules first in PATH; gives its exit code. */
function run(node, command, args) {
  const tools = [path.dirname(node), path.join(root, "node_modules/.bin"), process.env.PATH].join(path.delimiter);
  const child = spawn(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, PATH: tools } });
  const pass = (signal) => child.kill(signal);
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, pass);
  return new Promise((resolve) => {
    child.on("error", (error) => {
      console.error(`skipper: cannot run ${command}: ${error.message}`);
      resolve(127);
    });
    child.on("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 143)));
  });
}

/** Every check that needs no socket: each with the command that repeats it alone. */
const checks = [
  ["types", "tsc", ["-p", "."]],
  ["format and lint", "biome", ["check", "."]],
  ["imports", "node", ["scripts/check-imports.ts"]],
  ["tree", "node", ["scripts/check-tree.ts"]],
  ["deploy", "node", ["scripts/check-deploy.ts"]],
  ["reference pages", "node", ["scripts/gen-docs.ts", "--check"]],
];

async function runChecks(node) {
  const failed = [];
  for (const [name, command, args] of checks) {
    console.log(`# ${name}: ${command} ${args.join(" ")}`);
    if ((await run(node, command, args)) !== 0) failed.push(name);
  }
  return failed;
}

function runTests(node, globs) {
  // Node leaves one processor free, which on a small machine is half of it; much of a test is waiting for processes.
  const concurrency = `--test-concurrency=${Math.max(2, availableParallelism() - 1)}`;
  // The first limit is that of a test, the second that of a file.
  const limits = ["--test-timeout=300000", "--import", path.join(root, "scripts/file-limit.mjs")];
  return run(node, "node", ["--test", "--test-reporter=spec", ...limits, concurrency, ...globs]);
}

const localAddresses = ["-address", "127.0.0.1:9090", "-support-listener", "127.0.0.1:9911"];

const tasks = {
  start(node, args) {
    console.log(`Skipper listens on http://127.0.0.1:9090, its routes are examples/routes.eskip. Try:
  curl -i http://127.0.0.1:9090/hello              an answer made by a route
  curl -i "http://127.0.0.1:9090/hello?name=you"   another route for the same path
  curl -i http://127.0.0.1:9090/proxy/hello        passed on to a backend
  curl -s http://127.0.0.1:9911/routes             the routes in force
  curl -s http://127.0.0.1:9911/metrics            what was counted
Change examples/routes.eskip while it runs; Ctrl-C ends it.
`);
    return run(node, "bin/skipper", ["-routes-file", "examples/routes.eskip", ...localAddresses, ...args]);
  },
  dev: (node, args) => run(node, "bin/skipper", [...localAddresses, ...args]),
  async check(node) {
    const failed = await runChecks(node);
    const code = await runTests(node, ["src/**/*.test.ts", "scripts/**/*.test.ts"]);
    return report(failed, code);
  },
  async test(node, args) {
    if (args.length > 0) return runTests(node, args);
    const failed = await runChecks(node);
    if (failed.length > 0)
      console.error(`skipper: failed: ${failed.join(", ")} (see above); the tests run all the same`);
    const code = await runTests(node, [
      "src/**/*.test.ts",
      "scripts/**/*.test.ts",
      "bench/**/*.test.ts",
      "test/**/*.test.ts",
    ]);
    return report(failed, code);
  },
  tests: (node, args) => runTests(node, args),
  node: (node, args) => run(node, "node", args),
};

function report(failed, code) {
  if (failed.length > 0) console.error(`skipper: failed besides the tests: ${failed.join(", ")}`);
  return failed.length > 0 ? 1 : code;
}

const [name = "", ...args] = process.argv.slice(2);
const task = Object.hasOwn(tasks, name)
  ? tasks[name]
  : fail(`unknown task "${name}": one of ${Object.keys(tasks).join(", ")}`);
install();
process.exitCode = await task(findNode(), args);
