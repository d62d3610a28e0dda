// Exact bytes and what becomes of them (decisions on strictness; RFC 9110, 9112). A string is the bytes of one connection;
// {{authority}} stands for the host and port that the client called. Without `forwarded` nothing may reach the backend and the
// connection must be closed.

import type { WantedRequest } from "./http11-judge.ts";

export interface WireCase {
  readonly name: string;
  readonly send: string;
  /** Status of the refusal; 400 when nothing else is said. */
  readonly refused?: string;
  /** The requests that the backend must see, in order and no more. */
  readonly forwarded?: readonly WantedRequest[];
}

const HOST = "Host: {{authority}}\r\n";
const CHUNKED = "Transfer-Encoding: chunked\r\n";
const NEXT = `GET /next HTTP/1.1\r\n${HOST}\r\n`;

function get(target: string, lines = ""): string {
  return `GET ${target} HTTP/1.1\r\n${HOST}${lines}\r\n`;
}

function post(lines: string, body: string): string {
  return `POST /p HTTP/1.1\r\n${HOST}${lines}\r\n${body}`;
}

const length = (text: string) => `Content-Length: ${text}\r\n`;

const refused: Readonly<Record<string, string>> = {
  // Line ends
  "bare LF behind the request line": `GET / HTTP/1.1\nHost: {{authority}}\r\n\r\n`,
  "bare LF behind a field": `GET / HTTP/1.1\r\nHost: {{authority}}\nA: b\r\n\r\n`,
  "bare LF as the empty line": `GET / HTTP/1.1\r\nHost: {{authority}}\r\n\n${NEXT}`,
  "CR in the request line": `GET /\r HTTP/1.1\r\n${HOST}\r\n`,
  "CR in a value": get("/", "A: b\rc\r\n"),
  "CR CR LF": get("/", "A: b\r\r\n"),
  "an empty line before the request": `\r\n${get("/")}`,
  // Request line
  "two blanks behind the method": `GET  / HTTP/1.1\r\n${HOST}\r\n`,
  "a tab in the request line": `GET\t/ HTTP/1.1\r\n${HOST}\r\n`,
  "blanks behind the version": `GET / HTTP/1.1 \r\n${HOST}\r\n`,
  "no version": `GET /\r\n${HOST}\r\n`,
  "a lower-case protocol": `GET / http/1.1\r\n${HOST}\r\n`,
  "a version of two digits": `GET / HTTP/1.10\r\n${HOST}\r\n`,
  "a method with a byte no token has": `G@T / HTTP/1.1\r\n${HOST}\r\n`,
  "an empty method": ` / HTTP/1.1\r\n${HOST}\r\n`,
  "a blank before the method": ` GET / HTTP/1.1\r\n${HOST}\r\n`,
  // Target
  "a blank in the target": get("/a b"),
  "a fragment": get("/a#b"),
  "a byte from 0x80": get("/\xe4"),
  "a control byte in the target": get("/a\x01"),
  "DEL in the target": get("/a\x7f"),
  "NUL in the target": get("/a\0"),
  "the star with GET": get("*"),
  "a relative target": get("a"),
  // Fields
  "a blank before the colon": get("/", "A : b\r\n"),
  "a line without a colon": get("/", "A\r\n"),
  "an empty name": get("/", ": b\r\n"),
  "a name with a bracket": get("/", "A[]: b\r\n"),
  "a blank in a name": get("/", "A B: c\r\n"),
  "NUL in a value": get("/", "A: b\0c\r\n"),
  "a control byte in a value": get("/", "A: b\x01c\r\n"),
  "a fold at the first line": `GET / HTTP/1.1\r\n ${HOST}\r\n`,
  // Host
  "no Host": "GET / HTTP/1.1\r\nA: b\r\n\r\n",
  "an empty Host": "GET / HTTP/1.1\r\nHost:\r\n\r\n",
  "two Hosts": get("/", "Host: other\r\n"),
  "two equal Hosts": get("/", HOST),
  "a list in Host": "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
  "a Host with user": "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
  "a Host with path": "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
  // Content-Length
  "differing lengths": post(length("3") + length("4"), "abcd"),
  "differing lengths in a list": post(length("3, 4"), "abcd"),
  "a signed length": post(length("+3"), "abc"),
  "a negative length": post(length("-1"), "abc"),
  "a hexadecimal length": post(length("0x3"), "abc"),
  "a length with an underscore": post(length("1_0"), "abcdefghij"),
  "a length with a blank inside": post(length("1 0"), "abcdefghij"),
  "an empty length": post("Content-Length:\r\n", "abc"),
  "a length beyond 64 bits": post(length("18446744073709551616"), "abc"),
  "a length with a fold": post("Content-Length:\r\n 3\r\nContent-Length: 4\r\n", "abcd"),
  // Transfer-Encoding
  "length and chunked": post(length("5") + CHUNKED, `0\r\n\r\n${NEXT}`),
  "chunked and length": post(CHUNKED + length("5"), `0\r\n\r\n${NEXT}`),
  "chunked behind a vertical tab": post("Transfer-Encoding:\x0bchunked\r\n", "0\r\n\r\n"),
  "chunked in HTTP/1.0": `POST /p HTTP/1.0\r\n${HOST}${CHUNKED}\r\n0\r\n\r\n`,
  // Chunks
  "a chunk size with 0x": post(CHUNKED, "0x3\r\nabc\r\n0\r\n\r\n"),
  "a chunk size with a sign": post(CHUNKED, "+3\r\nabc\r\n0\r\n\r\n"),
  "a chunk size with an underscore": post(CHUNKED, "1_0\r\n0123456789abcdef\r\n0\r\n\r\n"),
  "an empty chunk size": post(CHUNKED, "\r\nabc\r\n0\r\n\r\n"),
  "a chunk size beyond 64 bits": post(CHUNKED, "10000000000000003\r\nabc\r\n0\r\n\r\n"),
  "a chunk size line with bare LF": post(CHUNKED, "3\nabc\r\n0\r\n\r\n"),
  "a chunk longer than its size": post(CHUNKED, "3\r\nabcd\r\n0\r\n\r\n"),
  "a chunk without CRLF": post(CHUNKED, "3\r\nabc0\r\n\r\n"),
  "a chunk with bare LF": post(CHUNKED, "3\r\nabc\n0\r\n\r\n"),
  "a chunk extension with bare LF": post(CHUNKED, "3;a\nb\r\nabc\r\n0\r\n\r\n"),
  "a blank before the chunk size": post(CHUNKED, " 3\r\nabc\r\n0\r\n\r\n"),
  // Trailers
  "a trailer without a colon": post(CHUNKED, "3\r\nabc\r\n0\r\nA\r\n\r\n"),
  "a trailer with bare LF": post(CHUNKED, "3\r\nabc\r\n0\r\nA: b\n\r\n"),
};

