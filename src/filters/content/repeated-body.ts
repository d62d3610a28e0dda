// The common part of repeatContent and repeatContentHex (spec filters 7).

import type { Filter } from "../../spec/filter.ts";

/** Bodies up to this size are made once, larger ones are sent as many times the same block. */
const BLOCK_BYTES = 16 * 1024;

/** A filter that answers with `text` (a byte string, not empty) repeated and cut to `length` bytes. */
export function repeatedBodyFilter(text: string, length: number): Filter {
  const headers = [["Content-Length", String(length)]] as const;
  const blockLength = Math.min(length, Math.max(1, Math.floor(BLOCK_BYTES / text.length)) * text.length);
  const block = Buffer.from(text.repeat(Math.ceil(blockLength / text.length)).slice(0, blockLength), "latin1");
  return {
    request(ctx) {
      ctx.serve(200, headers, block.length === length ? block : repeat(block, length));
    },
  };
}

async function* repeat(block: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  let left = length;
  for (; left > block.length; left -= block.length) yield block;
  yield block.subarray(0, left);
}
