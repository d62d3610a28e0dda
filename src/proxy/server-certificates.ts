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

interface Entry {
  readonly leaf: X509Certificate;
  readonly context: SecureContext;
  /** Signature schemes that the key can make (RFC 8446 4.2.3); null for a kind of key that is not looked at. */
  readonly signatures: readonly number[] | null;
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

const SIGNATURES: Readonly<Record<string, readonly number[]>> = {
  rsa: [0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0201],
  prime256v1: [0x0403],
  secp384r1: [0x0503],
  secp521r1: [0x0603],
  ed25519: [0x0807],
};

/** Server names whose choice is remembered; clients may ask for any. */
const MAX_NAMES = 10_000;

export class ServerCertificates {
  readonly #settings: ServerTls;
  #entries: readonly Entry[] = [];
  /** By server name, the certificates that fit it. */
  #fitting = new LruMap<string, readonly Entry[]>(MAX_NAMES);

  /** Throws when a certificate cannot be used. */
  constructor(settings: ServerTls) {
    this.#settings = settings;
    this.replace(settings.certificates);
  }

  /** New handshakes get these certificates; throws and keeps the present ones when one cannot be used. */
  replace(certificates: readonly ServerCertificate[]): void {
    this.#entries = certificates.map((pair) => this.#entry(pair));
    this.#fitting = new LruMap(MAX_NAMES);
  }

  /** For a client that asks for `name` ("" for none) and can check these signatures (null: it does not say). */
  choose(name: string, signatures: readonly number[] | null): SecureContext {
    const first = this.#entries[0]!;
    if (name === "") return first.context;
    let fitting = this.#fitting.get(name);
    if (fitting === undefined) {
      fitting = this.#entries.filter(({ leaf }) => fits(leaf, name));
      this.#fitting.set(name, fitting);
    }
    const usable = fitting.find((entry) => canCheck(signatures, entry));
    return (usable ?? first).context;
  }

  #entry({ cert, key }: ServerCertificate): Entry {
    const { minVersion, secureCiphers, ticketKeys } = this.#settings;
    const old = minVersion === "TLSv1" || minVersion === "TLSv1.1";
    const leaf = new (crypto().X509Certificate)(cert);
    const { asymmetricKeyType = "", asymmetricKeyDetails } = leaf.publicKey;
    const context = tls().createSecureContext({
      cert,
      key,
      minVersion,
      ticketKeys: Buffer.from(ticketKeys),
      sessionIdContext: "skipper",
      honorCipherOrder: true,
      // OpenSSL grants TLS 1.0 and 1.1 at security level 0 only.
      ...(secureCiphers ? { ciphers: SECURE_CIPHERS } : old ? { ciphers: "DEFAULT@SECLEVEL=0" } : {}),
    });
    return { leaf, context, signatures: SIGNATURES[asymmetricKeyDetails?.namedCurve ?? asymmetricKeyType] ?? null };
  }
}

/** By the alternative names alone, as clients do; `*` stands for one label. */
function fits(leaf: X509Certificate, name: string): boolean {
  return leaf.checkHost(name.toLowerCase(), { subject: "never", partialWildcards: false }) !== undefined;
}

function canCheck(signatures: readonly number[] | null, entry: Entry): boolean {
  return signatures === null || entry.signatures === null || entry.signatures.some((s) => signatures.includes(s));
}
