// Names of certificates with everything that RFC 2253 wants escaped, against what openssl makes of them.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { issueCertificate } from "../../../test/support/certificates.ts";
import { commonName, rfc2253 } from "./distinguished-name.ts";

/** RFC 2253 by openssl, with UTF-8 as it is. */
function opensslName(pem: string): string {
  const options = ["-noout", "-subject", "-nameopt", "RFC2253,-esc_msb,utf8"];
  return execFileSync("openssl", ["x509", ...options], { input: pem, encoding: "utf8" }).replace(/^subject=|\n$/g, "");
}

for (const [subject, text, cn] of [
  ["/C=DE/O=My Org/CN=My CA", "CN=My CA,O=My Org,C=DE", "My CA"],
  ["/O=Foo, Inc./CN=Müller, Hans", "CN=Müller\\, Hans,O=Foo\\, Inc.", "Müller, Hans"],
  ['/CN=a "b" <c>; d\\\\e', 'CN=a \\"b\\" \\<c\\>\\; d\\\\e', 'a "b" <c>; d\\e'],
  ["/CN=#lead ", "CN=\\#lead\\ ", "#lead "],
  ["/CN=a \\+ CN=admin", "CN=a \\+ CN=admin", "a + CN=admin"],
  ["/CN=first/CN=second", "CN=second,CN=first", "second"],
  ["/O=none", "O=none", ""],
  ["/CN=x=y", "CN=x=y", "x=y"],
] as const) {
  test(`${subject} is ${text}`, () => {
    const { cert } = issueCertificate({ subject });
    const name = new X509Certificate(cert).subject;
    assert.equal(rfc2253(name), text);
    assert.equal(rfc2253(name), opensslName(cert));
    assert.equal(commonName(name), cn);
  });
}

test("a name part of several attributes", () => {
  const name = new X509Certificate(issueCertificate({ subject: "/O=a/OU=b+CN=c" }).cert).subject;
  assert.equal(commonName(name), "c");
  assert.equal(rfc2253(name).split(",")[0]!.split("+").sort().join("+"), "CN=c+OU=b");
});
