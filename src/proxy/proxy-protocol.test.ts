import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type CidrSet, parseCidrSet } from "../util/cidr.ts";
import {
  HEADER_ABSENT,
  HEADER_INCOMPLETE,
  HEADER_MALFORMED,
  ProxyPolicy,
  proxyPolicy,
  readProxyHeader,
} from "./proxy-protocol.ts";

const signature = "\r\n\r\n\0\r\nQUIT\n";

/** A header of version 2; `rest`: addresses and extensions. */
function binary(command: number, family: number, rest: readonly number[] | Buffer): Buffer {
  const fixed = Buffer.from([command, family, 0, 0]);
  fixed.writeUInt16BE(rest.length, 2);
  return Buffer.concat([Buffer.from(signature, "latin1"), fixed, Buffer.from(rest)]);
}

const v4 = [1, 2, 3, 4, 5, 6, 7, 8, 4, 87, 0, 80];
const v6 = [0x20, 1, 13, 184, ...new Array(11).fill(0), 1, ...new Array(16).fill(9), 4, 87, 0, 80];
const mapped = [...new Array(10).fill(0), 255, 255, 1, 2, 3, 4, ...new Array(16).fill(0), 0, 7, 0, 8];

const good: [string, Buffer, string, number][] = [
  ["TCP4", Buffer.from("PROXY TCP4 1.2.3.4 5.6.7.8 1111 80\r\n"), "1.2.3.4", 1111],
  [
    "TCP4, largest",
    Buffer.from("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"),
    "255.255.255.255",
    65535,
  ],
  ["port 0", Buffer.from("PROXY TCP4 1.2.3.4 5.6.7.8 0 80\r\n"), "1.2.3.4", 0],
  ["TCP6", Buffer.from("PROXY TCP6 2001:DB8:0::1 ::2 1111 80\r\n"), "2001:db8::1", 1111],
  ["TCP6, IPv4 inside", Buffer.from("PROXY TCP6 ::ffff:1.2.3.4 ::2 1111 80\r\n"), "1.2.3.4", 1111],
  ["UNKNOWN", Buffer.from("PROXY UNKNOWN\r\n"), "", 0],
  ["UNKNOWN with addresses", Buffer.from("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"), "", 0],
  ["v2 IPv4", binary(0x21, 0x11, v4), "1.2.3.4", 1111],
  ["v2 IPv4 datagram", binary(0x21, 0x12, v4), "1.2.3.4", 1111],
  ["v2 IPv4 with extensions", binary(0x21, 0x11, [...v4, 3, 0, 1, 7]), "1.2.3.4", 1111],
  ["v2 IPv4 with long extensions", binary(0x21, 0x11, [...v4, ...new Array(1000).fill(1)]), "1.2.3.4", 1111],
  ["v2 IPv6", binary(0x21, 0x21, v6), "2001:db8::1", 1111],
  ["v2 IPv6, IPv4 inside", binary(0x21, 0x21, mapped), "1.2.3.4", 7],
  ["v2 LOCAL", binary(0x20, 0x11, v4), "", 0],
  ["v2 LOCAL, empty", binary(0x20, 0, []), "", 0],
  ["v2 unspecified family", binary(0x21, 0, [1, 2, 3]), "", 0],
  ["v2 unix", binary(0x21, 0x31, new Array(216).fill(65)), "", 0],
];

test("headers are read with the same result however they arrive, and what follows is not touched", () => {
  for (const [name, header, address, port] of good) {
    for (let cut = 0; cut < header.length; cut++) {
      assert.equal(readProxyHeader(header.subarray(0, cut)), HEADER_INCOMPLETE, `${name}, cut at ${cut}`);
    }
    const expected = { length: header.length, address, port };
    assert.deepEqual(readProxyHeader(header), expected, name);
    assert.deepEqual(readProxyHeader(Buffer.concat([header, Buffer.from("GET / HTTP/1.1\r\n")])), expected, name);
  }
});

