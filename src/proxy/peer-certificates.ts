// The certificates that a client presented in its TLS handshake. Read once a connection, when a filter asks.

import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import { crypto } from "../util/lazy-builtin.ts";

/** The client's own certificate and the ones it sent for its issuers, in that order; empty without TLS or when it presented none. */
export function peerCertificates(socket: Socket): readonly X509Certificate[] {
  if (!("encrypted" in socket)) return [];
  const { X509Certificate: Certificate } = crypto();
  const chain: X509Certificate[] = [];
  // Without a certificate it is an object without fields.
  let next: Partial<DetailedPeerCertificate> | undefined = (socket as TLSSocket).getPeerCertificate(true);
  while (next?.raw !== undefined) {
    chain.push(new Certificate(next.raw));
    // The last one is its own issuer.
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate;
  }
  return chain;
}
