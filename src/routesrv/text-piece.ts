// A part of a served text, and the same part compressed. Parts are compressed on their own, once each, and are joined to one gzip
// stream (RFC 1952) without being compressed again: raw deflate blocks that end at a byte may follow each other (RFC 1951).

import { zlib } from "../util/lazy-builtin.ts";

export class TextPiece {
  readonly bytes: Buffer;
  #deflated: Promise<Buffer> | null = null;

  constructor(text: string) {
    this.bytes = Buffer.from(text, "utf8");
  }

  /** Deflate blocks of which none is the last one. */
  deflated(): Promise<Buffer> {
    this.#deflated ??= deflate(this.bytes);
    return this.#deflated;
  }
}

function deflate(bytes: Buffer): Promise<Buffer> {
  const { deflateRaw, constants } = zlib();
  return new Promise((resolve, reject) => {
    deflateRaw(bytes, { finishFlush: constants.Z_SYNC_FLUSH }, (error, result) => {
      if (error === null) resolve(result);
      else reject(error);
    });
  });
}

/** Deflate, no flags, no time, unknown system: equal texts give equal bytes. */
const HEAD = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
/** A stored block that holds the line feed between two parts. */
const LINE_FEED = Buffer.from([0, 1, 0, 0xfe, 0xff, 0x0a]);
/** The last block, without content. */
const LAST = Buffer.from([3, 0]);

/** Parts that are compressed at one time: each takes a quarter of a megabyte meanwhile. */
const AT_ONE_TIME = 4;

/** The gzip form of the parts with a line feed between each two. */
export async function joinGzip(pieces: readonly TextPiece[]): Promise<Buffer> {
  const { crc32 } = zlib();
  const parts: Buffer[] = [HEAD];
  let sum = 0;
  let length = 0;
  for (const [i, piece] of pieces.entries()) {
    if (i > 0) {
      parts.push(LINE_FEED);
      sum = crc32("\n", sum);
      length++;
    }
    for (const next of pieces.slice(i, i + AT_ONE_TIME)) void next.deflated();
    parts.push(await piece.deflated());
    sum = crc32(piece.bytes, sum);
    length += piece.bytes.length;
  }
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(sum, 0);
  tail.writeUInt32LE(length >>> 0, 4);
  return Buffer.concat([...parts, LAST, tail]);
}
