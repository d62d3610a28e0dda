import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { compareBytes } from "../eskip/byte-order.ts";
import { makeRoute } from "../eskip/route.ts";
import { parseDelta } from "../eskip/route-delta.ts";
import { Publications } from "./publication.ts";
import { lineInZone, type ServedRoute, serveRoute } from "./served-route.ts";
import { type RouteChanges, ServedTable } from "./served-table.ts";
import { Snapshot } from "./snapshot.ts";

/** A route with so many endpoints in the zones a and b. */
function route(id: string, a: number, b: number): ServedRoute {
  const endpoints = [..."a".repeat(a), ..."b".repeat(b)].map((zone, i) => ({ address: `http://10.0.0.${i}`, zone }));
  const backend =
    endpoints.length === 0 ? ({ type: "shunt" } as const) : ({ type: "lb", algorithm: "", endpoints } as const);
  return serveRoute(id, makeRoute({ id, backend }));
}

/** Some of 400 ids with what becomes of them; enough for several groups, and for groups that come and go. */
const changes: fc.Arbitrary<RouteChanges> = fc
  .array(
    fc.tuple(
      fc.integer({ min: 0, max: 399 }),
      fc.option(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 3 })), { freq: 2 }),
    ),
    { maxLength: 120 },
  )
  .map((list) => new Map(list.map(([n, ends]) => [`r${n}`, ends === null ? null : route(`r${n}`, ...ends)])));

function plainText(routes: ReadonlyMap<string, ServedRoute>, zone: string): string {
  const sorted = [...routes.values()].sort((x, y) => compareBytes(x.id, y.id));
  return sorted.map((one) => lineInZone(one, zone)).join("\n");
}

function textOf(snapshot: Snapshot): string {
  return Buffer.concat([...snapshot.text()]).toString();
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

test("a table is what a sorted list of all lines is, after any changes, and groups depend on the ids alone", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(changes, { minLength: 1, maxLength: 8 }), async (steps) => {
      const plain = new Map<string, ServedRoute>();
      let table = ServedTable.empty;
      let snapshot: Snapshot | null = null;
      for (const step of steps) {
        const before = table;
        table = table.change(step);
        let isSame = true;
        for (const [id, next] of step) {
          isSame &&= plain.get(id)?.line === next?.line;
          if (next === null) plain.delete(id);
          else plain.set(id, next);
        }
        assert.equal(table === before, isSame);
        assert.equal(table.count, plain.size);
        const anew = ServedTable.empty.change(plain);
        const ids = (one: ServedTable) => one.groups.map(({ routes }) => routes.map(({ id }) => id));
        assert.deepEqual(ids(table), ids(anew));
        const pieces = table.groups.map((group) => group.piece(""));
        snapshot = new Snapshot(pieces, table.count, snapshot);
        const text = plainText(plain, "");
        assert.equal(textOf(snapshot), text);
        assert.equal(snapshot.bytes, text.length);
        assert.equal(snapshot.hash, sha256(text));
        for (const zone of ["a", "b"]) {
          assert.equal(
            table.hasZone(zone),
            [...plain.values()].some(({ zones }) => zones.includes(zone)),
          );
        }
      }
      assert.equal(gunzipSync(await snapshot!.gzip()).toString(), plainText(plain, ""));
    }),
    { numRuns: 60 },
  );
});

test("a delta from any text that was served makes the present one, in every zone", () => {
  fc.assert(
    fc.property(fc.array(changes, { minLength: 2, maxLength: 8 }), (steps) => {
      const publications = new Publications(1 << 20);
      const plain = new Map<string, ServedRoute>([["first", route("first", 3, 3)]]);
      let table = ServedTable.empty.change(plain);
      publications.publish(table, ["first"], 0);
      const served = new Map<string, { zone: string; text: string }>();
      const zones = ["", "a", "b"];
      const remember = () => {
        for (const zone of zones) {
          const snapshot = publications.snapshot(zone);
          served.set(`${zone} ${snapshot.hash}`, { zone, text: textOf(snapshot) });
        }
      };
      remember();
      for (const step of steps) {
        for (const [id, next] of step) {
          if (next === null) plain.delete(id);
          else plain.set(id, next);
        }
        table = table.change(step);
        publications.publish(table, [...step.keys()], 0);
        remember();
        for (const [key, { zone, text }] of served) {
          const delta = publications.delta(zone, key.split(" ")[1]!);
          const present = textOf(publications.snapshot(zone));
          assert.equal(present, plainText(plain, zone));
          if (delta === null) continue;
          assert.deepEqual(gunzipSync(delta.gzip), delta.plain);
          const { deletes, upserts } = parseDelta(delta.plain.toString())!;
          const lines = new Map(text.split("\n").map((line) => [line.split(":", 1)[0]!, line]));
          for (const id of deletes) lines.delete(id);
          for (const [id, line] of upserts) lines.set(id, line);
          const result = [...lines].sort(([x], [y]) => compareBytes(x, y)).map(([, line]) => line);
          assert.equal(result.join("\n"), present);
        }
      }
    }),
    { numRuns: 60 },
  );
});

describe("publications", () => {
  const many = (count: number) => new Map(Array.from({ length: count }, (_, i) => [`r${i}`, route(`r${i}`, 4, 1)]));

  test("share what did not change: one changed route of thousands makes one new part", () => {
    const table = ServedTable.empty.change(many(5000));
    const changed = table.change(new Map([["r4711", route("r4711", 1, 1)]]));
    const parts = new Set(table.groups);
    assert.equal(changed.groups.filter((group) => !parts.has(group)).length, 1);
  });

  test("keep the text of a zone whose lines did not change", () => {
    const publications = new Publications(1 << 20);
    const table = ServedTable.empty.change(many(500));
    publications.publish(table, [...many(500).keys()], 0);
    const before = publications.snapshot("a");
    const full = publications.snapshot("");
    publications.publish(table.change(new Map([["r7", route("r7", 4, 2)]])), ["r7"], 0);
    assert.notEqual(publications.snapshot("").hash, full.hash);
    assert.equal(publications.snapshot("a"), before);
  });

  test("forget the oldest texts when their history is full", () => {
    const publications = new Publications(20_000);
    let table = ServedTable.empty.change(many(100));
    publications.publish(table, [...table.groups.flatMap(({ routes }) => routes.map(({ id }) => id))], 0);
    const hashes: string[] = [publications.snapshot("").hash];
    for (let i = 1; i <= 300; i++) {
      table = table.change(new Map([["r7", route("r7", i % 4, i % 3)]]));
      publications.publish(table, ["r7"], 0);
      table = table.change(new Map([[`new${i}`, route(`new${i}`, 0, 0)]]));
      publications.publish(table, [`new${i}`], 0);
      hashes.push(publications.snapshot("").hash);
    }
    assert.equal(publications.delta("", hashes[0]!), null);
    assert.notEqual(publications.delta("", hashes.at(-2)!), null);
    assert.equal(publications.delta("", "unknown"), null);
  });
});
