// Replays test/vectors/proxy.json against the skipper command: one start per scenario, two at a time.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { optionSpecs } from "../../src/config/options.ts";
import type { Expectation } from "./proxy-comparison.ts";
import { runScenario, type Scenario } from "./proxy-scenario.ts";

const file = new URL("../vectors/proxy.json", import.meta.url);
const { scenarios } = JSON.parse(readFileSync(file, "utf8")) as { scenarios: Scenario[] };

/** Scenarios that wait for a flag of a later issue; one that could run, or waits without being named here, is a failure. */
const later: Readonly<Record<string, string>> = {
  "err-breaker": "circuit breakers: -enable-breakers",
  "err-breaker-flag": "circuit breakers: -breaker",
  "err-breaker-lb": "circuit breakers: -enable-breakers",
  "err-breaker-lb-preserve": "circuit breakers: -enable-breakers",
  "err-ratelimit-first-wins": "global rate limits: -ratelimits",
  "tls-alpn-h2c-flag": "HTTP/2: -enable-h2c-server",
};

const flagNames = new Set(optionSpecs.map((one) => `-${one.name}`));

/** True when the command knows all flags of the scenario. */
function canRun({ flags }: Scenario): boolean {
  return flags.every((flag) => flagNames.has(flag.split("=")[0]!));
}

type Changes = (e: Expectation) => Expectation;

/** What is right as well, for reasons that the specification or the decisions give. */
const alternatives: Readonly<Record<string, Changes>> = {
  // Spec proxy 13: a break of the backend may be passed on as one.
  "resp-short-chunked": cutChunked,
  "resp-bad-chunk": cutChunked,
  // Spec proxy 2: offering h2 is accepted.
  "tls-alpn-h2c-flag": (e) => withEntry(e, 0, (entry) => ({ tls: { ...(entry.tls as object), alpn: "h2" } })),
  // Decisions: `Connection: keep-alive, Upgrade` is an upgrade; the backend answers 200 all the same.
  "ws-keepalive-upgrade": ({ access_log: _, ...e }) => ({
    ...withEntry(e, 0, (entry) => ({ ...entry, informative: ["headers", "framing"] })),
    backend: {
      B1: e.backend.B1!.map((request) => ({
        ...request,
        headers: request.headers!.map(([name, value]) => [name, name === "Connection" ? "Upgrade" : value] as const),
      })),
    },
  }),
};

function withEntry(
  e: Expectation,
  index: number,
  change: (entry: Expectation["client"][number]) => object,
): Expectation {
  return { ...e, client: e.client.map((entry, i) => (i === index ? { ...change(entry) } : entry)) };
}

function cutChunked({ app_log: _, ...e }: Expectation): Expectation {
  const client = e.client.map((entry, i) =>
    i === 0 ? { ...entry, incomplete: true } : { ...entry, informative: ["connection", "extra"] },
  );
  return { ...e, client };
}

test("the scenarios that are left out are those that are listed with a reason", () => {
  const waiting = scenarios.filter((scenario) => !canRun(scenario)).map(({ id }) => id);
  assert.deepEqual(waiting.toSorted(), Object.keys(later).toSorted());
});

describe("proxy vectors", { concurrency: 2 }, () => {
  for (const scenario of scenarios) {
    const skip = later[scenario.id] ?? false;
    test(`${scenario.id}: ${scenario.title}`, { skip }, async () => {
      const alternative = alternatives[scenario.id];
      const found = await runScenario(scenario, (e) => (alternative === undefined ? [] : [alternative(e)]));
      assert.equal(found, "");
    });
  }
});
