import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { LINE_FIELDS } from "../headers.ts";
import * as errors from "./errors.ts";
import { requestHeadLimits } from "./limits.ts";
import { RequestHead } from "./request-head.ts";
import { parseRequestHead } from "./request-parser.ts";
import { KIND, SPECIAL } from "./tables.ts";

const limits = requestHeadLimits(1 << 20);

function parse(text: string, head = new RequestHead(), within = limits): number {
  const bytes = Buffer.from(text, "latin1");
  return parseRequestHead(head, bytes, 0, bytes.length, within);
}

function fieldsOf(head: RequestHead): [string, string][] {
  return Array.from({ length: head.lineCount }, (_, i) => {
    const [a, b, c, d] = head.lines.subarray(i * LINE_FIELDS, (i + 1) * LINE_FIELDS);
    return [head.text.slice(a, b), head.text.slice(c, d)];
  });
}

/** All that a head says, for comparing. */
function describe(head: RequestHead): object {
  const { text, method, targetStart, targetEnd, minorVersion, hostLine, canonical, contentLength } = head;
  const { chunked, keepAlive, upgrade, expectContinue, special, emptyLineAllowed, protocol } = head;
  const { form, rawPath, rawQuery, hasQuery, authority, escaped } = head.target;
  const kinds = [...head.kinds.subarray(0, head.lineCount)];
  return {
    ...{ text, method, targetStart, targetEnd, minorVersion, hostLine, canonical, contentLength, kinds },
    ...{ chunked, keepAlive, upgrade, expectContinue, special, emptyLineAllowed, protocol, fields: fieldsOf(head) },
    ...{ form, rawPath, rawQuery, hasQuery, authority, escaped },
  };
}

/** Parses the text as it grows by one byte, at another place of the buffer each time. */
function parseByByte(text: string, head = new RequestHead(), within = limits): number {
  for (let length = 1; length <= text.length; length++) {
    const shift = length % 3;
    const bytes = Buffer.from("#".repeat(shift) + text.slice(0, length), "latin1");
    const used = parseRequestHead(head, bytes, shift, bytes.length, within);
    if (used !== 0) return used;
  }
  return 0;
}

