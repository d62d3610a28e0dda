import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EventCutter, JsonCutError, ListCutter, MAX_VALUE_BYTES } from "./json-cutter.ts";

const items = [
  { metadata: { name: 'quote " and \\ and ] }', items: [{ a: [1] }] }, text: "äöü€😀" },
  {},
  [],
  null,
  17.5,
  "text, with ] and }",
  { a: [[{ b: "\\" }], "]"] },
];
const envelope = { kind: "List", metadata: { resourceVersion: "12", items: ["not these"], continue: "abc" } };

function cutList(text: string, size: number): { items: unknown[]; envelope: unknown } {
  const found: unknown[] = [];
  const cutter = new ListCutter((item) => found.push(item));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) cutter.write(bytes.subarray(at, at + size));
  return { items: found, envelope: cutter.end() };
}

function cutEvents(text: string, pieces: readonly number[]): unknown[] {
  const found: unknown[] = [];
  const cutter = new EventCutter((event) => found.push(event));
  const bytes = Buffer.from(text);
  let at = 0;
  // One buffer for all pieces, as a socket may do.
  const shared = Buffer.alloc(bytes.length);
  for (const end of [...pieces, bytes.length]) {
    const length = bytes.copy(shared, 0, at, end);
    cutter.write(shared.subarray(0, length));
    shared.fill(0x78, 0, length);
    at = end;
  }
  assert.ok(cutter.isComplete);
  return found;
}

describe("lists", () => {
  for (const [title, text] of [
    ["items last", JSON.stringify({ ...envelope, items })],
    ["items first", JSON.stringify({ items, ...envelope })],
    ["with white space", JSON.stringify({ ...envelope, items }, null, "\t")],
  ] as const) {
    test(`${title}, in pieces of any size`, () => {
      for (let size = 1; size <= text.length; size++) {
        assert.deepEqual(cutList(text, size), { items, envelope: { ...envelope, items: [] } });
      }
    });
  }

  test("no items, or null in their place", () => {
    for (const text of ['{"items":[]}', '{"items":null}', "{}", '{"a":["items",[1]]}', '{"items":{"x":[1]}}']) {
      assert.deepEqual(cutList(text, 3).items, [], text);
    }
  });

  for (const text of [
    "",
    "<html>",
    '{"items":[{"a":1}',
    '{"items":[{"a":1}}',
    '{"items":[{"a":1]}]}',
    '{"items":[{"a":}]}',
    '{"items":[]} {"items":[]}',
    '{"items":[tru]}',
    '{"items":[]',
  ]) {
    test(`refused: ${text}`, () => {
      for (const size of [1, 1000]) assert.throws(() => cutList(text, size), JsonCutError);
    });
  }

  test("an item and the rest of a list have a limit", () => {
    const block = Buffer.alloc(1 << 20, "x");
    const write = (start: string) => {
      const cutter = new ListCutter(() => {});
      cutter.write(Buffer.from(start));
      for (let i = 0; i <= MAX_VALUE_BYTES / block.length; i++) cutter.write(block);
    };
    assert.throws(() => write('{"items":["'), { message: "an object is larger than 16777216 bytes" });
    assert.throws(() => write('{"metadata":"'), { message: "a list has more than 1048576 bytes besides its items" });
  });
});

describe("watches", () => {
  const events = [{ type: "ADDED", object: items[0] }, { type: "BOOKMARK" }, { type: "DELETED", object: { a: "}\n" } }];
  const text = `${events.map((event) => JSON.stringify(event)).join("\n")}\n`;

  test("events cut at every byte", () => {
    const { length } = Buffer.from(text);
    for (let cut = 0; cut <= length; cut++) assert.deepEqual(cutEvents(text, [cut]), events);
    assert.deepEqual(cutEvents(text, [...Array(length).keys()]), events);
  });

  test("without line feeds between them", () => {
    assert.deepEqual(cutEvents(text.replaceAll("}\n{", "}{"), [7]), events);
  });

  test("the end inside an event shows", () => {
    const cutter = new EventCutter(() => {});
    cutter.write(Buffer.from('{"type":"ADDED"'));
    assert.equal(cutter.isComplete, false);
  });

  for (const garbage of [
    '{"type":"AD{"type":"ADDED"}\n{"type":"ADDED"}\n',
    "<html>\n",
    "]",
    "null\n",
    '{"type":ADDED}\n',
    '{"a":1}}',
  ]) {
    test(`refused: ${garbage.trim()}`, () => assert.throws(() => cutEvents(garbage, []), JsonCutError));
  }
});
