import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RecordReader, RecordType, requestStart, streamRecords } from "./records.ts";

/** A record of an answer. */
function record(type: number, content: Buffer, padding = 0, id = 1, version = 1): Buffer {
  const header = Buffer.from([version, type, id >> 8, id & 255, 0, 0, padding, 0]);
  header.writeUInt16BE(content.length, 4);
  return Buffer.concat([header, content, Buffer.alloc(padding, 0xee)]);
}

const end = (status: number) => record(RecordType.end, Buffer.from([0, 0, 0, 7, status, 0, 0, 0]));

interface Seen {
  stdout: string;
  stderr: string;
  ends: number[];
  ok: boolean;
}

function read(pieces: readonly Buffer[]): Seen {
  const seen: Seen = { stdout: "", stderr: "", ends: [], ok: true };
  const reader = new RecordReader({
    onStdout: (bytes) => {
      seen.stdout += bytes.toString("latin1");
    },
    onStderr: (bytes) => {
      seen.stderr += bytes.toString("latin1");
    },
    onEndRequest: (status) => seen.ends.push(status),
  });
  for (const piece of pieces) seen.ok &&= reader.push(piece);
  return seen;
}

const answer = Buffer.concat([
  record(RecordType.stdout, Buffer.from("Status: 200\r\n"), 3),
  record(RecordType.stderr, Buffer.from("oops")),
  record(RecordType.stdout, Buffer.from("another request"), 0, 2),
  record(9, Buffer.from("unknown type"), 255),
  record(RecordType.stdout, Buffer.from("\r\nbody")),
  record(RecordType.stdout, Buffer.alloc(0), 8),
  record(RecordType.stdout, Buffer.alloc(0)),
  end(0),
]);
const whole: Seen = { stdout: "Status: 200\r\n\r\nbody", stderr: "oops", ends: [0], ok: true };

test("an answer is read the same however it is cut", () => {
  assert.deepEqual(read([answer]), whole);
  assert.deepEqual(read([...answer].map((byte) => Buffer.from([byte]))), whole);
  for (let cut = 0; cut <= answer.length; cut++) {
    assert.deepEqual(read([answer.subarray(0, cut), answer.subarray(cut)]), whole, `cut at ${cut}`);
  }
});

test("an answer that was cut off has no end", () => {
  for (let cut = 0; cut < answer.length; cut++) assert.deepEqual(read([answer.subarray(0, cut)]).ends, [], `${cut}`);
});

test("another protocol version is refused; the protocol status is told", () => {
  assert.equal(read([record(RecordType.stdout, Buffer.from("x"), 0, 1, 2)]).ok, false);
  assert.deepEqual(read([end(2)]).ends, [2]);
  assert.deepEqual(read([record(RecordType.end, Buffer.from([0, 0]))]).ends, [-1]);
});

test("streams of any size come out as they went in", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 200_000 }), (length) => {
      const content = Buffer.alloc(length, "abcdefg");
      const records = streamRecords(RecordType.stdout, content);
      const seen = read([...records, end(0)]);
      assert.ok(seen.stdout === content.toString("latin1") && seen.ends.length === 1);
    }),
    { numRuns: 30 },
  );
});

test("parameters: sizes of one and of four bytes", () => {
  const start = requestStart(
    new Map([
      ["A", "b"],
      ["EMPTY", ""],
      ["LONG", "x".repeat(300)],
    ]),
  );
  const long = Buffer.concat([Buffer.from([4, 0x80, 0, 1, 0x2c]), Buffer.from(`LONG${"x".repeat(300)}`)]);
  const params = Buffer.concat([Buffer.from("\x01\x01Ab\x05\x00EMPTY", "latin1"), long]);
  const expected = [
    record(RecordType.begin, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0])),
    record(RecordType.params, params),
    record(RecordType.params, Buffer.alloc(0)),
  ];
  assert.deepEqual(start, Buffer.concat(expected));
});
