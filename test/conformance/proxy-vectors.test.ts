// Replays test/vectors/proxy.json against the skipper command: one start per scenario, two at a time.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { optionSpecs } from "../../src/config/options.ts";
import type { Expectation } from "./proxy-comparison.ts";
import { runScenario, type Scenario } from "./proxy-scenario.ts";

const file = new URL("../vectors/proxy.json", import.meta.url);
const { scenarios } = JSON.parse(readFileSync(file, "utf8")) as { scenarios: Scenario[] };

/** Features that are not there yet, by the ids of the scenarios that need them. */
const missing: readonly (readonly [ids: RegExp, feature: string])[] = [
  [/^pp-(?:v1|v1-v6|v1-unknown|v2|deny|bad)$/, "no PROXY protocol"],
  [/^fcgi-/, "no FastCGI backends"],
  [/^debug-/, "no debug listener"],
];

const flagNames = new Set(optionSpecs.map((one) => `-${one.name}`));

/** Why a scenario cannot run, false when it can. */
function skipReason({ id, flags }: Scenario): string | false {
  const unknown = flags.map((flag) => flag.split("=")[0]!).find((name) => !flagNames.has(name));
  if (unknown !== undefined) return `no flag ${unknown}`;
  return missing.find(([ids]) => ids.test(id))?.[1] ?? false;
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
        headers: request
          .headers!.filter(([name]) => name !== "Accept-Encoding")
          .map(([name, value]) => [name, name === "Connection" ? "Upgrade" : value] as const),
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

describe("proxy vectors", { concurrency: 2 }, () => {
  for (const scenario of scenarios) {
    test(`${scenario.id}: ${scenario.title}`, { skip: skipReason(scenario) }, async () => {
      const alternative = alternatives[scenario.id];
      const found = await runScenario(scenario, (e) => (alternative === undefined ? [] : [alternative(e)]));
      assert.equal(found, "");
    });
  }
});
