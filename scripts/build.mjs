// Bundles src/ into dist/: one small tree of modules instead of some hundred files, which makes the start several times faster.
// `npm ci` and `npm pack` run it. With --types, or for a package, it also writes the declarations; with --warm it starts the proxy
// once, so that the first start of the user finds compiled code; with --optional a failure is no error. Plain JavaScript, because the
// Node that runs it may be an old one. bin/ uses dist/ only while it is newer than everything in src/.

import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const inRoot = (...names) => path.join(root, ...names);
const wanted = new Set(process.argv.slice(2));

/**
 * A module of Node that is imported by name runs the getters of all its exports, which loads a good part of Node; required it does
 * not. A bundle may require, since Node's modules are there at once.
 */
const requiredBuiltins = {
  name: "required-builtins",
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path: name }) => ({ path: name, namespace: "builtin" }));
    build.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path: name }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(name)});`,
    }));
  },
};

/** All files lie two folders below the root, as in src/, so that they find package.json and each other. */
async function bundle(bundler, outdir) {
  await bundler.build({
    absWorkingDir: root,
    entryPoints: {
      "bin/skipper": "src/bin/skipper.ts",
      "bin/eskip": "src/bin/eskip.ts",
      "bin/webhook": "src/bin/webhook.ts",
      "bin/routesrv": "src/bin/routesrv.ts",
      "app/worker": "src/app/worker.ts",
      "lib/index": "src/index.ts",
    },
    outdir,
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    packages: "external",
    plugins: [requiredBuiltins],
    legalComments: "none",
    logLevel: "warning",
  });
}

/** Starts the proxy on a free port until it listens and ends it: on its way out Node stores the compiled code in .cache/. */
function warm() {
  const args = ["-address", "127.0.0.1:0", "-support-listener", "127.0.0.1:0", "-inline-routes", "r: * -> <shunt>"];
  const child = spawn(inRoot("bin/skipper"), args, { cwd: root, stdio: ["ignore", "ignore", "pipe"] });
  const limit = setTimeout(() => child.kill("SIGKILL"), 10_000);
  let log = "";
  child.stderr.on("data", (chunk) => {
    log += chunk;
    if (log.includes("Listen on")) child.kill("SIGINT");
  });
  return new Promise((resolve) => {
    // Whatever goes wrong costs only time at the first start.
    child.on("error", resolve);
    child.on("close", resolve);
  }).finally(() => clearTimeout(limit));
}

function writeTypes() {
  const { status } = spawnSync(inRoot("node_modules/.bin/tsc"), ["-p", "scripts/tsconfig.types.json"], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) throw new Error("tsc failed: see above");
}

/** Puts a whole new dist/ in place of the old one. */
async function replaceDist(bundler) {
  const fresh = inRoot(`.cache/dist.${process.pid}`);
  try {
    mkdirSync(fresh, { recursive: true });
    // Before anything is read: what is edited from now on is newer.
    writeFileSync(path.join(fresh, "stamp"), "");
    await bundle(bundler, fresh);
    rmSync(inRoot("dist"), { recursive: true, force: true });
    renameSync(fresh, inRoot("dist"));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  rmSync(inRoot(".cache/compiled"), { recursive: true, force: true });
}

const packing = ["pack", "publish"].includes(process.env.npm_command);
try {
  await replaceDist(await import("esbuild"));
  if (packing || wanted.has("--types")) writeTypes();
  if (!packing && wanted.has("--warm")) await warm();
} catch (error) {
  // Without development packages, or in the middle of a change: a checkout runs its TypeScript all the same.
  console.error(`skipper: no bundle: ${error instanceof Error ? error.message : error}`);
  if (packing || !wanted.has("--optional")) process.exitCode = 1;
}
