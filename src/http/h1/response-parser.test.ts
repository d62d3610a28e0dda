import assert from "node:assert/strict";
import { test } from "node:test";
import { LINE_FIELDS } from "../headers.ts";
import * as errors from "./errors.ts";
import { defaultResponseLimits } from "./limits.ts";
import { BodyKind, bodyKind, parseResponseHead, ResponseHead } from "./response-parser.ts";

function parse(text: string, head = new ResponseHead(), limits = defaultResponseLimits): number {
  const bytes = Buffer.from(text, "latin1");
  return parseResponseHead(head, bytes, 0, bytes.length, limits);
}

function parseByByte(text: string, head = new ResponseHead(), limits = defaultResponseLimits): number {
  for (let length = 1; length <= text.length; length++) {
    const used = parse(text.slice(0, length), head, limits);
    if (used !== 0) return used;
  }
  return 0;
}

function describe(head: ResponseHead): Record<string, unknown> {
  const { text, status, minorVersion, canonical, special, contentLength, chunked, keepAlive, poisoned, upgrade } = head;
  const fields = Array.from({ length: head.lineCount }, (_, i) => {
    const [a, b, c, d] = head.lines.subarray(i * LINE_FIELDS, (i + 1) * LINE_FIELDS);
    return [text.slice(a, b), text.slice(c, d)];
  });
  const kinds = [...head.kinds.subarray(0, head.lineCount)];
  return {
    ...{ text, status, minorVersion, canonical, special, contentLength, chunked, keepAlive, poisoned, upgrade },
    ...{ fields, kinds },
  };
}

