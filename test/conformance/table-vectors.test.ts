// Replays the tables of test/vectors/eskip.json: inline routes and flags in, the listing of the support listener and the metric of
// refused routes out. Each case starts the real command.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { shippedRegistry } from "../../src/app/shipped-registry.ts";
import { parseDocument } from "../../src/eskip/parser.ts";
import { freePort } from "./socket-reader.ts";

interface TableCase {
  readonly name: string;
  readonly kind: string;
  readonly input: string;
  readonly flags: readonly string[];
  readonly table: string;
  /** Text of each refused route; only the reason in front of the colon is compared. */
  readonly invalid: Readonly<Record<string, string>>;
  readonly invalid_reasons: Readonly<Record<string, string>>;
}

/** What is compared of a running proxy. */
interface Seen {
  readonly table: string;
  readonly invalid: Record<string, string>;
  readonly reasons: Record<string, string>;
}

const skipper = new URL("../../bin/skipper", import.meta.url).pathname;
const vectors = new URL("../vectors/eskip.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(vectors, "utf8")) as { cases: TableCase[] };
const patienceMs = 20_000;

suite("tables of inline routes", { concurrency: 2 }, () => {
  for (const vector of cases.filter((item) => item.kind === "table")) {
    test(vector.name, { skip: missingFilter(vector) }, async () => {
      const expected: Seen = {
        table: vector.table,
        invalid: Object.fromEntries(Object.entries(vector.invalid).map(([id, text]) => [id, reasonOf(text)])),
        reasons: { ...vector.invalid_reasons },
      };
      assert.deepEqual(await run(vector, expected), expected);
    });
  }
});

/** Why a case cannot run: its table has a filter that is not there yet. */
function missingFilter(vector: TableCase): string | false {
  const registry = shippedRegistry([]);
  for (const route of parseDocument(vector.table).routes) {
    for (const { name } of route.filters) if (registry.filter(name) === undefined) return `no filter ${name}`;
  }
  return false;
}

/** Starts the proxy and looks at it until it shows what is expected, or for a while. */
async function run(vector: TableCase, expected: Seen): Promise<Seen | null> {
  const [address, support] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const flags = ["-address", address, "-support-listener", support, "-workers=1", "-access-log-disabled"];
  const child = spawn(skipper, [...flags, "-inline-routes", vector.input, ...vector.flags], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let output = "";
  child.stderr.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const ended = once(child, "exit");
  try {
    return await look(child, support, expected, () => output);
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
}

async function look(child: ChildProcess, support: string, expected: Seen, output: () => string): Promise<Seen | null> {
  const end = Date.now() + patienceMs;
  let seen: Seen | null = null;
  while (Date.now() < end) {
    assert.equal(child.exitCode, null, `ended early: ${output()}`);
    try {
      seen = await observe(`http://${support}`);
      assert.deepEqual(seen, expected);
      return seen;
    } catch {
      await pause(20);
    }
  }
  return seen;
}

async function observe(base: string): Promise<Seen> {
  const table = await (await fetch(`${base}/routes?nopretty`)).text();
  const refused = await fetch(`${base}/routes?invalid=true`, { headers: { accept: "application/json" } });
  const list = (await refused.json()) as { id?: string; error: string }[];
  const { gauges = {} } = (await (await fetch(`${base}/metrics`)).json()) as {
    gauges?: Record<string, { value: number }>;
  };
  const reasons: Record<string, string> = {};
  for (const [key, { value }] of Object.entries(gauges)) {
    const match = /^skipper\.route\.invalid\.([^.]*)\.([^.]*)$/.exec(key);
    if (match !== null && value === 1) reasons[match[1]!] = match[2]!;
  }
  return { table, invalid: Object.fromEntries(list.map(({ id = "", error }) => [id, reasonOf(error)])), reasons };
}

/** The text in front of the first colon; the number that texts about patterns show depends on the order of the build. */
function reasonOf(text: string): string {
  return text.split(":", 1)[0]!.replace(/ \[\d+\]$/, "");
}
