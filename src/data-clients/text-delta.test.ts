import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { RecordingHost } from "../../test/support/recording-host.ts";
import { compareBytes } from "../eskip/byte-order.ts";
import { parseDelta, printDelta } from "../eskip/route-delta.ts";
import { MemoryContent } from "./route-content.ts";
import { RouteDocument } from "./route-document.ts";

type Lines = ReadonlyMap<string, string>;

/** As the Route Server prints routes: one on a line, in the order of ids. */
function textOf(lines: Lines): string {
  return [...lines]
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([, line]) => line)
    .join("\n");
}

function shared(text: string): Uint8Array<SharedArrayBuffer> {
  const bytes = new Uint8Array(new SharedArrayBuffer(Buffer.byteLength(text)));
  bytes.set(Buffer.from(text));
  return bytes;
}

const line = (id: string, n: number) => `${id}: Path("/é${n}") -> status(${n}) -> <shunt>;`;

const steps = fc.array(
  fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.option(fc.integer({ min: 100, max: 103 }), { freq: 2 })), {
    maxLength: 12,
  }),
  { minLength: 1, maxLength: 12 },
);

test("a delta after the other gives the texts and the routes of a whole load, also from and to a few routes", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const host = new RecordingHost();
      const document = new RouteDocument("test");
      let lines = new Map([["r1", line("r1", 100)]]);
      document.accept(new MemoryContent(shared(textOf(lines))), host);
      for (const step of all) {
        const deletes = new Set<string>();
        const upserts = new Map<string, string>();
        const next = new Map(lines);
        for (const [n, status] of step) {
          const id = `r${n}`;
          deletes.delete(id);
          upserts.delete(id);
          if (status === null) {
            deletes.add(id);
            next.delete(id);
          } else {
            upserts.set(id, line(id, status));
            next.set(id, line(id, status));
          }
        }
        if (next.size === 0) continue;
        lines = next;
        const content = document.changedBy(parseDelta(printDelta({ deletes: [...deletes], upserts }))!)!;
        assert.equal(Buffer.from(content.read(0, content.length)).toString(), textOf(lines));
        assert.equal(content.hash(), createHash("sha256").update(textOf(lines)).digest("hex"));
        document.accept(content, host);
        assert.deepEqual([...host.routes.keys()].sort(), [...lines.keys()].sort());
        for (const [id, route] of host.routes)
          assert.ok(lines.get(id)!.includes(`status(${route.filters[0]!.args[0]})`));
      }
    }),
  );
});

test("a text in any other form gives another hash, and no error", () => {
  const host = new RecordingHost();
  const document = new RouteDocument("test");
  document.accept(new MemoryContent(shared("b: * -> <shunt>;\n\n  a: * -> <shunt>")), host);
  const lines = new Map([["c", line("c", 100)]]);
  const content = document.changedBy({ deletes: ["a"], upserts: lines })!;
  assert.notEqual(
    content.hash(),
    createHash("sha256")
      .update(`b: * -> <shunt>;\n${line("c", 100)}`)
      .digest("hex"),
  );
});

test("what is no delta is told", () => {
  for (const text of ["a", "a: * -> <shunt>", ": x;", "-a\n\n"]) assert.equal(parseDelta(text), null, text);
  assert.deepEqual(parseDelta(""), { deletes: [], upserts: new Map() });
});