const accepted: readonly (readonly [string, string, Record<string, unknown>])[] = [
  [
    "plain",
    "HTTP/1.1 200 OK\r\n\r\n",
    { status: 200, minorVersion: 1, keepAlive: true, contentLength: -1, poisoned: false },
  ],
  ["no reason", "HTTP/1.1 204\r\n\r\n", { status: 204 }],
  ["empty reason", "HTTP/1.1 204 \r\n\r\n", { status: 204 }],
  ["odd reason", "HTTP/1.1 299 \tall \xe9 fine: yes\r\n\r\n", { status: 299 }],
  ["unknown code", "HTTP/1.1 999 x\r\n\r\n", { status: 999 }],
  ["interim", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", { status: 103, fields: [["Link", "</a>"]] }],
  ["higher minor version", "HTTP/1.7 200 OK\r\n\r\n", { minorVersion: 1 }],
  ["HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n", { minorVersion: 0, keepAlive: false }],
  ["HTTP/1.0 with keep-alive", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", { keepAlive: true }],
  ["close", "HTTP/1.1 200 OK\r\nConnection: Close\r\n\r\n", { keepAlive: false }],
  ["length", "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", { contentLength: 12 }],
  ["equal lengths", "HTTP/1.1 200 OK\r\nContent-Length: 12\r\ncontent-length: 12\r\n\r\n", { contentLength: 12 }],
  ["chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", { chunked: true, poisoned: false }],
  [
    "chunked and length",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    { chunked: true, contentLength: -1, poisoned: true, keepAlive: false },
  ],
  ["upgrade", "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: w\r\n\r\n", { status: 101, upgrade: true }],
  ["fold", "HTTP/1.1 200 OK\r\nA: 1\r\n  2\r\n\r\n", { fields: [["A", "1 2"]] }],
  ["small names", "HTTP/1.1 200 OK\r\nserver: x\r\n\r\n", { canonical: false }],
];

test("accepted heads say the same whole and byte by byte", () => {
  const reused = new ResponseHead();
  for (const [name, text, wanted] of accepted) {
    const head = new ResponseHead();
    assert.equal(parse(text, head), text.length, name);
    const seen = describe(head);
    for (const key of Object.keys(wanted)) assert.deepEqual(seen[key], wanted[key], `${name}: ${key}`);
    assert.equal(parseByByte(text, reused), text.length, `${name}, byte by byte`);
    assert.deepEqual(describe(reused), seen, `${name}, byte by byte`);
  }
});

const refused: readonly (readonly [string, errors.ErrorCode, string])[] = [
  ["no HTTP", errors.BAD_STATUS_LINE, "SSH-2.0-x\r\n\r\n"],
  ["leading empty line", errors.BAD_STATUS_LINE, "\r\nHTTP/1.1 200 OK\r\n\r\n"],
  ["HTTP/2", errors.BAD_STATUS_LINE, "HTTP/2 200 OK\r\n\r\n"],
  ["two-digit minor", errors.BAD_STATUS_LINE, "HTTP/1.10 200 OK\r\n\r\n"],
  ["two spaces", errors.BAD_STATUS_CODE, "HTTP/1.1  200 OK\r\n\r\n"],
  ["two digits", errors.BAD_STATUS_CODE, "HTTP/1.1 20 OK\r\n\r\n"],
  ["four digits", errors.BAD_STATUS_CODE, "HTTP/1.1 2000 OK\r\n\r\n"],
  ["below 100", errors.BAD_STATUS_CODE, "HTTP/1.1 099 OK\r\n\r\n"],
  ["letters", errors.BAD_STATUS_CODE, "HTTP/1.1 2x0 OK\r\n\r\n"],
  ["control byte in the reason", errors.BAD_STATUS_LINE, "HTTP/1.1 200 O\x01K\r\n\r\n"],
  ["bare LF", errors.BAD_STATUS_LINE, "HTTP/1.1 200 OK\nA: b\r\n\r\n"],
  ["CR without LF", errors.BAD_STATUS_LINE, "HTTP/1.1 200 OK\rA: b\r\n\r\n"],
  ["bare LF after a header", errors.BAD_MESSAGE, "HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n"],
  ["blank before the colon", errors.BAD_HEADER_NAME, "HTTP/1.1 200 OK\r\nA : b\r\n\r\n"],
  ["no colon", errors.BAD_MESSAGE, "HTTP/1.1 200 OK\r\nA\r\n\r\n"],
  ["NUL", errors.BAD_MESSAGE, "HTTP/1.1 200 OK\r\nA: \0\r\n\r\n"],
  [
    "lengths that differ",
    errors.DIFFERING_LENGTHS,
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
  ],
  ["list of lengths", errors.BAD_FRAMING, "HTTP/1.1 200 OK\r\nContent-Length: 1,1\r\n\r\n"],
  ["length that is none", errors.BAD_FRAMING, "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"],
  ["unknown coding", errors.BAD_FRAMING, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"],
  ["chunked in HTTP/1.0", errors.BAD_FRAMING, "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"],
  ["folded length", errors.BAD_MESSAGE, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 2\r\n\r\n"],
];

test("ambiguous and malformed heads are errors, whole and byte by byte", () => {
  for (const [name, code, text] of refused) {
    assert.equal(parse(text), code, name);
    assert.equal(parseByByte(text), code, `${name}, byte by byte`);
    assert.notEqual(errors.errorText(code), "");
  }
});

test("an incomplete head is no error", () => {
  const text = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nA: b\r\n c\r\n\r\n";
  for (let length = 0; length < text.length; length++) assert.equal(parse(text.slice(0, length)), 0);
});

test("the size is limited to the byte", () => {
  const text = `HTTP/1.1 200 OK\r\nA: ${"a".repeat(50)}\r\n\r\n`;
  for (const feed of [parse, parseByByte]) {
    assert.equal(feed(text, new ResponseHead(), { maxBytes: text.length, maxLines: 1 }), text.length);
    assert.equal(feed(text, new ResponseHead(), { maxBytes: text.length - 1, maxLines: 1 }), errors.HEAD_TOO_LARGE);
    assert.equal(feed(text, new ResponseHead(), { maxBytes: 12, maxLines: 1 }), errors.HEAD_TOO_LARGE);
  }
});

test("how a body ends (RFC 9112 6.3)", () => {
  const length = "Content-Length: 5\r\n";
  const chunked = "Transfer-Encoding: chunked\r\n";
  const rows: readonly (readonly [string, number, string, number])[] = [
    ["GET", 200, length, BodyKind.length],
    ["GET", 200, chunked, BodyKind.chunked],
    ["GET", 200, "", BodyKind.close],
    ["GET", 200, length + chunked, BodyKind.chunked],
    ["HEAD", 200, length, BodyKind.none],
    ["HEAD", 200, chunked, BodyKind.none],
    ["GET", 204, length, BodyKind.none],
    ["GET", 304, length, BodyKind.none],
    ["GET", 304, chunked, BodyKind.none],
    ["GET", 100, "", BodyKind.none],
    ["GET", 101, "", BodyKind.none],
    ["GET", 205, "", BodyKind.close],
    ["head", 200, length, BodyKind.length],
    ["CONNECT", 200, length, BodyKind.length],
  ];
  for (const [method, status, fields, kind] of rows) {
    const head = new ResponseHead();
    assert.ok(parse(`HTTP/1.1 ${status} x\r\n${fields}\r\n`, head) > 0);
    assert.equal(bodyKind(method, head), kind, `${method} ${status} ${fields}`);
  }
});
