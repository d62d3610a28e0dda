// The subject alternative names of a certificate (RFC 5280 4.2.1.6), taken from the text that Node makes of them:
// `DNS:a.example, IP Address:10.0.0.1, URI:spiffe://x/y`, an entry with special characters in the form of a JSON string.

import type { X509Certificate } from "node:crypto";

export type NameKind = "DNS" | "IP Address" | "URI";

export function alternativeNames(certificate: X509Certificate, kind: NameKind): string[] {
  const names: string[] = [];
  const prefix = `${kind}:`;
  for (const entry of entriesOf(certificate.subjectAltName ?? "")) {
    if (!entry.startsWith(prefix)) continue;
    const text = entry.slice(prefix.length);
    names.push(text.startsWith('"') ? (JSON.parse(text) as string) : text);
  }
  return names;
}

/** Cuts at `, ` outside of quotes. */
function entriesOf(text: string): string[] {
  return text.match(/(?:[^",]|"(?:[^"\\]|\\.)*"|,(?! ))+/g)?.map((entry) => entry.trim()) ?? [];
}
