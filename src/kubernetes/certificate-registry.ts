// The certificates of the cluster by host (spec kubernetes 13): of several that are offered for a host the one that became valid last,
// so that a rotated Secret takes over without a gap. A host that has a certificate keeps one. Workers get the changes only.

import type { Logger } from "../observability/log.ts";
import { crypto, tls } from "../util/lazy-builtin.ts";
import { keyOf, type Secret } from "./objects.ts";
import type { CertificateWish, Problem } from "./translation.ts";

/** What changed, in plain data. Hosts and certificates that are not named stay. */
export interface CertificateChange {
  readonly certificates: readonly { readonly id: string; readonly cert: string; readonly key: string }[];
  readonly hosts: readonly (readonly [host: string, certificate: string])[];
  /** Certificates that no host has any more. */
  readonly removed: readonly string[];
}

interface Certificate {
  /** Made up here; another one for every version of a Secret. */
  readonly id: string;
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  readonly notBeforeMs: number;
}

/** What became of a Secret that was read. */
interface ReadSecret {
  readonly secret: Secret;
  /** The text of what is wrong with it. */
  readonly result: Certificate | string;
}

export class CertificateRegistry {
  readonly #log: Logger;
  readonly #hosts = new Map<string, Certificate>();
  /** How many hosts have a certificate, by its id. */
  readonly #uses = new Map<string, number>();
  /** By key; Secrets that nothing refers to are never read. */
  readonly #read = new Map<string, ReadSecret>();
  readonly #changedHosts = new Set<string>();
  readonly #newIds = new Set<string>();
  readonly #oldIds = new Set<string>();
  #made = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Takes up what an object asks for; gives what is wrong with its Secrets. */
  offer(wishes: readonly CertificateWish[]): Problem[] {
    const problems: Problem[] = [];
    for (const { hosts, secret } of wishes) {
      const certificate = this.#certificateOf(secret);
      if (typeof certificate !== "string") for (const host of hosts) this.#offer(host.toLowerCase(), certificate);
      else {
        const message = `Failed to generate TLS certificate from secret: ${certificate}`;
        problems.push({ level: "error", message, bare: false });
      }
    }
    return problems;
  }

  /** What changed since the last call; null when nothing did. */
  takeChange(): CertificateChange | null {
    if (this.#changedHosts.size === 0) return null;
    const hosts = [...this.#changedHosts].map((host) => [host, this.#hosts.get(host)!.id] as const);
    const change = { certificates: this.#pairs(this.#newIds), hosts, removed: [...this.#oldIds] };
    this.#changedHosts.clear();
    this.#newIds.clear();
    this.#oldIds.clear();
    return change;
  }

  /** Everything, as a change of nothing: what a new worker needs. */
  everything(): CertificateChange {
    const hosts = [...this.#hosts].map(([host, { id }]) => [host, id] as const);
    return { certificates: this.#pairs(new Set(this.#uses.keys())), hosts, removed: [] };
  }

  #pairs(ids: ReadonlySet<string>): { id: string; cert: string; key: string }[] {
    const found = new Map<string, Certificate>();
    for (const certificate of this.#hosts.values()) if (ids.has(certificate.id)) found.set(certificate.id, certificate);
    return [...found.values()].map(({ id, cert, key }) => ({ id, cert, key }));
  }

  #offer(host: string, certificate: Certificate): void {
    const present = this.#hosts.get(host);
    if (present !== undefined && certificate.notBeforeMs <= present.notBeforeMs) return;
    const verb = present === undefined ? "adding" : "updating";
    this.#log.info(`${verb} certificate ${present === undefined ? "to" : "in"} registry - ${host}`);
    this.#hosts.set(host, certificate);
    this.#changedHosts.add(host);
    this.#use(certificate.id, 1);
    if (present !== undefined) this.#use(present.id, -1);
  }

  #use(id: string, by: 1 | -1): void {
    const before = this.#uses.get(id) ?? 0;
    const after = before + by;
    if (after === 0) {
      this.#uses.delete(id);
      if (!this.#newIds.delete(id)) this.#oldIds.add(id);
      return;
    }
    this.#uses.set(id, after);
    if (before === 0 && !this.#oldIds.delete(id)) this.#newIds.add(id);
  }

  #certificateOf(secret: Secret): Certificate | string {
    const key = keyOf(secret);
    const known = this.#read.get(key);
    if (known?.secret === secret) return known.result;
    const result = readCertificate(secret, `${key}#${++this.#made}`);
    this.#read.set(key, { secret, result });
    return result;
  }
}

/** The certificate of a Secret, or what is wrong with it: the checks in the order of the spec. */
function readCertificate(secret: Secret, id: string): Certificate | string {
  const { name } = secret.metadata;
  if (secret.certificate === null || secret.privateKey === null) {
    return "secret must contain tls.crt and tls.key in data field";
  }
  const cert = decodeBase64(secret.certificate);
  if (cert === null) return `failed to decode tls.crt from secret ${name}`;
  const key = decodeBase64(secret.privateKey);
  if (key === null) return `failed to decode tls.key from secret ${name}`;
  let notBeforeMs: number;
  try {
    notBeforeMs = new (crypto().X509Certificate)(cert).validFromDate.getTime();
    // Also finds a key that belongs to another certificate.
    tls().createSecureContext({ cert, key });
  } catch {
    return `failed to create tls certificate from secret ${name}`;
  }
  if (secret.type !== "kubernetes.io/tls") return `secret ${name} is not of type kubernetes.io/tls`;
  return { id, cert, key, notBeforeMs };
}

/** Standard alphabet with padding, line feeds ignored; null when it is anything else. */
function decodeBase64(text: string): string | null {
  const plain = text.replace(/[\r\n]/g, "");
  if (plain.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(plain)) return null;
  return Buffer.from(plain, "base64").toString("latin1");
}
