// Self-signed certificates for tests, made by openssl, valid from any day.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export interface TestCertificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

const config = `[ca]
default_ca = test
[test]
database = index
new_certs_dir = .
serial = serial
default_md = sha256
policy = any
[any]
commonName = supplied
`;

/** For host names; `notBefore` as `2024-01-01`. */
export function makeCertificate(notBefore: string, ...names: readonly string[]): TestCertificate {
  const folder = mkdtempSync(path.join(tmpdir(), "skipper-cert-"));
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  try {
    writeFileSync(path.join(folder, "config"), config);
    writeFileSync(path.join(folder, "index"), "");
    writeFileSync(path.join(folder, "serial"), "01");
    writeFileSync(path.join(folder, "extensions"), `subjectAltName=${names.map((name) => `DNS:${name}`).join()}`);
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    openssl("req", "-new", ...curve, "-nodes", "-keyout", "key", "-out", "request", "-subj", `/CN=${names[0]}`);
    const dates = ["-startdate", `${notBefore.replaceAll("-", "")}000000Z`, "-enddate", "20990101000000Z"];
    const files = ["-in", "request", "-keyfile", "key", "-out", "cert", "-extfile", "extensions", "-notext"];
    openssl("ca", "-selfsign", "-batch", "-config", "config", ...files, ...dates);
    const read = (name: string) => readFileSync(path.join(folder, name), "utf8");
    return { cert: read("cert"), key: read("key") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
