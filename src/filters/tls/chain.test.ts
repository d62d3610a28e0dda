// Which client certificates are trusted (RFC 5280 6), with real ones; openssl verify is asked for its opinion as well.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { type CertificateWish, issueCertificate, type TestCertificate } from "../../../test/support/certificates.ts";
import { verifiedUntil } from "./chain.ts";

const NOW = Date.UTC(2026, 5, 1);
const EXPIRED = { notAfter: "2025-01-01" };
const signs = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"];
const client = ["extendedKeyUsage=clientAuth"];
const folder = mkdtempSync(path.join(tmpdir(), "chain-"));
after(() => rmSync(folder, { recursive: true }));

function authority(name: string, issuer: TestCertificate | null, more: Partial<CertificateWish> = {}): TestCertificate {
  return issueCertificate({ subject: `/O=My Org/CN=${name}`, extensions: signs, issuer, ...more });
}

function leaf(issuer: TestCertificate, more: Partial<CertificateWish> = {}): TestCertificate {
  return issueCertificate({ subject: "/CN=client one", extensions: client, issuer, ...more });
}

const root = authority("root", null);
const twin = authority("root", null);
const middle = authority("middle", root);
const low = authority("low", middle);
const rootOf0 = authority("root of 0", null, {
  extensions: ["basicConstraints=critical,CA:TRUE,pathlen:0", signs[1]!],
});
const rootOf1 = authority("root of 1", null, {
  extensions: ["basicConstraints=critical,CA:TRUE,pathlen:1", signs[1]!],
});
const below0 = authority("below 0", rootOf0);
const below1 = authority("below 1", rootOf1);
const under1 = authority("under 1", below1);
const oldRoot = authority("old root", null, EXPIRED);
const oldMiddle = authority("old middle", root, EXPIRED);
const noAuthority = authority("no authority", root, { extensions: ["basicConstraints=critical,CA:FALSE"] });
const plain = authority("plain", root, { extensions: [] });
const noSigner = authority("no signer", root, { extensions: [signs[0]!, "keyUsage=critical,digitalSignature"] });
const serversOnly = authority("servers only", root, { extensions: [...signs, "extendedKeyUsage=serverAuth"] });
const serversRoot = authority("servers root", null, { extensions: [...signs, "extendedKeyUsage=serverAuth"] });
const clientsToo = authority("clients too", root, { extensions: [...signs, "extendedKeyUsage=serverAuth,clientAuth"] });
const odd = [...signs, "1.3.6.1.4.1.5923.99=critical,ASN1:UTF8String:x"];
const oddRoot = authority("odd root", null, { extensions: odd });

interface Case {
  readonly title: string;
  readonly own: TestCertificate;
  readonly sent?: readonly TestCertificate[];
  readonly trusted: readonly TestCertificate[];
  readonly trusts: boolean;
  /** openssl wants a root that signed itself, takes no authority for a client, and takes any purpose for none. */
  readonly differs?: boolean;
}

