// The fixtures of the translation, over sockets: the data client loads them from a stand-in for the API, with the faults that some of
// them order.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { afterEach, describe, test } from "node:test";
import { parse } from "yaml";
import type { StoredObject } from "../../test/support/kubernetes-store.ts";
import { parseDocument } from "../eskip/parser.ts";
import type { Logger } from "../observability/log.ts";
import { CertificateRegistry } from "./certificate-registry.ts";
import { TestCluster } from "./cluster.fixture.ts";
import {
  comparable,
  type FixtureCase,
  findCases,
  readObjects,
  readOptions,
  selectors,
  settingsOf,
  withLinks,
} from "./fixture-case.fixture.ts";
import type { Kind } from "./objects.ts";
import { ClusterTranslator } from "./translator.ts";

let cluster: TestCluster | null = null;
afterEach(async () => {
  await cluster?.stop();
  cluster = null;
});

interface Faults {
  readonly failOn?: readonly string[];
  readonly findNot?: readonly string[];
  readonly disableRouteGroups?: boolean;
}

/** Starts a data client on the objects of a case. `filters`: a directory with default filters, "" for none. */
async function load(one: FixtureCase, filters: string): Promise<TestCluster> {
  const apiFile = one.file(".api");
  const faults: Faults = apiFile === null ? {} : ((parse(readFileSync(apiFile, "utf8")) as Faults | null) ?? {});
  const options = readOptions(one);
  const settings = settingsOf(options, filters !== "");
  const lines: string[] = [];
  const say = (message: string) => void lines.push(message);
  const log: Logger = { debug: say, info: say, warn: say, error: say };
  const given = Object.entries(selectors).map(([kind, name]) => [kind, selectorOf(options[name])] as const);
  const started = await TestCluster.start(
    [],
    {
      makeTranslator: () => new ClusterTranslator(settings, say),
      selectors: Object.fromEntries(given) as Partial<Record<Kind, string>>,
      endpointSlices: settings.endpointSlices,
      topologyZone: settings.topologyZone,
      defaultFiltersDir: filters,
      certificates: settings.tls ? new CertificateRegistry(log) : null,
      pollMs: 10,
    },
    (api) => {
      for (const [, object] of readObjects(one)) api.store.put(object as StoredObject, false);
      api.hasRouteGroups = faults.disableRouteGroups !== true;
      api.fault = ({ path }) => {
        if (faults.failOn?.includes(path)) return { status: 500 };
        return faults.findNot?.includes(path) ? { status: 404 } : null;
      };
    },
  );
  started.lines.push(...lines.map((message) => `level=info msg=${JSON.stringify(message)}`));
  return started;
}

function selectorOf(labels: Readonly<Record<string, unknown>> | undefined): string {
  return Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

function matches(file: string | null, lines: readonly string[]): void {
  if (file === null) return;
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const isThere = line === "" || lines.some((text) => new RegExp(line).test(text));
    assert.ok(isThere, `nothing matches ${line} in:\n${lines.join("\n")}`);
  }
}

async function check(one: FixtureCase): Promise<void> {
  const filters = one.file(".default-filters");
  cluster = await (filters === null ? load(one, "") : withLinks(filters, (folder) => load(one, folder)));
  const { host } = cluster;
  const fails = one.file(".error") !== null;
  await host.until(() => (fails ? host.failures : host.transactions).length > 0);
  matches(
    one.file(".error"),
    host.failures.map(({ reason }) => reason),
  );
  matches(one.file(".log"), cluster.lines);
  const wanted = one.file(".eskip");
  if (wanted === null) return;
  const parsed = parseDocument(readFileSync(wanted, "utf8"));
  assert.equal(parsed.error, null);
  assert.deepEqual(comparable([...host.routes.values()]), comparable(parsed.routes));
}

for (const [title, folder] of [
  ["own fixtures", "testdata/"],
  ["shared fixtures", "../../../shared/vectors/kubernetes/"],
] as const) {
  const root = new URL(folder, import.meta.url).pathname;
  describe(title, { skip: existsSync(root) ? false : "skipped: fixtures absent" }, () => {
    for (const one of existsSync(root) ? findCases(root) : []) test(one.id, () => check(one));
  });
}
