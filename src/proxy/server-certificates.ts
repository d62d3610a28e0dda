// The certificates of the TLS listener: which one a client gets (spec proxy 2), and their replacement while connections go on.
// The first certificate in the list whose names fit the server name that the client asks for; the first of all otherwise.

import type { X509Certificate } from "node:crypto";
import type { SecureContext } from "node:tls";
import { crypto, tls } from "../util/lazy-builtin.ts";
import { LruMap } from "../util/lru.ts";

/** A certificate with its key, PEM: the leaf first, then intermediates. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

/** What TLS needs on the server side; plain data. */
export interface ServerTls {
  readonly certificates: readonly ServerCertificate[];
  readonly minVersion: "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
  /** Only suites with forward secrecy and authenticated encryption. */
  readonly secureCiphers: boolean;
  readonly clientAuth: ClientAuth;
  /** 48 random bytes, the same in all workers: a session may be taken up again at another worker. */
  readonly ticketKeys: Uint8Array;
}

export type ClientAuth =
  | "NoClientCert"
  | "RequestClientCert"
  | "RequireAnyClientCert"
  | "VerifyClientCertIfGiven"
  | "RequireAndVerifyClientCert";

interface Entry extends ServerCertificate {
  readonly leaf: X509Certificate;
}

const SECURE_CIPHERS = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

/** Signatures by type of key; what the server lists first is preferred. */
const SIGNATURES: Readonly<Record<string, string>> = {
  rsa: "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512",
  ec: "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512",
  ed25519: "ed25519",
};

/** Server names whose choice is remembered; clients may ask for any. */
const MAX_NAMES = 10_000;

export class ServerCertificates {
  readonly #settings: ServerTls;
  #entries: readonly Entry[] = [];
  /** By the indices of the certificates in them. */
  readonly #contexts = new Map<string, SecureContext>();
  #chosen = new LruMap<string, SecureContext>(MAX_NAMES);

  /** Throws when a certificate cannot be used. */
  constructor(settings: ServerTls) {
    this.#settings = settings;
    this.replace(settings.certificates);
  }

  /** New handshakes get these certificates; throws and keeps the present ones when one cannot be used. */
  replace(certificates: readonly ServerCertificate[]): void {
    const entries = certificates.map((pair) => ({ ...pair, leaf: new (crypto().X509Certificate)(pair.cert) }));
    const first = this.#context(entries.slice(0, 1));
    this.#entries = entries;
    this.#contexts.clear();
    this.#contexts.set("0", first);
    this.#chosen = new LruMap(MAX_NAMES);
  }

  /** For clients that name no server. */
  get first(): SecureContext {
    return this.#contexts.get("0")!;
  }

  /** For a client that asks for `name`. */
  choose(name: string): SecureContext {
    const known = this.#chosen.get(name);
    if (known !== undefined) return known;
    const context = this.#fitting(name.toLowerCase());
    this.#chosen.set(name, context);
    return context;
  }

  /** The fitting certificates, at most one for each type of key: a client that cannot use the first may use the next. */
  #fitting(name: string): SecureContext {
    const indices: number[] = [];
    const types = new Set<string>();
    this.#entries.forEach((entry, i) => {
      const type = keyType(entry);
      if (types.has(type) || entry.leaf.checkHost(name, { subject: "never", partialWildcards: false }) === undefined) {
        return;
      }
      types.add(type);
      indices.push(i);
    });
    if (indices.length === 0) return this.first;
    const key = indices.join();
    let context = this.#contexts.get(key);
    if (context === undefined) {
      context = this.#context(indices.map((i) => this.#entries[i]!));
      this.#contexts.set(key, context);
    }
    return context;
  }

  #context(entries: readonly Entry[]): SecureContext {
    const { minVersion, secureCiphers, ticketKeys } = this.#settings;
    const old = minVersion === "TLSv1" || minVersion === "TLSv1.1";
    const signatures = entries.map((entry) => SIGNATURES[keyType(entry)]);
    const preferred = entries.length > 1 && !signatures.includes(undefined) ? { sigalgs: signatures.join(":") } : {};
    return tls().createSecureContext({
      cert: entries.map((entry) => entry.cert),
      key: entries.map((entry) => entry.key),
      minVersion,
      ticketKeys: Buffer.from(ticketKeys),
      sessionIdContext: "skipper",
      honorCipherOrder: true,
      ...preferred,
      // OpenSSL grants TLS 1.0 and 1.1 at security level 0 only.
      ...(secureCiphers ? { ciphers: SECURE_CIPHERS } : old ? { ciphers: "DEFAULT@SECLEVEL=0" } : {}),
    });
  }
}

function keyType(entry: Entry): string {
  return entry.leaf.publicKey.asymmetricKeyType ?? "";
}