const cases: readonly Case[] = [
  { title: "issued by a trusted one", own: leaf(root), trusted: [root], trusts: true },
  { title: "no purpose named", own: leaf(root, { extensions: [] }), trusted: [root], trusts: true },
  {
    title: "any purpose",
    own: leaf(root, { extensions: ["extendedKeyUsage=anyExtendedKeyUsage"] }),
    trusted: [root],
    trusts: true,
    differs: true,
  },
  {
    title: "for servers",
    own: leaf(root, { extensions: ["extendedKeyUsage=serverAuth"] }),
    trusted: [root],
    trusts: false,
  },
  { title: "expired", own: leaf(root, EXPIRED), trusted: [root], trusts: false },
  { title: "not valid yet", own: leaf(root, { notBefore: "2090-01-01" }), trusted: [root], trusts: false },
  { title: "issued by an expired root", own: leaf(oldRoot), trusted: [oldRoot], trusts: false },
  { title: "nobody is trusted", own: leaf(root), sent: [root], trusted: [], trusts: false },
  { title: "another root of the same name", own: leaf(twin), trusted: [root], trusts: false },
  { title: "one of two roots of the same name", own: leaf(twin), trusted: [root, twin], trusts: true },
  { title: "over an intermediate that was sent", own: leaf(middle), sent: [middle], trusted: [root], trusts: true },
  { title: "over one that was not sent", own: leaf(middle), trusted: [root], trusts: false },
  { title: "over two", own: leaf(low), sent: [middle, low], trusted: [root], trusts: true },
  { title: "a trusted intermediate", own: leaf(middle), trusted: [middle], trusts: true, differs: true },
  { title: "over an expired intermediate", own: leaf(oldMiddle), sent: [oldMiddle], trusted: [root], trusts: false },
  {
    title: "over one that is no authority",
    own: leaf(noAuthority),
    sent: [noAuthority],
    trusted: [root],
    trusts: false,
  },
  { title: "over one that does not say so", own: leaf(plain), sent: [plain], trusted: [root], trusts: false },
  { title: "over one that may not sign", own: leaf(noSigner), sent: [noSigner], trusted: [root], trusts: false },
  { title: "over one for servers only", own: leaf(serversOnly), sent: [serversOnly], trusted: [root], trusts: false },
  { title: "over one for clients too", own: leaf(clientsToo), sent: [clientsToo], trusted: [root], trusts: true },
  { title: "a root for servers only", own: leaf(serversRoot), trusted: [serversRoot], trusts: false },
  { title: "a path of no length", own: leaf(rootOf0), trusted: [rootOf0], trusts: true },
  { title: "a path that is too long", own: leaf(below0), sent: [below0], trusted: [rootOf0], trusts: false },
  { title: "a path as long as may be", own: leaf(below1), sent: [below1], trusted: [rootOf1], trusts: true },
  { title: "longer by one", own: leaf(under1), sent: [below1, under1], trusted: [rootOf1], trusts: false },
  {
    title: "a critical extension that nobody knows",
    own: leaf(root, { extensions: [...client, odd.at(-1)!] }),
    trusted: [root],
    trusts: false,
  },
  { title: "the same in the root", own: leaf(oddRoot), trusted: [oddRoot], trusts: false },
  {
    title: "the client's own certificate is trusted",
    own: root,
    trusted: [root],
    trusts: true,
    differs: true,
  },
];

const parsed = ({ cert }: TestCertificate) => new X509Certificate(cert);

for (const { title, own, sent = [], trusted, trusts, differs = false } of cases) {
  test(`${title}: ${trusts ? "trusted" : "not trusted"}`, () => {
    const until = verifiedUntil(parsed(own), sent.map(parsed), trusted.map(parsed), NOW);
    assert.equal(until > NOW, trusts);
    if (!differs) assert.equal(opensslTrusts(own, sent, trusted), trusts, "openssl says otherwise");
  });
}

function opensslTrusts(own: TestCertificate, sent: readonly TestCertificate[], trusted: readonly TestCertificate[]) {
  const file = (name: string, list: readonly TestCertificate[]) => {
    const place = path.join(folder, name);
    writeFileSync(place, list.map(({ cert }) => cert).join(""));
    return place;
  };
  const args = ["verify", "-purpose", "sslclient", "-attime", String(NOW / 1000), "-no-CApath", "-no-CAstore"];
  const untrusted = sent.length === 0 ? [] : ["-untrusted", file("sent", sent)];
  const files = ["-CAfile", file("trusted", trusted), ...untrusted, file("own", [own])];
  return spawnSync("openssl", [...args, ...files], { stdio: "ignore" }).status === 0;
}

test("the trust ends when the first certificate of the chain does", () => {
  const short = authority("short", root, { notAfter: "2027-01-01" });
  assert.equal(verifiedUntil(parsed(leaf(short)), [parsed(short)], [parsed(root)], NOW), Date.UTC(2027, 0, 1));
});

test("certificates that all could have signed each other cost a bounded time", () => {
  // One key, one name, many serial numbers: every order of them is a chain.
  const first = authority("same", null);
  const keyFile = path.join(folder, "same.key");
  writeFileSync(keyFile, first.key);
  const others = Array.from({ length: 40 }, () => {
    const args = ["req", "-x509", "-key", keyFile, "-subj", "/O=My Org/CN=same", "-days", "9999"];
    return new X509Certificate(execFileSync("openssl", args, { stdio: ["ignore", "pipe", "ignore"] }));
  });
  const before = process.cpuUsage();
  assert.equal(verifiedUntil(parsed(leaf(first)), others, [parsed(root)], Date.now()), 0);
  assert.ok(process.cpuUsage(before).user < 2_000_000);
});
