// What a proxy shows to the servers of -routes-urls, and what it trusts: a client certificate, a bearer token, authorities. The files are
// looked at before a download, at most once a second, so that what is replaced counts from the next one on; what cannot be used leaves
// what was there before.

import { readFile } from "node:fs/promises";
import type { Logger } from "../observability/log.ts";
import { tls } from "../util/lazy-builtin.ts";
import { openReason } from "../util/system-error.ts";

/** Paths, "" for none. */
export interface CredentialFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly token: string;
}

export interface Credentials {
  /** PEM; what is absent is not shown, and those of the system are trusted. */
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  /** "" for none. */
  readonly token: string;
}

const PERIOD_MS = 1000;

export class ServerCredentials {
  readonly #files: CredentialFiles;
  readonly #log: Logger;
  #present: Credentials | null = null;
  /** performance.now() when the files are looked at again. */
  #due = 0;
  #problem = "";

  /** `cert` and `key` belong together: both or none. */
  constructor(files: CredentialFiles, log: Logger) {
    this.#files = files;
    this.#log = log;
  }

  /** For the reason of a refusal: which files were shown. */
  get shown(): string {
    const { cert, token } = this.#files;
    const parts = [token === "" ? "" : `the token of ${token}`, cert === "" ? "" : `the certificate of ${cert}`];
    return parts.filter((part) => part !== "").join(" and ");
  }

  /** Rejects with the reason when there are none that can be used. */
  async current(): Promise<Credentials> {
    if (this.#present !== null && performance.now() < this.#due) return this.#present;
    try {
      this.#present = await this.#read();
      this.#problem = "";
    } catch (cause) {
      const problem = (cause as Error).message;
      if (this.#present === null) throw cause;
      if (problem !== this.#problem) this.#log.error(`credentials for -routes-urls are not replaced: ${problem}`);
      this.#problem = problem;
    }
    this.#due = performance.now() + PERIOD_MS;
    return this.#present;
  }

  async #read(): Promise<Credentials> {
    const { cert, key, ca, token } = this.#files;
    const texts: { cert?: string; key?: string; ca?: string } = {};
    if (cert !== "") texts.cert = await readText(cert);
    if (key !== "") texts.key = await readText(key);
    if (ca !== "") texts.ca = await readText(ca);
    if (ca !== "" && !texts.ca!.includes("-----BEGIN CERTIFICATE-----")) {
      throw new Error(`${ca}: expected certificates in PEM form, got none`);
    }
    if (cert !== "" && this.#isOther(texts)) checkPair(cert, key, texts);
    const read = token === "" ? "" : (await readText(token)).trim();
    if (token !== "" && !/^[\x21-\x7e]+$/.test(read)) throw new Error(`${token}: expected a token in one line`);
    return { ...texts, token: read };
  }

  #isOther({ cert, key }: { readonly cert?: string; readonly key?: string }): boolean {
    return cert !== this.#present?.cert || key !== this.#present?.key;
  }
}

function checkPair(certFile: string, keyFile: string, pair: { readonly cert?: string; readonly key?: string }): void {
  try {
    tls().createSecureContext(pair);
  } catch (cause) {
    throw new Error(`failed to load X509 keypair from ${certFile} and ${keyFile}: ${(cause as Error).message}`);
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new Error(openReason(cause, file));
  }
}
