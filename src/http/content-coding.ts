// Content codings (RFC 9110 8.4.1) as transforms of a body that streams: gzip, deflate, br and zstd, by zlib of Node. What comes in is
// worked on in the thread pool, piece by piece, and each piece is flushed, so that slow streams arrive without delay.
// deflate is raw deflate (RFC 1951), as the clients of this proxy know it.

import type { Transform } from "node:stream";
import { zlib } from "../util/lazy-builtin.ts";

export const CODINGS = ["gzip", "deflate", "br", "zstd"] as const;
export type Coding = (typeof CODINGS)[number];

/** The face of spec/context.ts BodyTransform, which this layer does not know. */
export interface CodingTransform {
  write(chunk: Uint8Array): AsyncIterable<Uint8Array>;
  end(): AsyncIterable<Uint8Array> | null;
  destroy(): void;
}

/** Bytes that come out at one time. */
const PIECE_BYTES = 16_384;

export function isCoding(name: string): name is Coding {
  return (CODINGS as readonly string[]).includes(name);
}

/**
 * Compresses. `level` is that of compress() (spec filters 7.2): 0 none, 1 fastest, 9 best (br: 11), -1 the coding's default, -2 without
 * repetitions (Huffman only) where the coding can.
 */
export function encoder(coding: Coding, level: number): CodingTransform {
  return codingTransform(() => openEncoder(coding, level));
}

/**
 * Decompresses. A body that is no data of this coding, ends too early or goes on behind its end makes it fail; no byte at all is an empty
 * body.
 */
export function decoder(coding: Coding): CodingTransform {
  const transform = codingTransform(() => openDecoder(coding));
  let begun = false;
  return {
    write(chunk) {
      begun = true;
      return transform.write(chunk);
    },
    end: () => (begun ? transform.end() : null),
    destroy: () => transform.destroy(),
  };
}

function openEncoder(coding: Coding, level: number): Transform {
  const { constants, createGzip, createDeflateRaw, createBrotliCompress, createZstdCompress } = zlib();
  switch (coding) {
    case "br":
      return createBrotliCompress({
        chunkSize: PIECE_BYTES,
        flush: constants.BROTLI_OPERATION_FLUSH,
        params: { [constants.BROTLI_PARAM_QUALITY]: Math.max(level, level < 0 ? 1 : 0) },
      });
    case "zstd":
      return createZstdCompress({
        chunkSize: PIECE_BYTES,
        flush: constants.ZSTD_e_flush,
        params: { [constants.ZSTD_c_compressionLevel]: zstdLevel(level) },
      });
    default: {
      const options = {
        chunkSize: PIECE_BYTES,
        flush: constants.Z_SYNC_FLUSH,
        level: level === -2 ? 1 : Math.min(level, 9),
        ...(level === -2 ? { strategy: constants.Z_HUFFMAN_ONLY } : {}),
      };
      return coding === "gzip" ? createGzip(options) : createDeflateRaw(options);
    }
  }
}

/** zstd has four speeds behind the levels (spec filters 7.2). */
function zstdLevel(level: number): number {
  if (level === -2 || (level >= 0 && level <= 2)) return 1;
  if (level === -1 || level <= 6) return 3;
  return level === 9 || level === 11 ? 11 : 7;
}

function openDecoder(coding: Coding): Transform {
  const { createGunzip, createInflateRaw, createBrotliDecompress, createZstdDecompress } = zlib();
  const options = { chunkSize: PIECE_BYTES, rejectGarbageAfterEnd: true };
  switch (coding) {
    case "gzip":
      // May have several members, and fails by itself when what follows is none.
      return createGunzip({ chunkSize: PIECE_BYTES });
    case "deflate":
      return createInflateRaw(options);
    case "br":
      return createBrotliDecompress(options);
    default:
      return createZstdDecompress(options);
  }
}

/**
 * What comes out is asked for piece by piece; zlib works on only while there is room for it. The stream is opened at the first byte,
 * since a response may turn out to have no body.
 */
function codingTransform(open: () => Transform): CodingTransform {
  let opened: Transform | null = null;
  let failure: Error | null = null;
  let wake: (() => void) | null = null;
  const notify = () => {
    const waiting = wake;
    wake = null;
    waiting?.();
  };
  const stream = (): Transform => {
    if (opened !== null) return opened;
    opened = open();
    opened.on("readable", notify);
    opened.on("close", notify);
    opened.on("error", (error) => {
      failure = error;
      notify();
    });
    return opened;
  };
  async function* pieces(stream: Transform, isOver: () => boolean): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (failure !== null) throw failure;
      const piece = stream.read() as Buffer | null;
      if (piece !== null) yield piece;
      else if (isOver() || stream.destroyed) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  }
  return {
    write(chunk) {
      let taken = false;
      const to = stream();
      to.write(chunk, () => {
        taken = true;
        notify();
      });
      return pieces(to, () => taken);
    },
    end() {
      const to = stream();
      to.end();
      return pieces(to, () => to.readableEnded);
    },
    destroy() {
      opened?.destroy();
    },
  };
}
