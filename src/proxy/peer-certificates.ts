// The certificates that a client presented in its TLS handshake. Read once a connection, when a filter asks.

import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

/**
 * The client's own certificate and those that it sent along, in that order; empty without TLS or when it presented none. Not what
 * getPeerCertificate() gives, which goes on with issuers that this machine knows.
 */
export function peerCertificates(socket: Socket): readonly X509Certificate[] {
  if (!("encrypted" in socket)) return [];
  const chain: X509Certificate[] = [];
  let next = (socket as TLSSocket).getPeerX509Certificate();
  while (next !== undefined) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}
