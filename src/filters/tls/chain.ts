// Verifies a client certificate up to a trusted one (RFC 5280 6, for client authentication). Signatures, validity in time, the right to
// sign, and the purpose of the certificate are checked; revocation is not.

import type { X509Certificate } from "node:crypto";

/** Purpose: TLS client authentication; any purpose. */
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
const ANY_PURPOSE = "2.5.29.37.0";
/** Certificates between the client's and the trusted one, that one included. */
const MAX_DEPTH = 8;

/** True when `own` is signed, over any of `others`, by one of `trusted`, and all of them are valid at `now` (ms since 1970). */
export function verifies(
  own: X509Certificate,
  others: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
  now: number,
): boolean {
  const purposes = own.keyUsage as readonly string[] | undefined;
  if (purposes !== undefined && !purposes.includes(CLIENT_AUTH) && !purposes.includes(ANY_PURPOSE)) return false;
  return isSigned(own, others, trusted, now, MAX_DEPTH);
}

function isSigned(
  certificate: X509Certificate,
  others: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
  now: number,
  depth: number,
): boolean {
  if (depth === 0 || !isCurrent(certificate, now)) return false;
  if (trusted.some((issuer) => certificate.raw.equals(issuer.raw))) return true;
  if (trusted.some((issuer) => isCurrent(issuer, now) && hasSigned(issuer, certificate))) return true;
  return others.some(
    (issuer) =>
      !issuer.raw.equals(certificate.raw) &&
      hasSigned(issuer, certificate) &&
      isSigned(issuer, others, trusted, now, depth - 1),
  );
}

function hasSigned(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function isCurrent(certificate: X509Certificate, now: number): boolean {
  return certificate.validFromDate.getTime() <= now && now <= certificate.validToDate.getTime();
}
