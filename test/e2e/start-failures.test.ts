// What keeps the proxy from starting: the last line it logs and its exit code (spec flags 5 and 8).

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { freePort } from "../conformance/socket-reader.ts";
import { filterModule, PluginFolder } from "./plugin-folder.ts";
import { RunningProxy } from "./running-proxy.ts";

const root = dirname(dirname(import.meta.dirname));

/** Runs the command until it ends by itself; `log` is what it wrote to standard error. */
async function run(...flags: string[]): Promise<{ code: number | null; log: string }> {
  const quiet = ["-support-listener=", "-metrics-listener="];
  const child = spawn(join(root, "bin/skipper"), [...quiet, ...flags], { stdio: ["ignore", "ignore", "pipe"] });
  const limit = setTimeout(() => child.kill("SIGKILL"), 20_000);
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(limit);
  return { code, log };
}

/** The message of the last line, which is fatal. */
function fatalMessage(log: string): string {
  const line = log.trimEnd().split("\n").at(-1)!;
  const match = /level=fatal msg=("(?:[^"\\]|\\.)*")$/.exec(line);
  assert.ok(match !== null, log);
  return JSON.parse(match[1]!) as string;
}

test("an address that is in use", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  assert.ok(typeof address === "object" && address !== null);
  const { code, log } = await run(`-address=127.0.0.1:${address.port}`, "-workers=2");
  other.close();
  assert.equal(code, 1);
  assert.equal(
    fatalMessage(log),
    `Failed to start skipper: listen tcp 127.0.0.1:${address.port}: bind: address already in use`,
  );
});

test("an address that is in use by another proxy, which goes on", async () => {
  const first = await RunningProxy.start("r: * -> status(204) -> <shunt>;", "-workers=2");
  try {
    const { code, log } = await run(`-address=127.0.0.1:${first.port}`);
    assert.equal(code, 1);
    assert.match(fatalMessage(log), /bind: address already in use$/);
    assert.equal((await fetch(`http://127.0.0.1:${first.port}/`)).status, 204);
  } finally {
    await first.stop();
  }
});

const refused: [flags: string[], message: string][] = [
  [["-access-log=/none/access.log"], "Failed to start skipper: open /none/access.log: no such file or directory"],
  [
    ["-access-log=/none/access.log", "-wait-first-route-load", "-etcd-urls=http://127.0.0.1:1"],
    "Failed to start skipper: open /none/access.log: no such file or directory",
  ],
  [["-application-log=/none/app.log"], "Failed to start skipper: open /none/app.log: no such file or directory"],
  [
    ["-enable-mtls"],
    "Failed to start skipper: failed to enable MTLS, invalid key/cert pair: exactly one is needed, got 0",
  ],
  [
    ["-enable-mtls", "-client-tls-cert=/none/crt", "-client-tls-key=/none/key"],
    "Failed to start skipper: failed to enable MTLS, invalid key/cert pair: " +
      "failed to load X509 keypair from /none/crt and /none/key: open /none/crt: no such file or directory",
  ],
  [["-plugindir=/none/plugins"], "Failed to start skipper: -plugindir: /none/plugins is no folder"],
  [
    ["-cache-second-level-urls=redis://a,redis://:secret@b/main"],
    "Error processing config: invalid cache-second-level-urls: address 2: the path is no number of a database; " +
      "expected redis://[user:password@]host[:port][/database], or the same with rediss, valkey or valkeys",
  ],
  [
    ["-cache-second-level-timeout=0s"],
    "Error processing config: invalid cache-second-level-timeout: expected a duration above zero, got 0ms",
  ],
  [["-tls-key-log-file=/none/keys"], "Error processing config: open /none/keys: no such file or directory"],
  [
    ["-address=192.0.2.1:81"],
    "Failed to start skipper: listen tcp 192.0.2.1:81: bind: cannot assign requested address",
  ],
];

for (const [flags, message] of refused) {
  test(flags.join(" "), async () => {
    const address = `-address=127.0.0.1:${await freePort()}`;
    const { code, log } = await run(address, ...flags);
    assert.equal(fatalMessage(log), message);
    assert.equal(code, 1);
  });
}

const broken: [flags: string[], files: Readonly<Record<string, string>>, message: string][] = [
  [["-filter-plugin=geo"], {}, "filter plugin geo not found in plugin dirs"],
  [["-predicate-plugin=geo,eu"], {}, "predicate plugin geo not found in plugin dirs"],
  [["-dataclient-plugin=geo"], {}, "data client plugin geo not found in plugin dirs"],
  [["-multi-plugin=./nowhere.ts"], {}, "multi plugin ./nowhere.ts not found in plugin dirs"],
  [
    ["-filter-plugin=geo"],
    { "geo.ts": "\nnamespace A { export const a = 1 }\n" },
    "filter plugin geo: FOLDER/geo.ts:2: TypeScript namespace declaration is not supported in strip-only mode",
  ],
  [["-filter-plugin=geo"], { "geo.mjs": "const a = ;\n" }, "filter plugin geo: FOLDER/geo.mjs:1: Expression expected"],
  [
    ["-filter-plugin=geo"],
    { "geo.js": "export const a = 1;\n" },
    "filter plugin geo: FOLDER/geo.js: expected a default export, got none",
  ],
  [
    ["-predicate-plugin=geo"],
    { "geo.ts": filterModule("geo", "") },
    "predicate plugin geo: FOLDER/geo.ts: expected a predicate only, got the filter geo (-multi-plugin takes any)",
  ],
  [
    ["-filter-plugin=geo,eu"],
    { "geo.ts": "export default (options: string[]) => {\n  throw new Error(`no such region: ${options[0]}`);\n};\n" },
    "filter plugin geo: FOLDER/geo.ts:2: no such region: eu",
  ],
  [
    [],
    { "found.ts": 'import "./none.ts";\n' },
    "multi plugin found: FOLDER/found.ts:1: cannot find module FOLDER/none.ts",
  ],
  [
    ["-filter-plugin=geo", "-plugin-timeout=100ms"],
    { "geo.ts": "await new Promise(() => {});\nexport default [];\n" },
    "filter plugin geo: FOLDER/geo.ts: was not loaded within 100ms (-plugin-timeout)",
  ],
];

for (const [flags, files, message] of broken) {
  test(`${flags.join(" ")} with ${Object.keys(files).join(", ") || "no file"}: ${message}`, async () => {
    const folder = new PluginFolder(files);
    const { code, log } = await run(`-plugindir=${folder.path}`, ...flags);
    folder.remove();
    assert.equal(fatalMessage(log), `Failed to start skipper: ${message.replaceAll("FOLDER", folder.path)}`);
    assert.equal(code, 1);
  });
}

for (const [flags, message] of [
  [
    ["-kubernetes", "-routes-urls=http://127.0.0.1:1/"],
    "-routes-fallback-kubernetes: -kubernetes reads the cluster already",
  ],
  [
    ["-inline-routes=* -> <shunt>"],
    "-routes-fallback-kubernetes: -routes-urls names no server whose place the cluster could take",
  ],
  [
    ["-routes-urls=http://127.0.0.1:1/", "-kubernetes-url=nonsense"],
    'error while creating kubernetes data client: parse "nonsense": invalid URI for request',
  ],
] as const) {
  test(`a fallback that could not work: ${message}`, async () => {
    const { code, log } = await run("-address=127.0.0.1:0", "-routes-fallback-kubernetes", ...flags);
    assert.equal(code, 1);
    assert.equal(fatalMessage(log), `Failed to start skipper: ${message}`);
  });
}
