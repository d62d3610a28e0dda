// Replays test/vectors/matching.json against the skipper command: which route answers a request, with which path parameters.
// Scenarios with the same flags share a process; one that ends its process has its own.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { MatchingProxy, type MatchingScenario } from "./matching-scenario.ts";

const file = join(import.meta.dirname, "../vectors/matching.json");
const { scenarios } = JSON.parse(readFileSync(file, "utf8")) as { scenarios: MatchingScenario[] };

/** The scenarios that one process can serve. */
function groups(): MatchingScenario[][] {
  const byFlags = Map.groupBy(scenarios, ({ id, flags = [], requests }) => {
    const endsProcess = requests.some((request) => request.signal_before !== undefined);
    return `${flags.join(" ")} ${endsProcess ? id : ""}`;
  });
  return [...byFlags.values()];
}

suite("matching", { concurrency: 2 }, () => {
  for (const group of groups()) {
    const flags = group[0]!.flags ?? [];
    suite(flags.length === 0 ? "without flags" : flags.join(" "), { concurrency: 1 }, () => {
      let proxy: MatchingProxy;
      before(async () => {
        proxy = await MatchingProxy.start(flags);
      });
      after(() => proxy.stop());
      for (const scenario of group) test(scenario.id, () => replay(proxy, scenario));
    });
  }
});

async function replay(proxy: MatchingProxy, scenario: MatchingScenario): Promise<void> {
  await proxy.load(scenario);
  const differences: string[] = [];
  const invalid = await proxy.invalid();
  if (invalid.join() !== scenario.invalid.join()) differences.push(`invalid routes: ${invalid.join()}`);
  for (const request of scenario.requests) {
    const difference = await proxy.difference(request);
    if (difference !== "")
      differences.push(`${request.method ?? "GET"} ${JSON.stringify(request.target)}: ${difference}`);
  }
  assert.deepEqual(differences, []);
}
