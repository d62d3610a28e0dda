// Certificates for tests, made by openssl: signed by themselves or by one another, valid from and to any day, with any extensions.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export interface TestCertificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

export interface CertificateWish {
  /** As openssl takes it: `/O=My Org/CN=name`. */
  readonly subject: string;
  /** Lines such as `subjectAltName=DNS:a.example`. */
  readonly extensions?: readonly string[];
  /** Null: by itself. */
  readonly issuer?: TestCertificate | null;
  /** As `2024-01-01`. */
  readonly notBefore?: string;
  readonly notAfter?: string;
}

const config = `[ca]
default_ca = test
[test]
database = index
new_certs_dir = .
serial = serial
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = optional
`;

let serial = 1;

export function issueCertificate(wish: CertificateWish): TestCertificate {
  const folder = mkdtempSync(path.join(tmpdir(), "skipper-cert-"));
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text);
  const day = (text: string) => `${text.replaceAll("-", "")}000000Z`;
  try {
    write("config", config);
    write("index", "");
    write("serial", (serial++).toString(16).padStart(4, "0"));
    write("extensions", (wish.extensions ?? []).join("\n"));
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    const subject = ["-utf8", "-multivalue-rdn", "-subj", wish.subject];
    openssl("req", "-new", ...curve, "-nodes", "-keyout", "key", "-out", "request", ...subject);
    const { issuer = null, notBefore = "2020-01-01", notAfter = "2099-01-01" } = wish;
    if (issuer !== null) {
      write("issuer", issuer.cert);
      write("issuer-key", issuer.key);
    }
    const signer = issuer === null ? ["-selfsign", "-keyfile", "key"] : ["-cert", "issuer", "-keyfile", "issuer-key"];
    const files = ["-in", "request", "-out", "cert", "-extfile", "extensions", "-notext"];
    const dates = ["-startdate", day(notBefore), "-enddate", day(notAfter)];
    openssl("ca", ...signer, "-batch", "-preserveDN", "-config", "config", ...files, ...dates);
    const read = (name: string) => readFileSync(path.join(folder, name), "utf8");
    return { cert: read("cert"), key: read("key") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Signed by itself, for host names; `notBefore` as `2024-01-01`. */
export function makeCertificate(notBefore: string, ...names: readonly string[]): TestCertificate {
  const extensions = [`subjectAltName=${names.map((name) => `DNS:${name}`).join()}`];
  return issueCertificate({ subject: `/CN=${names[0]}`, extensions, notBefore });
}
