import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LINE_FIELDS } from "../headers.ts";
import { ChunkEvent, ChunkedDecoder, chunkHeader, LAST_CHUNK } from "./chunked.ts";
import * as errors from "./errors.ts";

interface Outcome {
  data: string;
  /** The event that ended it, or an error code. */
  end: number;
  /** Bytes after the body. */
  rest: string;
  trailers: [string, string][];
}

/** Decodes a text cut at the given places. */
function decode(text: string, cuts: readonly number[] = [], decoder = new ChunkedDecoder()): Outcome {
  decoder.reset();
  let data = "";
  const marks = [...cuts.filter((c) => c > 0 && c < text.length).sort((a, b) => a - b), text.length];
  let from = 0;
  for (const to of marks) {
    const piece = Buffer.from(text.slice(from, to), "latin1");
    for (let pos = 0; pos < piece.length || piece.length === 0; pos = decoder.position) {
      const event = decoder.next(piece, pos, piece.length);
      if (event === ChunkEvent.data) data += piece.toString("latin1", decoder.dataStart, decoder.dataEnd);
      else if (event === ChunkEvent.needMore) break;
      else {
        const rest = event === ChunkEvent.end ? text.slice(from + decoder.position) : "";
        const { trailers } = decoder;
        const fields = Array.from({ length: trailers?.lineCount ?? 0 }, (_, i): [string, string] => {
          const [a, b, c, d] = trailers!.lines.subarray(i * LINE_FIELDS, (i + 1) * LINE_FIELDS);
          return [trailers!.text.slice(a, b), trailers!.text.slice(c, d)];
        });
        return { data, end: event, rest, trailers: fields };
      }
    }
    from = to;
  }
  return { data, end: ChunkEvent.needMore, rest: "", trailers: [] };
}

const everyByte = (text: string) => Array.from({ length: text.length }, (_, i) => i);

