// Verifies a client certificate up to a trusted one (RFC 5280 6, for client authentication): signatures, validity in time, the right to
// sign, lengths of paths and purposes. Revocation is not looked at. Name constraints are not evaluated: an authority that has critical
// ones is not trusted. A client may send any certificates, so the work for one search is bounded.

import type { X509Certificate } from "node:crypto";
import { readExtensions } from "./extensions.ts";

/** Purpose: TLS client authentication; any purpose. */
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
const ANY_PURPOSE = "2.5.29.37.0";
/** Certificates of a chain, the client's and the trusted one included. */
const MAX_CHAIN = 10;
/** Signatures that are checked in one search. */
const MAX_SIGNATURES = 100;

/**
 * Until when (ms since 1970) `own` is trusted: signed, over any of `others`, by one of `trusted`, all valid at `now`. 0: it is not.
 */
export function verifiedUntil(
  own: X509Certificate,
  others: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
  now: number,
): number {
  if (!isUsable(own, now)) return 0;
  if (trusted.some((each) => each.raw.equals(own.raw))) return own.validToDate.getTime();
  const chain = new Search(others, trusted, now).extend([own]);
  return chain === null ? 0 : Math.min(...chain.map((each) => each.validToDate.getTime()));
}

class Search {
  readonly #others: readonly X509Certificate[];
  readonly #trusted: readonly X509Certificate[];
  readonly #now: number;
  #signatures = MAX_SIGNATURES;

  constructor(others: readonly X509Certificate[], trusted: readonly X509Certificate[], now: number) {
    this.#others = others;
    this.#trusted = trusted;
    this.#now = now;
  }

  /** The chain, complete up to a trusted certificate; null: there is none that begins so. */
  extend(chain: readonly X509Certificate[]): readonly X509Certificate[] | null {
    if (chain.length >= MAX_CHAIN) return null;
    for (const issuer of this.#trusted) if (this.#hasIssued(issuer, chain)) return [...chain, issuer];
    for (const issuer of this.#others) {
      if (chain.some((each) => each.raw.equals(issuer.raw)) || !this.#hasIssued(issuer, chain)) continue;
      const complete = this.extend([...chain, issuer]);
      if (complete !== null) return complete;
    }
    return null;
  }

  #hasIssued(issuer: X509Certificate, chain: readonly X509Certificate[]): boolean {
    const last = chain.at(-1)!;
    if (!issuer.ca || !last.checkIssued(issuer) || !isUsable(issuer, this.#now)) return false;
    const authoritiesBelow = chain.length - 1;
    if (readExtensions(issuer)!.pathLength < authoritiesBelow) return false;
    if (this.#signatures === 0) return false;
    this.#signatures--;
    return last.verify(issuer.publicKey);
  }
}

/** Valid now, for clients, and with nothing in it that we would have to understand. */
function isUsable(certificate: X509Certificate, now: number): boolean {
  if (certificate.validFromDate.getTime() > now || now > certificate.validToDate.getTime()) return false;
  const purposes = certificate.keyUsage as readonly string[] | undefined;
  if (purposes !== undefined && !purposes.includes(CLIENT_AUTH) && !purposes.includes(ANY_PURPOSE)) return false;
  const extensions = readExtensions(certificate);
  return extensions !== null && !extensions.hasUnknown;
}
