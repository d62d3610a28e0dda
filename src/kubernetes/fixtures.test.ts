// The fixtures of the translation: our own in testdata/, and the shared ones where they are.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { parseDocument } from "../eskip/parser.ts";
import { comparable, type FixtureCase, findCases, runCase } from "./fixture-case.fixture.ts";

const own = new URL("testdata/", import.meta.url).pathname;
const shared = new URL("../../../shared/vectors/kubernetes/", import.meta.url).pathname;

const aboutTheApi = "about faults of the API: see data-client.fixtures.test.ts";

function skipReason(one: FixtureCase): string | false {
  return one.file(".api") !== null || one.file(".error") !== null ? aboutTheApi : false;
}

for (const [title, root] of [
  ["own fixtures", own],
  ["shared fixtures", shared],
] as const) {
  describe(title, { skip: existsSync(root) ? false : "skipped: fixtures absent" }, () => {
    for (const one of existsSync(root) ? findCases(root) : []) {
      test(one.id, { skip: skipReason(one) }, () => check(one));
    }
  });
}

async function check(one: FixtureCase): Promise<void> {
  const { routes, log } = await runCase(one);
  const wanted = one.file(".eskip");
  if (wanted !== null) {
    const parsed = parseDocument(readFileSync(wanted, "utf8"));
    assert.equal(parsed.error, null);
    assert.deepEqual(comparable(routes), comparable(parsed.routes));
  }
  const lines = one.file(".log");
  for (const line of lines === null ? [] : readFileSync(lines, "utf8").split("\n")) {
    if (line === "") continue;
    assert.ok(
      log.some((text) => new RegExp(line).test(text)),
      `no log line matches ${line} in:\n${log.join("\n")}`,
    );
  }
}
