import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalName, Headers, LINE_FIELDS } from "./headers.ts";

/** A received block, as the codec leaves it: offsets without the blanks around values. */
function received(lines: readonly (readonly [string, string])[]): Headers {
  let text = "";
  const table = new Int32Array(lines.length * LINE_FIELDS);
  lines.forEach(([name, value], i) => {
    const start = text.length;
    text += `${name}: ${value}\r\n`;
    table.set([start, start + name.length, start + name.length + 2, text.length - 2], i * LINE_FIELDS);
  });
  const headers = new Headers();
  headers.reset(text, table, lines.length);
  return headers;
}

const names = ["X-A", "x-a", "X-B", "x-Bc", "Host"];
const pair = fc.tuple(fc.constantFrom(...names), fc.constantFrom("", "1", "b c", "\xe4"));
const change = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), pair }),
  fc.record({ kind: fc.constant("append" as const), pair }),
  fc.record({ kind: fc.constant("delete" as const), pair }),
);

test("changes behave as those of a plain list of lines", () => {
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 6 }), fc.array(change, { maxLength: 8 }), (lines, changes) => {
      const headers = received(lines);
      let kept = lines.map(([name, value]) => [name, value] as const);
      let added: (readonly [string, string])[] = [];
      for (const { kind, pair } of changes) {
        const [name, value] = pair;
        const other = ([n]: readonly [string, string]) => n.toLowerCase() !== name.toLowerCase();
        if (kind !== "append") {
          kept = kept.filter(other);
          added = added.filter(other);
        }
        if (kind === "delete") headers.delete(name);
        else {
          added.push([canonicalName(name), value]);
          if (kind === "set") headers.set(name, value);
          else headers.append(name, value);
        }
      }
      const all = [...kept, ...added];
      const text = (rows: readonly (readonly [string, string])[]) => rows.map(([n, v]) => `${n}: ${v}\r\n`).join("");
      assert.equal(headers.serialize(true), text(all));
      assert.equal(headers.serialize(false), text(all.map(([n, v]) => [canonicalName(n), v])));
      assert.equal(headers.size, all.length);
      for (const name of names) {
        const values = all.filter(([n]) => n.toLowerCase() === name.toLowerCase()).map(([, v]) => v);
        assert.deepEqual(headers.getAll(name), values);
        assert.equal(headers.get(name), values[0]);
        assert.equal(headers.has(name), values.length > 0);
      }
      const copy = headers.clone();
      headers.set("X-Later", "1");
      assert.equal(copy.serialize(true), text(all), "a copy does not see later changes");
    }),
  );
});

test("canonical names", () => {
  for (const [name, canonical] of [
    ["x-flow-id", "X-Flow-Id"],
    ["X-FLOW-ID", "X-Flow-Id"],
    ["etag", "Etag"],
    ["x--a-", "X--A-"],
    ["a b", "a b"],
    ["x\xe4", "x\xe4"],
    ["", ""],
  ] as const) {
    assert.equal(canonicalName(name), canonical);
  }
});

test("illegal additions are seen, and mended: bad names go, bad characters of values become blanks (spec filters 3.5)", () => {
  for (const [name, value, mended] of [
    ["X-A", "v", "X-A: v\r\n"],
    ["X-A", "", "X-A: \r\n"],
    ["X-A", "a\tb\xff~", "X-A: a\tb\xff~\r\n"],
    ["x bad", "v", ""],
    ["", "v", ""],
    ["X-A:", "v", ""],
    ["X\r\nY", "v", ""],
    ["X\u0141", "v", ""],
    ["X-A", "a\nb", "X-A: a b\r\n"],
    ["X-A", "a\r\nX-B: c", "X-A: a  X-B: c\r\n"],
    ["X-A", "a\0b\x7f", "X-A: a b \r\n"],
    // The low byte of this character is a line feed.
    ["X-A", "a\u010ab", "X-A: a b\r\n"],
  ] as const) {
    const headers = received([["Kept", "1"]]);
    headers.set("First", "1");
    headers.append(name, value);
    headers.append("Last", "2");
    assert.equal(headers.additionsAreLegal(), mended === `${name}: ${value}\r\n`, JSON.stringify([name, value]));
    headers.mendAdditions();
    assert.equal(headers.serialize(true), `Kept: 1\r\nFirst: 1\r\n${mended}Last: 2\r\n`);
    assert.ok(headers.additionsAreLegal());
  }
  assert.ok(received([["Kept", "1"]]).additionsAreLegal());
});
