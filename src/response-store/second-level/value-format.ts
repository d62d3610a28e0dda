// An entry as a server keeps it. The version stands in the key and in the value, and the checksum covers the key too: what another
// program wrote, what was cut off or copied to another key is told from what we wrote.
//
//   key     skipper:cache:1:<SHA-256 in base64url>
//   value   | "SKC1" | CRC-32 of key and all behind it | lifetime ms, 8 | head bytes, 4 | body bytes, 4 | head | body |

import type { StoreKey } from "../../spec/response-store.ts";
import { zlib } from "../../util/lazy-builtin.ts";

const KEY_PREFIX = "skipper:cache:1:";
const MAGIC = 0x534b_4331;
const CHECKSUM_AT = 4;
const LIFETIME_AT = 8;
const HEAD_BYTES_AT = 16;
const BODY_BYTES_AT = 20;

export const PREAMBLE_BYTES = 24;

export interface SharedValue {
  /** The lifetime that the server was given with it: with what is left of that it tells how long ago it was written. */
  readonly lifetimeMs: number;
  readonly head: string;
  readonly body: Uint8Array;
}

export function keyText(key: StoreKey): string {
  return KEY_PREFIX + Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("base64url");
}

export function encodeValue(key: string, { lifetimeMs, head, body }: SharedValue): Buffer {
  const bytes = Buffer.allocUnsafe(PREAMBLE_BYTES + head.length + body.length);
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeDoubleBE(lifetimeMs, LIFETIME_AT);
  bytes.writeUInt32BE(head.length, HEAD_BYTES_AT);
  bytes.writeUInt32BE(body.length, BODY_BYTES_AT);
  bytes.write(head, PREAMBLE_BYTES, "latin1");
  bytes.set(body, PREAMBLE_BYTES + head.length);
  bytes.writeUInt32BE(checksum(key, bytes), CHECKSUM_AT);
  return bytes;
}

/** Null when it is not what `encodeValue` gives for this key. */
export function decodeValue(key: string, bytes: Buffer): SharedValue | null {
  if (bytes.length < PREAMBLE_BYTES || bytes.readUInt32BE(0) !== MAGIC) return null;
  const bodyAt = PREAMBLE_BYTES + bytes.readUInt32BE(HEAD_BYTES_AT);
  if (bodyAt + bytes.readUInt32BE(BODY_BYTES_AT) !== bytes.length) return null;
  if (bytes.readUInt32BE(CHECKSUM_AT) !== checksum(key, bytes)) return null;
  return {
    lifetimeMs: bytes.readDoubleBE(LIFETIME_AT),
    head: bytes.toString("latin1", PREAMBLE_BYTES, bodyAt),
    body: bytes.subarray(bodyAt),
  };
}

function checksum(key: string, bytes: Buffer): number {
  const { crc32 } = zlib();
  return crc32(bytes.subarray(LIFETIME_AT), crc32(key));
}
