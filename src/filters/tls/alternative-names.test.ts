// Alternative names with everything that a text form could trip over, and how the mtls filters compare them.

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { issueCertificate } from "../../../test/support/certificates.ts";
import { alternativeNames, type NameKind } from "./alternative-names.ts";
import { isCovered } from "./host-names.ts";
import { ipAddress, ipRange } from "./ip-address.ts";
import { uriPattern } from "./uri-pattern.ts";

const kinds: readonly NameKind[] = ["DNS", "IP Address", "URI"];

for (const { title, names, expected } of [
  { title: "none", names: [], expected: [[], [], []] },
  {
    title: "of all kinds",
    names: ["DNS.1=a.example", "IP.1=10.0.0.1", "URI.1=spiffe://a/b", "email.1=x@y.z", "DNS.2=*.b.example", "IP.2=::1"],
    expected: [["a.example", "*.b.example"], ["10.0.0.1", "0:0:0:0:0:0:0:1"], ["spiffe://a/b"]],
  },
  {
    title: "with what separates entries inside",
    names: ["DNS.1=a.example, DNS:admin.example", "URI.1=spiffe://a/b, URI:spiffe://admin", "URI.2=spiffe://c,d"],
    expected: [["a.example, DNS:admin.example"], [], ["spiffe://a/b, URI:spiffe://admin", "spiffe://c,d"]],
  },
  {
    title: "with quotes and backslashes",
    names: ['URI.1=spiffe://a/\\"b\\"', "URI.2=spiffe://a/c\\\\d", 'DNS.1=a\\", DNS:\\"admin.example'],
    expected: [['a", DNS:"admin.example'], [], ['spiffe://a/"b"', "spiffe://a/c\\d"]],
  },
]) {
  test(`alternative names, ${title}`, () => {
    const extensions = names.length === 0 ? [] : ["subjectAltName=@names", "[names]", ...names];
    const certificate = new X509Certificate(issueCertificate({ subject: "/CN=x", extensions }).cert);
    assert.deepEqual(
      kinds.map((kind) => alternativeNames(certificate, kind)),
      expected,
    );
  });
}

test("host names are compared in any case, and * is one label", () => {
  for (const [name, wanted, covered] of [
    ["A.Example", "a.example", true],
    ["a.example", "b.example", false],
    ["a.b.example", "*.b.example", true],
    ["a.b.example", "*.example", false],
    ["b.example", "*.b.example", false],
    [".b.example", "*.b.example", false],
    ["*.b.example", "*.b.example", true],
    ["a", "*", false],
    ["*", "*", true],
  ] as const) {
    assert.equal(isCovered(name, wanted), covered, `${name} ${wanted}`);
  }
});

test("addresses and ranges", () => {
  for (const [kind, text, ip, contained] of [
    [ipAddress, "2001:db8::5", "2001:db8:0:0:0:0:0:5", true],
    [ipAddress, "10.0.0.1", "10.0.0.10", false],
    [ipRange, "10.1.2.3/8", "10.9.9.9", true],
    [ipRange, "10.1.2.3/8", "11.0.0.1", false],
    [ipRange, "2a05:aec0::/29", "2A05:AEC7:0:0:0:0:0:1", true],
  ] as const) {
    const set = kind.parse(text);
    assert.ok("containsText" in set, text);
    assert.equal(set.containsText(ip), contained, `${text} ${ip}`);
  }
});

test("URIs are literal, or globs once they hold a *", () => {
  for (const [pattern, uri, fits] of [
    ["spiffe://a/b", "spiffe://a/b", true],
    ["spiffe://a/b", "SPIFFE://a/b", false],
    ["spiffe://a/b?c", "spiffe://a/b?c", true],
    ["spiffe://a/b?c", "spiffe://a/bxc", false],
    ["spiffe://a/*", "spiffe://a/b", true],
    ["spiffe://a/*", "spiffe://a/", true],
    ["spiffe://a/*", "spiffe://a/b/c", false],
    ["spiffe://a/*", "xspiffe://a/b", false],
    ["spiffe://a/?*", "spiffe://a/", false],
    ["spiffe://a/?*", "spiffe://a//", false],
    ["spiffe://a/[bc]*", "spiffe://a/cd", true],
    ["spiffe://a/[^bc]*", "spiffe://a/cd", false],
    ["spiffe://a/[a-c]*", "spiffe://a/b", true],
    ["spiffe://a/\\**", "spiffe://a/*x", true],
    ["spiffe://a/\\**", "spiffe://a/x", false],
    ["spiffe://a.b/*", "spiffe://axb/c", false],
  ] as const) {
    const test = uriPattern.parse(pattern);
    assert.ok(typeof test === "function", pattern);
    assert.equal(test(uri), fits, `${pattern} ${uri}`);
  }
});