const accepted: readonly (readonly [string, string, string, [string, string][]])[] = [
  ["empty", "0\r\n\r\n", "", []],
  ["one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello", []],
  ["two chunks", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world", []],
  ["upper and lower case", `a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n`, "01234567890123456789", []],
  ["leading zeros", "0005\r\nhello\r\n000\r\n\r\n", "hello", []],
  ["data like framing", "7\r\n0\r\n\r\n0\r\r\n0\r\n\r\n", "0\r\n\r\n0\r", []],
  ["extension", "5;a\r\nhello\r\n0;b=c\r\n\r\n", "hello", []],
  ["extensions", '5;a=1;b="x;\\"=\t";c\r\nhello\r\n0\r\n\r\n', "hello", []],
  ["blanks around an extension", '5 ; a = b\t;c = "d" ;e\r\nhello\r\n0\r\n\r\n', "hello", []],
  [
    "trailers",
    "5\r\nhello\r\n0\r\nA: 1\r\nb:\t2 \r\n\r\n",
    "hello",
    [
      ["A", "1"],
      ["b", "2"],
    ],
  ],
];

test("chunks are decoded wherever they are cut, and what follows is left", () => {
  const reused = new ChunkedDecoder();
  for (const [name, text, data, trailers] of accepted) {
    const wanted = { data, end: ChunkEvent.end, rest: "", trailers };
    assert.deepEqual(decode(text), wanted, name);
    assert.deepEqual(decode(text, everyByte(text), reused), wanted, `${name}, byte by byte`);
    for (let i = 1; i < text.length; i++) assert.deepEqual(decode(text, [i]), wanted, `${name}, cut at ${i}`);
    assert.deepEqual(
      decode(`${text}GET / HTTP/1.1`),
      { ...wanted, rest: "GET / HTTP/1.1" },
      `${name}, with bytes after it`,
    );
    for (let i = 0; i < text.length; i++)
      assert.equal(decode(text.slice(0, i)).end, ChunkEvent.needMore, `${name}, ${i} bytes`);
  }
});

const refused: readonly (readonly [string, errors.ErrorCode, string])[] = [
  ["no number", errors.BAD_CHUNK_SIZE, "zz\r\n"],
  ["empty size", errors.BAD_CHUNK_SIZE, "\r\n"],
  ["sign", errors.BAD_CHUNK_SIZE, "+5\r\nhello\r\n0\r\n\r\n"],
  ["negative", errors.BAD_CHUNK_SIZE, "-1\r\n"],
  ["prefix", errors.BAD_CHUNK_SIZE, "0x5\r\nhello\r\n0\r\n\r\n"],
  ["underscore", errors.BAD_CHUNK_SIZE, "1_0\r\n"],
  ["leading blank", errors.BAD_CHUNK_SIZE, " 5\r\nhello\r\n0\r\n\r\n"],
  ["trailing blank", errors.BAD_CHUNK_SIZE, "5 \r\nhello\r\n0\r\n\r\n"],
  ["bare LF", errors.BAD_CHUNK_SIZE, "5\nhello\r\n0\r\n\r\n"],
  ["lone CR", errors.BAD_CHUNK_SIZE, "5\rhello\r\n0\r\n\r\n"],
  ["17 digits", errors.BAD_CHUNK_SIZE, "FFFFFFFFFFFFFFFF0\r\n"],
  ["17 zeros", errors.BAD_CHUNK_SIZE, `${"0".repeat(17)}\r\n\r\n`],
  ["2^53", errors.BAD_CHUNK_SIZE, "20000000000000\r\n"],
  ["empty extension", errors.BAD_CHUNK_SIZE, "5;\r\nhello\r\n0\r\n\r\n"],
  ["two semicolons", errors.BAD_CHUNK_SIZE, "5;;a\r\nhello\r\n0\r\n\r\n"],
  ["extension that is no token", errors.BAD_CHUNK_SIZE, "5;bad[=x\r\nhello\r\n0\r\n\r\n"],
  ["extension without value", errors.BAD_CHUNK_SIZE, "5;a=\r\nhello\r\n0\r\n\r\n"],
  ["blank after an extension", errors.BAD_CHUNK_SIZE, "5;a \r\nhello\r\n0\r\n\r\n"],
  ["text after a quoted value", errors.BAD_CHUNK_SIZE, '5;a="b"c\r\nhello\r\n0\r\n\r\n'],
  ["open quote", errors.BAD_CHUNK_SIZE, '5;a="b\r\nhello\r\n0\r\n\r\n'],
  ["LF in an extension", errors.BAD_CHUNK_SIZE, "5;\nhello\r\n0\r\n\r\n"],
  ["NUL in an extension", errors.BAD_CHUNK_SIZE, "5;\0ext\r\nhello\r\n0\r\n\r\n"],
  ["CR in an extension", errors.BAD_CHUNK_SIZE, "5;a\rX\r\nhello\r\n0\r\n\r\n"],
  ["long line", errors.CHUNK_LINE_TOO_LONG, `5;${"a".repeat(4096)}\r\nhello\r\n0\r\n\r\n`],
  ["many extensions", errors.CHUNK_LINE_TOO_LONG, `${`1;${"a".repeat(4000)}\r\nx\r\n`.repeat(17)}0\r\n\r\n`],
  ["too much data", errors.BAD_CHUNK_END, "5\r\nhello!!\r\n0\r\n\r\n"],
  ["no CRLF after data", errors.BAD_CHUNK_END, "5\r\nhello0\r\n\r\n"],
  ["LF after data", errors.BAD_CHUNK_END, "5\r\nhello\n0\r\n\r\n"],
  ["CR after data", errors.BAD_CHUNK_END, "5\r\nhello\r0\r\n\r\n"],
  ["LF at the end", errors.BAD_TRAILER, "5\r\nhello\r\n0\r\n\n"],
  ["CR CR at the end", errors.BAD_TRAILER, "0\r\n\r\r\n"],
  ["trailer without colon", errors.BAD_TRAILER, "0\r\nabc\r\n\r\n"],
  ["blank in a trailer name", errors.BAD_TRAILER, "0\r\na b: c\r\n\r\n"],
  ["bare LF in a trailer", errors.BAD_TRAILER, "0\r\na: b\nc: d\r\n\r\n"],
  ["folded trailer", errors.BAD_TRAILER, "0\r\na: b\r\n c\r\n\r\n"],
  ["control byte in a trailer", errors.BAD_TRAILER, "0\r\na: \x01\r\n\r\n"],
  ["large trailer", errors.TRAILER_TOO_LARGE, `0\r\na: ${"b".repeat(70_000)}`],
  ["many trailers", errors.BAD_TRAILER, `0\r\n${"a: b\r\n".repeat(501)}\r\n`],
];

test("malformed chunks are errors, wherever they are cut", () => {
  for (const [name, code, text] of refused) {
    assert.equal(decode(text).end, code, name);
    assert.equal(decode(text, everyByte(text)).end, code, `${name}, byte by byte`);
    if (text.length < 100)
      for (let i = 1; i < text.length; i++) assert.equal(decode(text, [i]).end, code, `${name}, cut at ${i}`);
  }
});

test("what is written is read back", () => {
  const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 });
  const cuts = fc.array(fc.nat({ max: 300 }), { maxLength: 8 });
  fc.assert(
    fc.property(pieces, cuts, (chunks, at) => {
      const texts = chunks.map((c) => Buffer.from(c).toString("latin1"));
      const encoded = texts.map((t) => `${chunkHeader(t.length)}${t}\r\n`).join("") + LAST_CHUNK;
      assert.deepEqual(decode(encoded, at), { data: texts.join(""), end: ChunkEvent.end, rest: "", trailers: [] });
    }),
  );
});

test("data is handed out without copies and without waiting for the whole chunk", () => {
  const decoder = new ChunkedDecoder();
  const bytes = Buffer.from("ff\r\nabc");
  assert.equal(decoder.next(bytes, 0, bytes.length), ChunkEvent.data);
  assert.deepEqual([decoder.dataStart, decoder.dataEnd, decoder.position], [4, 7, 7]);
  assert.equal(decoder.ended, false);
});