const forwarded: Readonly<Record<string, readonly [send: string, ...seen: WantedRequest[]]>> = {
  "a plain request": [get("/a?b=c%20d"), { method: "GET", target: "/a?b=c%20d", body: "" }],
  "two requests in one write": [get("/a") + get("/b"), { target: "/a" }, { target: "/b" }],
  "a body by length, and a request behind it": [
    post(length("3"), `abc${NEXT}`),
    { method: "POST", body: "abc", headers: ["Content-Length=~^3$"] },
    { target: "/next" },
  ],
  "equal lengths count as one": [
    post(length("3") + length("3"), `abc${NEXT}`),
    { body: "abc", headers: ["Content-Length=~^3$"] },
    { target: "/next" },
  ],
  "a length with zeros in front": [post(length("0003"), `abc${NEXT}`), { body: "abc" }, { target: "/next" }],
  "chunks are framed anew": [
    post(CHUNKED, `3;x="y z"\r\nabc\r\n00002\r\nde\r\n0\r\n\r\n${NEXT}`),
    { body: "abcde", headers: ["Transfer-Encoding=~^chunked$", "!Content-Length"] },
    { target: "/next" },
  ],
  "chunked in capitals": [
    post("Transfer-Encoding: CHUNKED\r\n", "3\r\nabc\r\n0\r\n\r\n"),
    { body: "abc", headers: ["Transfer-Encoding=~^chunked$"] },
  ],
  "trailers are no headers": [
    post(CHUNKED, `3\r\nabc\r\n0\r\nHost: other\r\nContent-Length: 9\r\nX-T: 1\r\n\r\n${NEXT}`),
    { body: "abc", headers: ["Host!=other", "!Content-Length", "!X-T"] },
    { target: "/next", headers: ["!X-T"] },
  ],
  "a folded value is one line with a blank": [get("/", "A: b\r\n c\r\n"), { headers: ["A=~^b *c$"] }],
  "an absolute target": [`GET http://other.test/a HTTP/1.1\r\n${HOST}\r\n`, { target: "/a" }],
  "hop-by-hop headers are ours": [
    get("/", "Connection: keep-alive, X-A\r\nKeep-Alive: timeout=9\r\nProxy-Connection: keep-alive\r\n"),
    { headers: ["!Keep-Alive", "!Proxy-Connection", "!Connection"] },
  ],
  "an upgrade that is not switched on": [
    get("/", "Connection: Upgrade\r\nUpgrade: websocket\r\n"),
    { target: "/", upgrade: false },
  ],
  "a method of one's own": [`PURGE /a HTTP/1.1\r\n${HOST}\r\n`, { method: "PURGE", target: "/a" }],
  "HTTP/1.0 without Host": ["GET /a HTTP/1.0\r\n\r\n", { method: "GET", target: "/a" }],
  "a POST without a body": [post("", NEXT), { method: "POST", body: "" }, { target: "/next" }],
  "a GET with a body": [`${get("/a", length("3"))}abc${NEXT}`, { target: "/a", body: "abc" }, { target: "/next" }],
  "values keep bytes from 0x80": [get("/", "A: \xe4\xff\r\n"), { headers: ["A=~^\xe4\xff$"] }],
  "100-continue": [post(`${length("3")}Expect: 100-continue\r\n`, "abc"), { body: "abc" }],
};

const others: readonly WireCase[] = [
  { name: "chunked is not last", send: post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"), refused: "501" },
  { name: "chunked in two lines", send: post(CHUNKED + CHUNKED, "0\r\n\r\n"), refused: "501" },
  { name: "chunked twice", send: post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), refused: "501" },
  { name: "a coding like chunked", send: post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), refused: "501" },
  { name: "chunked in quotes", send: post('Transfer-Encoding: "chunked"\r\n', "0\r\n\r\n"), refused: "501" },
  { name: "HTTP/2.0 in the request line", send: `GET / HTTP/2.0\r\n${HOST}\r\n`, refused: "505" },
  { name: "a head beyond the limit", send: get("/", `A: ${"x".repeat(1_100_000)}\r\n`), refused: "431" },
  { name: "too many lines", send: get("/", "A: b\r\n".repeat(501)), refused: "431" },
];

export const http11Cases: readonly WireCase[] = [
  ...Object.entries(refused).map(([name, send]) => ({ name: `refused: ${name}`, send })),
  ...others.map((other) => ({ ...other, name: `refused: ${other.name}` })),
  ...Object.entries(forwarded).map(([name, [send, ...seen]]) => ({
    name: `forwarded: ${name}`,
    send,
    forwarded: seen,
  })),
];