const refused: readonly (readonly [string, errors.ErrorCode, string])[] = [
  ["TLS to a plain port", errors.BAD_MESSAGE, "\x16\x03\x01\0\x05hello\r\n\r\n"],
  ["leading space", errors.BAD_MESSAGE, " GET / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["leading empty line", errors.BAD_MESSAGE, "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["method that is no token", errors.BAD_MESSAGE, "G(T / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["two spaces", errors.BAD_MESSAGE, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["tab in the request line", errors.BAD_MESSAGE, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["space after the version", errors.BAD_MESSAGE, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"],
  ["no version", errors.BAD_MESSAGE, "GET /\r\n\r\n"],
  ["no target", errors.BAD_MESSAGE, "GET HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["nothing but a method", errors.BAD_MESSAGE, "GET\r\nHost: a\r\n\r\n"],
  ["lower-case version", errors.BAD_MESSAGE, "GET / http/1.1\r\nHost: a\r\n\r\n"],
  ["version without minor", errors.BAD_MESSAGE, "GET / HTTP/1\r\nHost: a\r\n\r\n"],
  ["two-digit minor", errors.BAD_MESSAGE, "GET / HTTP/1.10\r\nHost: a\r\n\r\n"],
  ["major version 2", errors.UNSUPPORTED_VERSION, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"],
  ["major version 0", errors.UNSUPPORTED_VERSION, "GET / HTTP/0.9\r\nHost: a\r\n\r\n"],
  ["preface of HTTP/2", errors.UNSUPPORTED_VERSION, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["bare LF after the request line", errors.BAD_MESSAGE, "GET / HTTP/1.1\nHost: a\r\n\r\n"],
  ["CR without LF after the request line", errors.BAD_MESSAGE, "GET / HTTP/1.1\rHost: a\r\n\r\n"],
  ["fragment", errors.BAD_MESSAGE, "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["byte above 127 in the target", errors.BAD_MESSAGE, "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["DEL in the target", errors.BAD_MESSAGE, "GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["NUL in the query", errors.BAD_MESSAGE, "GET /?\0 HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["bad escape in the path", errors.BAD_MESSAGE, "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["cut escape in the path", errors.BAD_MESSAGE, "GET /%4 HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["target without slash", errors.BAD_MESSAGE, "GET foo HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["asterisk of GET", errors.BAD_MESSAGE, "GET * HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["asterisk of options in lower case", errors.BAD_MESSAGE, "options * HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["no Host", errors.MISSING_HOST, "GET / HTTP/1.1\r\n\r\n"],
  ["no Host in HTTP/1.7", errors.MISSING_HOST, "GET / HTTP/1.7\r\nX: y\r\n\r\n"],
  ["no Host beside an absolute target", errors.MISSING_HOST, "GET http://a/ HTTP/1.1\r\n\r\n"],
  ["two Hosts", errors.BAD_MESSAGE, "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n"],
  ["empty Host", errors.MALFORMED_HOST, "GET / HTTP/1.1\r\nHost: \r\n\r\n"],
  ["Host with a port alone", errors.MALFORMED_HOST, "GET / HTTP/1.1\r\nHost: :80\r\n\r\n"],
  ["Host with user", errors.MALFORMED_HOST, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"],
  ["Host with path", errors.MALFORMED_HOST, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"],
  ["list in Host", errors.MALFORMED_HOST, "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"],
  ["blank in Host", errors.MALFORMED_HOST, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"],
  ["byte above 127 in Host", errors.MALFORMED_HOST, "GET / HTTP/1.1\r\nHost: \xe4\r\n\r\n"],
  ["folded Host", errors.BAD_MESSAGE, "GET / HTTP/1.1\r\nHost:\r\n a\r\n\r\n"],
  ["blank in a name", errors.BAD_HEADER_NAME, "GET / HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n"],
  ["tab in a name", errors.BAD_MESSAGE, "GET / HTTP/1.1\r\nHost: a\r\nX\tY: 1\r\n\r\n"],
  ["blank in a line without colon", errors.BAD_MESSAGE, "GET / HTTP/1.1\r\nHost: a\r\nX Y\r\n\r\n"],
  ["blank and separator in a name", errors.BAD_MESSAGE, "GET / HTTP/1.1\r\nHost: a\r\nX Y(: 1\r\n\r\n"],
  ["blank before the colon", errors.BAD_HEADER_NAME, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"],
  ["separator in a name", errors.BAD_MESSAGE, "GET / HTTP/1.1\r\nHost: a\r\nX[: 1\r\n\r\n"],
  ["byte above 127 in a name", errors.BAD_MESSAGE, "GET / HTTP/1.1\r\nHost: a\r\nX\xeb: 1\r\n\r\n"],
  ["empty name", errors.BAD_MESSAGE, "GET / HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n"],
  ["no colon", errors.BAD_MESSAGE, "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"],
  ["blank line before the first header", errors.BAD_MESSAGE, "GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n"],
  ["control byte in a value", errors.BAD_MESSAGE, "GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n"],
  ["NUL in a value", errors.BAD_MESSAGE, "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"],
  ["DEL in a value", errors.BAD_MESSAGE, "GET / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n"],
  ["lone CR in a value", errors.BAD_MESSAGE, "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"],
  ["bare LF after a header", errors.BAD_MESSAGE, "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"],
  ["bare LF at the end", errors.BAD_MESSAGE, "GET / HTTP/1.1\r\nHost: a\r\n\n"],
  ["CR CR LF at the end", errors.BAD_MESSAGE, "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n"],
  ["control byte in a folded line", errors.BAD_MESSAGE, "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n \x02\r\n\r\n"],
  [
    "lengths that differ",
    errors.BAD_FRAMING,
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
  ],
  ["list of lengths", errors.BAD_FRAMING, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n"],
  ["length with sign", errors.BAD_FRAMING, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n"],
  ["negative length", errors.BAD_FRAMING, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"],
  ["empty length", errors.BAD_FRAMING, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n"],
  ["length of 2^53", errors.BAD_FRAMING, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 9007199254740992\r\n\r\n"],
  ["folded length", errors.BAD_MESSAGE, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n 0\r\n\r\n"],
  [
    "length and chunked",
    errors.BAD_FRAMING,
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
  ],
  ["chunked in HTTP/1.0", errors.BAD_FRAMING, "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"],
  [
    "chunked twice",
    errors.UNSUPPORTED_TRANSFER_CODING,
    "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
  ],
  [
    "list of codings",
    errors.UNSUPPORTED_TRANSFER_CODING,
    "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
  ],
  ["identity", errors.UNSUPPORTED_TRANSFER_CODING, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n"],
  ["empty coding", errors.UNSUPPORTED_TRANSFER_CODING, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n"],
  ["folded coding", errors.BAD_MESSAGE, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n"],
  ["other expectation", errors.UNSUPPORTED_EXPECTATION, "GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n"],
];

test("refused heads give the same code whole and byte by byte", () => {
  for (const [name, code, text] of refused) {
    assert.equal(parse(text), code, name);
    assert.equal(parseByByte(text), code, `${name}, byte by byte`);
  }
});

const H = "Host: a\r\n";
const accepted: readonly (readonly [string, string, Partial<Record<string, unknown>>])[] = [
  [
    "plain",
    `GET /p?q=1 HTTP/1.1\r\n${H}\r\n`,
    { method: "GET", rawPath: "/p", rawQuery: "q=1", keepAlive: true, hostLine: 0 },
  ],
  ["unknown method", `get /p HTTP/1.1\r\n${H}\r\n`, { method: "get" }],
  ["long method", `VERSION-CONTROL /p HTTP/1.1\r\n${H}\r\n`, { method: "VERSION-CONTROL" }],
  ["higher minor version", `GET / HTTP/1.9\r\n${H}\r\n`, { minorVersion: 1, protocol: "HTTP/1.9" }],
  ["HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", { minorVersion: 0, hostLine: -1, keepAlive: false }],
  ["a bare IPv6 address as Host", "GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", { hostLine: 0 }],
  ["HTTP/1.0 with keep-alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", { keepAlive: true }],
  ["HTTP/1.0 with both", "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", { keepAlive: false }],
  ["close in a list", `GET / HTTP/1.1\r\n${H}Connection: x ,\tCLOSE , y\r\n\r\n`, { keepAlive: false }],
  ["close in a second line", `GET / HTTP/1.1\r\n${H}Connection: x\r\nConnection: close\r\n\r\n`, { keepAlive: false }],
  ["close as a part of a word", `GET / HTTP/1.1\r\n${H}Connection: closed, enclose\r\n\r\n`, { keepAlive: true }],
  [
    "upgrade in a list",
    `GET / HTTP/1.1\r\n${H}Connection: keep-alive, Upgrade\r\nUpgrade: w\r\n\r\n`,
    { upgrade: true },
  ],
  ["upgrade without Upgrade", `GET / HTTP/1.1\r\n${H}Connection: upgrade\r\n\r\n`, { upgrade: false }],
  ["Upgrade without upgrade", `GET / HTTP/1.1\r\n${H}Upgrade: w\r\n\r\n`, { upgrade: false }],
  ["upgrade in HTTP/1.0", `GET / HTTP/1.0\r\n${H}Connection: upgrade\r\nUpgrade: w\r\n\r\n`, { upgrade: false }],
  ["length", `POST / HTTP/1.1\r\n${H}Content-Length: 007\r\n\r\n`, { contentLength: 7, chunked: false }],
  ["equal lengths", `POST / HTTP/1.1\r\n${H}Content-Length: 7\r\nContent-Length: 7\r\n\r\n`, { contentLength: 7 }],
  ["chunked", `POST / HTTP/1.1\r\n${H}Transfer-Encoding: \t CHUNKED \r\n\r\n`, { contentLength: -1, chunked: true }],
  ["expectation", `POST / HTTP/1.1\r\n${H}Expect: 100-Continue\r\n\r\n`, { expectContinue: true }],
  ["expectation in HTTP/1.0", `POST / HTTP/1.0\r\n${H}Expect: 100-continue\r\n\r\n`, { expectContinue: false }],
  [
    "absolute form",
    `GET http://b:1/p?q HTTP/1.1\r\n${H}\r\n`,
    { authority: "b:1", rawPath: "/p", rawQuery: "q", form: 1 },
  ],
  ["CONNECT without Host", "CONNECT b:1 HTTP/1.1\r\n\r\n", { authority: "b:1", rawPath: "", form: 2 }],
  ["OPTIONS *", `OPTIONS * HTTP/1.1\r\n${H}\r\n`, { form: 3, rawPath: "*" }],
  ["opaque target", `GET foo:bar?a=1 HTTP/1.1\r\n${H}\r\n`, { form: 4, rawPath: "", rawQuery: "a=1" }],
  ["lone question mark", `GET /? HTTP/1.1\r\n${H}\r\n`, { hasQuery: true, rawQuery: "" }],
  ["canonical names", `GET / HTTP/1.1\r\n${H}X-Flow-Id: 1\r\nX_y-2z: 1\r\n\r\n`, { canonical: true }],
  ["a capital within", `GET / HTTP/1.1\r\n${H}X-FLow: 1\r\n\r\n`, { canonical: false }],
  ["a small letter after a dash", `GET / HTTP/1.1\r\n${H}X-flow: 1\r\n\r\n`, { canonical: false }],
  ["a small first letter", "GET / HTTP/1.1\r\nhost: a\r\n\r\n", { canonical: false, hostLine: 0 }],
  [
    "blanks around values",
    `GET / HTTP/1.1\r\n${H}A:1\r\nB: \t 2 \t \r\nC:\r\nD:   \r\nE: \xff "x:y" \r\n\r\n`,
    {
      fields: [
        ["Host", "a"],
        ["A", "1"],
        ["B", "2"],
        ["C", ""],
        ["D", ""],
        ["E", '\xff "x:y"'],
      ],
    },
  ],
  [
    "folds",
    `GET / HTTP/1.1\r\n${H}A: 1 \r\n\t 2\r\n  3\r\nB:\r\n 4\r\nC: 5\r\n \r\nHost2: x\r\n\r\n`,
    {
      fields: [
        ["Host", "a"],
        ["A", "1 2 3"],
        ["B", "4"],
        ["C", "5"],
        ["Host2", "x"],
      ],
      text: `GET / HTTP/1.1\r\n${H}A: 1 2 3\r\nB: 4\r\nC: 5 \r\nHost2: x\r\n\r\n`,
    },
  ],
];

test("accepted heads say the same whole, byte by byte, and with bytes after them", () => {
  const reused = new RequestHead();
  for (const [name, text, wanted] of accepted) {
    const head = new RequestHead();
    assert.equal(parse(text, head), text.length, name);
    const seen = describe(head) as Record<string, unknown>;
    for (const key of Object.keys(wanted)) assert.deepEqual(seen[key], wanted[key], `${name}: ${key}`);
    const slow = new RequestHead();
    assert.equal(parseByByte(text, slow), text.length, `${name}, byte by byte`);
    assert.deepEqual(describe(slow), seen, `${name}, byte by byte`);
    assert.equal(parse(`${text}GET /next HTTP/1.1\r\n`, reused), text.length, `${name}, with bytes after it`);
    assert.deepEqual(describe(reused), seen, `${name}, with bytes after it`);
  }
});

test("an incomplete head is no error, whatever is missing", () => {
  const text = `POST /p?q HTTP/1.1\r\n${H}X: y\r\n z\r\nContent-Length: 3\r\n\r\n`;
  for (let length = 0; length < text.length; length++) assert.equal(parse(text.slice(0, length)), 0, `${length} bytes`);
});

test("garbage is refused without waiting for the end of the head", () => {
  assert.equal(parse("\x16"), errors.BAD_MESSAGE);
  assert.equal(parse("GET foo HTTP/1.1\r\n"), errors.BAD_MESSAGE);
  assert.equal(parse(`GET / HTTP/1.1\r\n${H}X(`), errors.BAD_MESSAGE);
  assert.equal(parse(`GET / HTTP/1.1\r\n${H}X Y:`), errors.BAD_HEADER_NAME);
  assert.equal(parse(`GET / HTTP/1.1\r\n${H}X: \0`), errors.BAD_MESSAGE);
});

test("one empty line is allowed after a POST and only there", () => {
  const get = `GET / HTTP/1.1\r\n${H}\r\n`;
  for (const feed of [parse, parseByByte]) {
    const head = new RequestHead();
    feed(`POST / HTTP/1.1\r\n${H}\r\n`, head);
    assert.equal(feed(`\r\n${get}`, head), get.length + 2);
    assert.equal(head.text, get);
    assert.equal(feed(`\r\n${get}`, head), errors.BAD_MESSAGE);
    feed(`POST / HTTP/1.1\r\n${H}\r\n`, head);
    assert.equal(feed(`\r\n\r\n${get}`, head), errors.BAD_MESSAGE);
  }
});

test("size and number of lines are limited to the byte", () => {
  const text = `GET / HTTP/1.1\r\n${H}X: ${"x".repeat(100)}\r\n\r\n`;
  for (const feed of [parse, parseByByte]) {
    const exact = { maxBytes: text.length, maxLines: 2 };
    assert.equal(feed(text, new RequestHead(), exact), text.length);
    assert.equal(feed(text, new RequestHead(), { ...exact, maxBytes: text.length - 1 }), errors.HEAD_TOO_LARGE);
    assert.equal(feed(text, new RequestHead(), { ...exact, maxLines: 1 }), errors.HEAD_TOO_LARGE);
    assert.equal(feed("A".repeat(50), new RequestHead(), { maxBytes: 40, maxLines: 1 }), errors.HEAD_TOO_LARGE);
  }
});

test("many lines are found and keep their order", () => {
  const names = Array.from({ length: 499 }, (_, i) => `X-${i}`);
  const text = `GET / HTTP/1.1\r\n${H}${names.map((n) => `${n}: v${n}\r\n`).join("")}\r\n`;
  const head = new RequestHead();
  assert.equal(parse(text, head), text.length);
  assert.deepEqual(
    fieldsOf(head).slice(1),
    names.map((n) => [n, `v${n}`]),
  );
  assert.equal(parse(text.replace("X-7:", "X-7: 1\r\nX-7:"), head), errors.HEAD_TOO_LARGE);
});

test("special lines are marked by kind", () => {
  const head = new RequestHead();
  parse(`GET / HTTP/1.1\r\n${H}usER-agent: u\r\nX: y\r\nTE: trailers\r\nHosts: z\r\nTrailers: t\r\n\r\n`, head);
  assert.deepEqual([...head.kinds.subarray(0, head.lineCount)], [KIND.host, KIND.userAgent, 0, KIND.te, 0, 0]);
  assert.equal(head.special, SPECIAL.host | SPECIAL.userAgent | SPECIAL.te);
});

test("a head that comes byte by byte costs time in proportion to its length", () => {
  const head = new RequestHead();
  const size = 1 << 20;
  const bytes = Buffer.alloc(size, "a");
  bytes.write("GET /", "latin1");
  let looked = 0;
  const watched = new Proxy(bytes, {
    get(target, key) {
      if (typeof key === "string" && key.charCodeAt(0) <= 57) looked++;
      return Reflect.get(target, key);
    },
  });
  for (let end = 1; end <= 2000; end++) assert.equal(parseRequestHead(head, watched, 0, end, limits), 0);
  assert.ok(looked < 4 * 2000, `${looked} bytes looked at for 2000`);
});

interface Vector {
  id: string;
  steps: { send: string | (string | { repeat: string; times: number; from?: number })[] }[];
  define?: Record<string, string>;
  proxy: { rule: string; refuse?: (string | { status: string })[] };
}

function requestOf({ steps, define = {} }: Vector): string {
  const { send } = steps[0]!;
  const parts = Array.isArray(send) ? send : [send];
  const text = parts.map((part) => {
    if (typeof part === "string") return part;
    const { repeat, times, from = 0 } = part;
    return Array.from({ length: times }, (_, i) => repeat.replaceAll("{{i}}", String(from + i))).join("");
  });
  const fill = (s: string): string =>
    s.replace(/\{\{(\w+)(#len|#hex)?\}\}/g, (_, name: string, form: string | undefined) => {
      const value = name === "authority" ? "a.example:8080" : fill(define[name] ?? "");
      if (form === "#len") return String(value.length);
      return form === "#hex" ? value.length.toString(16) : value;
    });
  return fill(text.join(""));
}

/** Not refused by their head: the body is malformed or never complete, or the head itself is. */
const NOT_BY_HEAD = /CHUNK-|CHUNKED-NO-FINAL|UNDERSEND|CL-HUGE-NO-BODY|INCOMPLETE|MAL-EMPTY/;

const fixtures = new URL("../../../../shared/vectors/http11.json", import.meta.url);
const skip = existsSync(fixtures) ? false : "skipped: fixtures absent";

test("conformance vectors: heads that must be forwarded are accepted, those that must be refused are not", {
  skip,
}, () => {
  const { cases } = JSON.parse(readFileSync(fixtures, "utf8")) as { cases: Vector[] };
  for (const c of cases) {
    const text = requestOf(c);
    const used = parse(text);
    if (c.proxy.rule === "forward") assert.ok(used > 0, c.id);
    if (c.proxy.rule === "must-reject" && !NOT_BY_HEAD.test(c.id)) assert.ok(used < 0, c.id);
    if (used < 0) {
      const allowed = c.proxy.refuse!.map((o) => (typeof o === "string" ? o : o.status));
      assert.ok(allowed.includes(String(errors.errorStatus(used))), `${c.id}: ${errors.errorStatus(used)}`);
    }
    if (text.length < 2000) assert.equal(parseByByte(text), used, `${c.id}, byte by byte`);
  }
});

test("refusals are complete answers", () => {
  const type = "Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n";
  const rows: readonly (readonly [errors.ErrorCode, string])[] = [
    [errors.BAD_MESSAGE, `HTTP/1.1 400 Bad Request\r\n${type}400 Bad Request`],
    [
      errors.MISSING_HOST,
      `HTTP/1.1 400 Bad Request: missing required Host header\r\n${type}400 Bad Request: missing required Host header`,
    ],
    [
      errors.HEAD_TOO_LARGE,
      `HTTP/1.1 431 Request Header Fields Too Large\r\n${type}431 Request Header Fields Too Large`,
    ],
    [errors.UNSUPPORTED_TRANSFER_CODING, `HTTP/1.1 501 Not Implemented\r\n${type}Unsupported transfer encoding`],
    [
      errors.UNSUPPORTED_EXPECTATION,
      "HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    ],
  ];
  for (const [code, text] of rows) assert.equal(errors.refusal(code), text);
});