const malformed: [string, Buffer][] = [
  ["too few fields", Buffer.from("PROXY TCP4 1.2.3.4\r\n")],
  ["too many fields", Buffer.from("PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n")],
  ["two blanks", Buffer.from("PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n")],
  ["unknown family", Buffer.from("PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n")],
  ["lower case", Buffer.from("PROXY tcp4 1.2.3.4 5.6.7.8 1 2\r\n")],
  ["IPv6 as TCP4", Buffer.from("PROXY TCP4 ::1 ::2 1 2\r\n")],
  ["IPv4 as TCP6", Buffer.from("PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n")],
  ["zone", Buffer.from("PROXY TCP6 fe80::1%eth0 ::2 1 2\r\n")],
  ["bad proxy address", Buffer.from("PROXY TCP4 1.2.3.4 5.6.7 1 2\r\n")],
  ["port too large", Buffer.from("PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n")],
  ["port with leading zero", Buffer.from("PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n")],
  ["port with sign", Buffer.from("PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n")],
  ["bad proxy port", Buffer.from("PROXY TCP4 1.2.3.4 5.6.7.8 1 x\r\n")],
  ["bare LF", Buffer.from("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n")],
  ["no end within 107 bytes", Buffer.from(`PROXY UNKNOWN ${"x".repeat(120)}\r\n`)],
  ["a method called PROXY", Buffer.from("PROXY / HTTP/1.1\r\n")],
  ["v2, version 1", binary(0x11, 0x11, v4)],
  ["v2, version 3", binary(0x31, 0x11, v4)],
  ["v2, unknown command", binary(0x22, 0x11, v4)],
  ["v2, IPv4 too short", binary(0x21, 0x11, v4.slice(1))],
  ["v2, IPv6 too short", binary(0x21, 0x21, v6.slice(1))],
  ["v2, absurdly long", binary(0x21, 0x11, new Array(5000).fill(0))],
];

test("malformed headers are told from requests", () => {
  for (const [name, header] of malformed) assert.equal(readProxyHeader(header), HEADER_MALFORMED, name);
});

test("other bytes are no header, from the first byte on that differs", () => {
  const rows = ["GET / HTTP/1.1\r\n", "P", "POST / HTTP/1.1", "PROXYX", "\r\nGET /", "\x16\x03\x01\x02\x00"];
  for (const row of rows) {
    const bytes = Buffer.from(row, "latin1");
    const whole = readProxyHeader(bytes);
    assert.equal(whole, row === "P" ? HEADER_INCOMPLETE : HEADER_ABSENT, JSON.stringify(row));
  }
  assert.equal(readProxyHeader(Buffer.from(`${signature.slice(0, -1)}x`, "latin1")), HEADER_ABSENT);
});

test("any bytes give a result; more bytes never change one", () => {
  const start = fc.constantFrom("PROXY ", "PROXY TCP4 ", signature, `${signature}\x21\x11\x00\x0c`, "");
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 20 }), (text, tail, more) => {
      const bytes = Buffer.concat([Buffer.from(text, "latin1"), tail]);
      const before = readProxyHeader(bytes);
      if (before !== HEADER_INCOMPLETE) assert.deepEqual(readProxyHeader(Buffer.concat([bytes, more])), before);
    }),
  );
});

test("peers are asked for in the order deny, skip, allow", () => {
  const set = (...texts: string[]) => parseCidrSet(texts) as CidrSet;
  const settings = {
    deny: set("10.0.0.1"),
    skip: set("10.0.0.0/30"),
    allow: set("10.0.0.0/8", "::1"),
  };
  const rows: [string, ProxyPolicy][] = [
    ["10.0.0.1", ProxyPolicy.reject],
    ["10.0.0.2", ProxyPolicy.skip],
    ["10.9.9.9", ProxyPolicy.use],
    ["::1", ProxyPolicy.use],
    ["11.0.0.1", ProxyPolicy.reject],
    ["nonsense", ProxyPolicy.reject],
  ];
  for (const [peer, policy] of rows) assert.equal(proxyPolicy(settings, peer), policy, peer);
});
