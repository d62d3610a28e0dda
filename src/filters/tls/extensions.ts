// The extensions of a certificate that Node does not tell (RFC 5280 4.1 and 4.2), read from its DER form. What cannot be read is
// refused: nothing here guesses.

import type { X509Certificate } from "node:crypto";

export interface Extensions {
  /** Authorities that may stand between this one and the client's certificate. */
  readonly pathLength: number;
  /** A critical extension is there that we do not check. */
  readonly hasUnknown: boolean;
}

const BOOLEAN = 0x01;
const INTEGER = 0x02;
const OCTETS = 0x04;
const OID = 0x06;
const SEQUENCE = 0x30;
const EXTENSIONS = 0xa3;

const BASIC_CONSTRAINTS = "551d13";
/** Key usage, purposes, alternative names, policies: checked by Node, by us, or without meaning for a client. */
const KNOWN: ReadonlySet<string> = new Set([BASIC_CONSTRAINTS, "551d0f", "551d25", "551d11", "551d20"]);

interface Value {
  readonly tag: number;
  readonly bytes: Buffer;
}

/** Null: the certificate cannot be read. */
export function readExtensions({ raw }: Pick<X509Certificate, "raw">): Extensions | null {
  const certificate = valuesOf(raw)?.[0];
  const signed = certificate === undefined ? null : valuesOf(certificate.bytes)?.[0];
  const fields = signed ? valuesOf(signed.bytes) : null;
  if (fields === null) return null;
  const list = fields.find(({ tag }) => tag === EXTENSIONS);
  let pathLength = Number.POSITIVE_INFINITY;
  let hasUnknown = false;
  for (const extension of list === undefined ? [] : (valuesOf(valuesOf(list.bytes)?.[0]?.bytes) ?? [])) {
    const parts = valuesOf(extension.bytes) ?? [];
    const [id, content] = [parts[0], parts.at(-1)];
    if (extension.tag !== SEQUENCE || id?.tag !== OID || content?.tag !== OCTETS) return null;
    const name = id.bytes.toString("hex");
    const critical = parts[1]?.tag === BOOLEAN && parts[1].bytes[0] !== 0;
    if (critical && !KNOWN.has(name)) hasUnknown = true;
    if (name !== BASIC_CONSTRAINTS) continue;
    const length = valuesOf(valuesOf(content.bytes)?.[0]?.bytes)?.find(({ tag }) => tag === INTEGER);
    if (length !== undefined)
      pathLength = length.bytes.length > 4 ? pathLength : length.bytes.readIntBE(0, length.bytes.length);
  }
  return { pathLength, hasUnknown };
}

/** The values that stand one after the other; null when the bytes are no such list. */
function valuesOf(bytes: Buffer | undefined): Value[] | null {
  if (bytes === undefined) return null;
  const values: Value[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at]!;
    let length = bytes[at + 1] ?? -1;
    let start = at + 2;
    if (length >= 0x80) {
      const digits = length - 0x80;
      if (digits < 1 || digits > 4 || start + digits > bytes.length) return null;
      length = bytes.readUIntBE(start, digits);
      start += digits;
    }
    if (length < 0 || start + length > bytes.length) return null;
    values.push({ tag, bytes: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return values;
}
