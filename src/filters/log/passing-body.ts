// A look at the first bytes of a body while it passes unchanged: what logBody and auditLog show of it.

import type { BodyTransform } from "../../spec/context.ts";

/** Gives `see` the pieces of a body, cut where `limit` bytes in total are reached. */
export function watchBody(limit: number, see: (piece: Buffer) => void): BodyTransform {
  let left = limit;
  return {
    keepsLength: true,
    write(chunk) {
      if (left > 0 && chunk.byteLength > 0) {
        const piece = Buffer.from(chunk.buffer, chunk.byteOffset, Math.min(chunk.byteLength, left));
        left -= piece.length;
        see(piece);
      }
      return chunk;
    },
    end: () => null,
  };
}
