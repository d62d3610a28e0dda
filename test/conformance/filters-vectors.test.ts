// Replays test/vectors/filters.json against the skipper command: one start per scenario, two at a time. Those in which a request
// could meet another worker than the one before run once more with two workers. A scenario whose routes use a filter that does not
// ship (yet) is skipped with that reason; the list is computed, not kept.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { optionSpecs } from "../../src/config/options.ts";
import { filterSpecs } from "../../src/filters/index.ts";
import { ask, type ClientRequest } from "./client-request.ts";
import {
  linesDifference,
  requestsDifference,
  responseDifference,
  type WantedRequest,
  type WantedResponse,
} from "./differences.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { type Answer, ScriptedBackend } from "./scripted-backend.ts";
import { freePort, type Message } from "./socket-reader.ts";

interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly filters: readonly string[];
  readonly routes: string;
  readonly flags?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  readonly backend?: readonly Answer[];
  readonly backend2?: readonly Answer[];
  readonly requests: readonly ClientRequest[];
  readonly expect: readonly WantedResponse[];
  readonly expect_backend?: readonly WantedRequest[];
  readonly expect_backend2?: readonly WantedRequest[];
  readonly expect_access_log?: readonly Readonly<Record<string, unknown>>[];
  readonly expect_audit_log?: readonly Readonly<Record<string, unknown>>[];
  readonly settle_ms?: number;
  readonly backend_ignore_incomplete?: boolean;
}

const root = dirname(dirname(import.meta.dirname));
const vectors: { scenarios: Scenario[] } = JSON.parse(readFileSync(join(root, "test/vectors/filters.json"), "utf8"));
const options = new Set(optionSpecs.map((spec) => spec.name));
const registered = new Set(filterSpecs.map((spec) => spec.name));
/** Names that stand in `filters` of a scenario because it shows that they are not known. */
const neverKnown = new Set(["nosuchfilter", "Host"]);

const FILE_TIME = new Date("2020-01-02T03:04:05Z");
const SETTLE_MS = 10_000;

/** Why a scenario cannot run, or "". */
function skipReason(scenario: Scenario): string {
  const text = [scenario.routes, ...(scenario.flags ?? []).filter((flag) => flag.startsWith("-default-filters"))].join(
    " ",
  );
  for (const match of text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""').matchAll(/->\s*(\w+)\(/g)) {
    const name = match[1]!;
    if (!registered.has(name) && !neverKnown.has(name)) return `filter ${name} does not ship`;
  }
  return "";
}

/** The flags of a scenario that there are: one of a filter that does not ship means nothing to the others. */
function knownFlags(flags: readonly string[]): readonly string[] {
  return flags.filter((flag) => options.has(/^-+([\w-]+)/.exec(flag)?.[1] ?? ""));
}

function substitute<T>(value: T, places: ReadonlyMap<string, string>): T {
  let text = JSON.stringify(value);
  for (const [name, place] of places) text = text.replaceAll(name, place);
  return JSON.parse(text);
}

async function until(condition: () => boolean): Promise<void> {
  for (const limit = Date.now() + SETTLE_MS; !condition() && Date.now() < limit; ) await sleep(10);
}

/** Numbers of workers to run a scenario with: a single request meets one of them, and the main thread checks the arguments. */
function workerCounts({ requests, expect }: Scenario): readonly number[] {
  const isCheckOfArguments = expect.every((wanted) => wanted.accepted !== undefined);
  return requests.length === 1 || isCheckOfArguments ? [1] : [1, 2];
}

async function replay(given: Scenario, workers: number): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), "filters-"));
  const backends = [new ScriptedBackend(given.backend ?? []), new ScriptedBackend(given.backend2 ?? [])];
  const [first, second] = await Promise.all(backends.map((backend) => backend.listen()));
  const [port, support] = [await freePort(), await freePort()];
  const scenario = substitute(
    given,
    new Map([
      ["{{backend}}", `127.0.0.1:${first}`],
      ["{{backend2}}", `127.0.0.1:${second}`],
      ["{{proxy}}", `127.0.0.1:${port}`],
      ["{{dir}}", directory],
    ]),
  );
  for (const [name, text] of Object.entries(scenario.files ?? {})) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    utimesSync(path, FILE_TIME, FILE_TIME);
  }
  // The routes lie beside the directory that the scenario knows.
  const routes = `${directory}.eskip`;
  writeFileSync(routes, scenario.routes);
  const proxy = new ProxyProcess(
    [
      `-address=127.0.0.1:${port}`,
      `-support-listener=127.0.0.1:${support}`,
      "-wait-first-route-load",
      `-routes-file=${routes}`,
      `-workers=${workers}`,
      ...knownFlags(scenario.flags ?? []),
    ],
    directory,
  );
  const wrong: string[] = [];
  const note = (what: string, difference: string): void => {
    if (difference !== "") wrong.push(`${what}: ${difference}`);
  };
  try {
    await proxy.ready(port);
    // The port accepts as soon as one worker listens.
    if (workers > 1) await until(() => proxy.errors.includes('msg="Listen on '));
    for (const [i, request] of scenario.requests.entries()) {
      if (request.wait_ms !== undefined) await sleep(request.wait_ms);
      const { message, elapsedMs } = await ask(port, request);
      note(`request ${i + 1}, ${request.target ?? "/"}`, responseDifference(scenario.expect[i]!, message, elapsedMs));
    }
    const wanted = [scenario.expect_backend, scenario.expect_backend2];
    const seen = (i: number): Message[] =>
      backends[i]!.seen.filter((one) => one.complete || scenario.backend_ignore_incomplete !== true);
    await until(() => wanted.every((list, i) => list === undefined || seen(i).length >= list.length));
    await until(() => proxy.lines("requested-host").length >= (scenario.expect_access_log?.length ?? 0));
    const audit = () => proxy.lines("status").filter((line) => !("requested-host" in line));
    await until(() => audit().length >= (scenario.expect_audit_log?.length ?? 0));
    await sleep(scenario.settle_ms ?? 30);
    for (const [i, list] of wanted.entries())
      if (list !== undefined) note("backend", requestsDifference(list, seen(i)));
    if (scenario.expect_access_log !== undefined) {
      note("access log", linesDifference(scenario.expect_access_log, proxy.lines("requested-host")));
    }
    if (scenario.expect_audit_log !== undefined) {
      note("audit log", linesDifference(scenario.expect_audit_log, audit()));
    }
  } finally {
    await proxy.stop();
    await Promise.all(backends.map((backend) => backend.close()));
    rmSync(directory, { recursive: true });
    rmSync(routes);
  }
  return wrong;
}

describe("filter vectors", { concurrency: 2 }, () => {
  for (const scenario of vectors.scenarios) {
    const reason = skipReason(scenario);
    for (const workers of workerCounts(scenario)) {
      const title = `${scenario.id}: ${scenario.title}${workers === 1 ? "" : `, ${workers} workers`}`;
      test(title, { skip: reason === "" ? false : reason }, async () => {
        assert.deepEqual(await replay(scenario, workers), []);
      });
    }
  }
});
