// The certificates of the TLS listener: which one a client gets (spec proxy 2), and their replacement while connections go on.
// The one that the cluster has for the host; else the first in the list whose names fit the server name that the client asks for;
// else the first of all. Where there is none at all, the handshake fails.

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
/** Certificates of hosts that are ready for handshakes; the others are made ready when they are asked for. */
const MAX_READY_HOSTS = 2000;

/** A change of the certificates that belong to hosts, in plain data; what is not named stays. */
export interface HostCertificateChange {
  readonly certificates: readonly (ServerCertificate & { readonly id: string })[];
  readonly hosts: readonly (readonly [host: string, certificate: string])[];
  /** Certificates that no host has any more. */
  readonly removed: readonly string[];
}

export class ServerCertificates {
  readonly #settings: ServerTls;
  #entries: readonly Entry[] = [];
  /** By server name, the certificates that fit it. */
  #fitting = new LruMap<string, readonly Entry[]>(MAX_NAMES);
  /** By id. */
  readonly #ofHosts = new Map<string, ServerCertificate>();
  readonly #hosts = new Map<string, string>();
  readonly #ready = new LruMap<string, SecureContext>(MAX_READY_HOSTS);

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

  changeHosts(change: HostCertificateChange): void {
    for (const { id, cert, key } of change.certificates) this.#ofHosts.set(id, { cert, key });
    for (const [host, id] of change.hosts) this.#hosts.set(host, id);
    for (const id of change.removed) {
      this.#ofHosts.delete(id);
      this.#ready.delete(id);
    }
  }

  /** For a client that asks for `name` ("" for none) and can check these signatures (null: it does not say); null: there is none. */
  choose(name: string, signatures: readonly number[] | null): SecureContext | null {
    if (name !== "" && this.#hosts.size > 0) {
      const context = this.#contextOfHost(name.toLowerCase());
      if (context !== null) return context;
    }
    const first = this.#entries[0];
    if (first === undefined) return null;
    if (name === "") return first.context;
    let fitting = this.#fitting.get(name);
    if (fitting === undefined) {
      fitting = this.#entries.filter(({ leaf }) => fits(leaf, name));
      this.#fitting.set(name, fitting);
    }
    const usable = fitting.find((entry) => canCheck(signatures, entry));
    return (usable ?? first).context;
  }

  /** By the whole name, or by the one with `*` in place of its first label. */
  #contextOfHost(name: string): SecureContext | null {
    const id = this.#hosts.get(name) ?? this.#hosts.get(`*${name.slice(Math.max(name.indexOf("."), 0))}`);
    if (id === undefined) return null;
    let context = this.#ready.get(id);
    if (context === undefined) {
      context = this.#context(this.#ofHosts.get(id)!);
      this.#ready.set(id, context);
    }
    return context;
  }

  #entry(pair: ServerCertificate): Entry {
    const leaf = new (crypto().X509Certificate)(pair.cert);
    const { asymmetricKeyType = "", asymmetricKeyDetails } = leaf.publicKey;
    const signatures = SIGNATURES[asymmetricKeyDetails?.namedCurve ?? asymmetricKeyType] ?? null;
    return { leaf, context: this.#context(pair), signatures };
  }

  #context({ cert, key }: ServerCertificate): SecureContext {
    const { minVersion, secureCiphers, ticketKeys, clientAuth } = this.#settings;
    return tls().createSecureContext({
      cert,
      key,
      minVersion,
      ticketKeys: Buffer.from(ticketKeys),
      // A ticket keeps the client's own certificate and not those that it sent along, without which it may not be trusted any more.
      secureOptions: clientAuth === "NoClientCert" ? 0 : crypto().constants.SSL_OP_NO_TICKET,
      sessionIdContext: "skipper",
      honorCipherOrder: true,
      ...cipherOptions(minVersion, secureCiphers),
    });
  }
}

/** The cipher suites of a server; none named: those of Node. */
export function cipherOptions(
  minVersion: ServerTls["minVersion"],
  secureCiphers: boolean,
): { readonly ciphers?: string } {
  if (secureCiphers) return { ciphers: SECURE_CIPHERS };
  // OpenSSL grants TLS 1.0 and 1.1 at security level 0 only.
  return minVersion === "TLSv1" || minVersion === "TLSv1.1" ? { ciphers: "DEFAULT@SECLEVEL=0" } : {};
}

/** By the alternative names alone, as clients do; `*` stands for one label. */
function fits(leaf: X509Certificate, name: string): boolean {
  return leaf.checkHost(name.toLowerCase(), { subject: "never", partialWildcards: false }) !== undefined;
}

function canCheck(signatures: readonly number[] | null, entry: Entry): boolean {
  return signatures === null || entry.signatures === null || entry.signatures.some((s) => signatures.includes(s));
}
