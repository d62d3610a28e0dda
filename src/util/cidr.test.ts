import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { CidrError, CidrSet, parseCidrSet, parseIpAddress } from "./cidr.ts";

test("reads addresses", () => {
  for (const text of [
    "0.0.0.0",
    "255.255.255.255",
    "::",
    "::1",
    "1::",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::",
    "::ffff:1.2.3.4",
    "1:2:3:4:5:6:1.2.3.4",
    "fe80::1%eth0",
  ]) {
    assert.ok(parseIpAddress(text) !== null, text);
  }
  const refused = [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.04",
    "1.2.3.256",
    " 1.2.3.4",
    "1.2.3.4 ",
    "1..2.3",
    "0x1.2.3.4",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "12345::",
    "g::",
    "::1%",
    "1.2.3.4%x",
    "[::1]",
    "::1.2.3",
    "1.2.3.4::",
    "::1.2.3.4:5",
    ":1::2",
    "1::2:",
    "1:2:3:4:5:6:7:1.2.3.4",
  ];
  for (const text of refused) assert.equal(parseIpAddress(text), null, text);
});

test("refuses ranges", () => {
  for (const text of [
    "1.2.3.4/33",
    "::/129",
    "1.2.3.4/",
    "1.2.3.4/08",
    "1.2.3.4/+8",
    "1.2.3.4/-1",
    "0.0.0.0",
    "::",
    "::%eth0/64",
    "a/8",
    "/8",
    "1.2.3.4/8/8",
  ]) {
    assert.ok(parseCidrSet([text]) instanceof CidrError, text);
  }
  for (const text of ["0.0.0.0/0", "::/0", "1.2.3.4/0", "1.2.3.4/32", "::1/128"])
    assert.ok(parseCidrSet([text]) instanceof CidrSet, text);
});

const v4 = fc
  .tuple(...Array.from({ length: 4 }, () => fc.constantFrom(0, 1, 10, 127, 128, 255)))
  .map((parts) => parts.join("."));
const v6 = fc
  .array(fc.constantFrom("0", "1", "ffff", "2001", "db8", "A0"), { minLength: 8, maxLength: 8 })
  .chain((groups) => {
    const full = groups.join(":");
    return fc.constantFrom(full, ipaddr.parse(full).toString());
  });

test("contains what ipaddr.js says", () => {
  const address = fc.oneof(v4, v6);
  fc.assert(
    fc.property(address, fc.nat(128), address, (base, bits, subject) => {
      const parsedBase = ipaddr.parse(base);
      const length = parsedBase.kind() === "ipv4" ? bits % 33 : bits;
      const set = parseCidrSet([`${base}/${length}`]);
      assert.ok(set instanceof CidrSet);
      const parsed = ipaddr.parse(subject);
      const expected = parsed.kind() === parsedBase.kind() && parsed.match(parsedBase, length);
      assert.equal(set.containsText(subject), expected, `${subject} in ${base}/${length}`);
      assert.ok(set.containsText(base));
    }),
    { numRuns: 2000 },
  );
});

test("random texts are judged like ipaddr.js does, but for the forms it takes beyond", () => {
  const text = fc
    .array(fc.constantFrom("1", "2", "f", ":", "::", ".", "1.2.3.4", "ffff"), { maxLength: 10 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, (candidate) => {
      // ipaddr.js reads hexadecimal, octal and short IPv4 forms too.
      const expected = candidate.includes(":")
        ? ipaddr.IPv6.isValid(candidate)
        : ipaddr.IPv4.isValidFourPartDecimal(candidate);
      assert.equal(parseIpAddress(candidate) !== null, expected, candidate);
    }),
    { numRuns: 3000 },
  );
});
