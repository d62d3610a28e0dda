// What a host keeps of versions: one that comes back is not loaded again, and there is an end to loading new ones.

import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type LoadedPlugin, PluginHost } from "./plugin-host.ts";

const folder = mkdtempSync(path.join(tmpdir(), "plugin-host-"));
after(() => rmSync(folder, { recursive: true }));
const face = new URL("../index.ts", import.meta.url).href;

/** Counts how often it was evaluated, whatever its version. */
function write(name: string): void {
  const text = `
    import { defineFilter } from "skipper-proxy";
    globalThis.evaluations = (globalThis.evaluations ?? 0) + 1;
    export default () => defineFilter({ name: "${name}", summary: "", args: [], examples: [], create: () => ({}) });`;
  writeFileSync(path.join(folder, "next"), text);
  renameSync(path.join(folder, "next"), path.join(folder, "plugin.ts"));
}

function evaluations(): number {
  return (globalThis as unknown as { evaluations: number }).evaluations;
}

function filterOf(plugins: readonly LoadedPlugin[]): string | undefined {
  return plugins[0]?.declarations.filters[0]?.name;
}

async function until(what: string, condition: () => boolean): Promise<void> {
  for (const limit = Date.now() + 20_000; !condition(); await pause(5)) {
    if (Date.now() > limit) assert.fail(`waited for: ${what}`);
  }
}

test("a former version that comes back is not loaded again; one that is refused stays out; there is an end to new ones", async () => {
  const lines: string[] = [];
  const line = (message: string): void => void lines.push(message);
  write("a");
  const settings = { folders: [folder], named: [], limitMs: 5000, pollMs: 1, face, maxVersions: 3 };
  const host = await PluginHost.open(settings, { debug: line, info: line, warn: line, error: line });
  let refusal = "";
  host.watch(async () => refusal);
  const change = async (name: string) => {
    write(name);
    await until(`${name} is in force`, () => filterOf(host.plugins) === name);
  };
  assert.equal(filterOf(host.plugins), "a");
  await change("b");
  await change("a");
  await change("b");
  assert.equal(evaluations(), 2);

  refusal = "a worker does not want it";
  write("c");
  await until("the refusal is told", () => lines.some((text) => text.includes(refusal)));
  assert.equal(lines.at(-1), `multi plugin plugin: the last good version stays: ${refusal}`);
  assert.equal(filterOf(host.plugins), "b");

  write("d");
  await until("the end is told", () => lines.at(-1)!.includes("was loaded 3 times"));
  assert.equal(evaluations(), 3);
  refusal = "";
  await change("a");
  host.stop();
});
