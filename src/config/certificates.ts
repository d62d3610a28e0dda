// Pairs of certificate and key files (-tls-cert with -tls-key, -client-tls-cert with -client-tls-key), read and checked at start.

import { tls } from "../util/lazy-builtin.ts";
import { readFile } from "../util/lazy-files.ts";
import { openReason } from "../util/system-error.ts";
import { Invalid } from "./option.ts";

export interface KeyPair {
  readonly certFile: string;
  readonly keyFile: string;
  /** PEM: the leaf first, then intermediates. */
  readonly cert: string;
  readonly key: string;
}

/** The pairs of two comma separated lists of files; the first that cannot be used is what is wrong. */
export async function loadKeyPairs(certFiles: string, keyFiles: string): Promise<KeyPair[] | Invalid> {
  if (certFiles === "" && keyFiles === "") return [];
  const certs = certFiles.split(",");
  const keys = keyFiles.split(",");
  if (certs.length !== keys.length || certFiles === "" || keyFiles === "") {
    return new Invalid("number of certificates does not match number of keys");
  }
  const pairs: KeyPair[] = [];
  for (let i = 0; i < certs.length; i++) {
    const certFile = certs[i]!;
    const keyFile = keys[i]!;
    const cert = await readText(certFile);
    const key = cert instanceof Invalid ? cert : await readText(keyFile);
    let problem = "";
    if (cert instanceof Invalid) problem = cert.message;
    else if (key instanceof Invalid) problem = key.message;
    else {
      try {
        tls().createSecureContext({ cert, key });
        pairs.push({ certFile, keyFile, cert, key });
        continue;
      } catch (cause) {
        problem = cause instanceof Error ? cause.message : String(cause);
      }
    }
    return new Invalid(`failed to load X509 keypair from ${certFile} and ${keyFile}: ${problem}`);
  }
  return pairs;
}

async function readText(file: string): Promise<string | Invalid> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    return new Invalid(openReason(cause, file));
  }
}

/** The certificates (PEM, one each) of a comma separated list of files. */
export async function loadAuthorities(files: string): Promise<string[] | Invalid> {
  const found: string[] = [];
  for (const file of files === "" ? [] : files.split(",")) {
    const text = await readText(file);
    if (text instanceof Invalid) return text;
    const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
    if (certificates === null) return new Invalid(`${file}: expected certificates in PEM form, got none`);
    found.push(...certificates);
  }
  return found;
}
