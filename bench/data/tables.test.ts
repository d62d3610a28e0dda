// The generated tables have the sizes that the scenarios claim.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { catalogPath, changeInPlace, writeCatalogTable } from "./catalog-table.ts";
import { ingressHost, ingressTableText } from "./ingress-table.ts";

test("the ingress table has 65,003 routes of 20,000 hosts", () => {
  const table = ingressTableText(9000);
  assert.equal(table.routes, 65_003);
  assert.equal(table.hosts, 20_000);
  assert.equal(table.text.split(";\n").length - 1, 65_003);
  assert.equal(ingressHost(0), "app-00001.team.example.org");
  assert.ok(table.text.includes("Host(/^(app-20000[.]team[.]example[.]org[.]?(:[0-9]+)?)$/)"));
});

test("every route of the catalog has 161 bytes, and one can be changed in place", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "skipper-catalog-"));
  try {
    const table = writeCatalogTable(path.join(folder, "catalog.eskip"), 65_000, 0.001);
    changeInPlace(table, 799, "tag001", 65_000);
    const text = readFileSync(table.file, "latin1");
    assert.equal(text.length, 800 * 161);
    const lines = text.trimEnd().split("\n");
    assert.equal(lines.length, 800);
    assert.ok(lines[799]!.includes(`Path("${catalogPath(799)}")`) && lines[799]!.includes('"tag001"'));
    assert.ok(lines.slice(0, 799).every((line) => line.includes('"tag000"')));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
