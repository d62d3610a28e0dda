// The body of an answer that refuses an upgrade (spec proxy 15), read from the connection that was meant for the tunnel. Used by
// upgrade.ts; it knows framing and nothing of the exchange.

import type { Socket } from "node:net";
import { ChunkEvent, ChunkedDecoder } from "../http/h1/chunked.ts";
import { BodyKind, type ResponseHead } from "../http/h1/response-parser.ts";

/** The backend broke off, or sent what is no body. */
export class BrokenAnswer extends Error {}

/**
 * The pieces of the body; `first` are the bytes that came behind the head. Throws when it breaks off. The socket is closed at the
 * end, and when the taker takes no more.
 */
export async function* answerBody(
  socket: Socket,
  first: Buffer,
  kind: BodyKind,
  head: ResponseHead,
): AsyncGenerator<Uint8Array> {
  const decode = kind === BodyKind.chunked ? chunks() : kind === BodyKind.length ? bytes(head.contentLength) : rest();
  try {
    yield* decode.next(first);
    if (decode.ended) return;
    for await (const piece of socket) {
      yield* decode.next(piece as Buffer);
      if (decode.ended) return;
    }
    if (kind !== BodyKind.close) throw new BrokenAnswer("unexpected EOF");
  } finally {
    socket.destroy();
  }
}

interface Decoder {
  ended: boolean;
  /** The body bytes in what came. */
  next(piece: Buffer): Iterable<Buffer>;
}

function bytes(length: number): Decoder {
  let left = length;
  return {
    ended: false,
    *next(piece) {
      const part = piece.subarray(0, left);
      left -= part.length;
      this.ended = left === 0;
      if (part.length > 0) yield part;
    },
  };
}

function chunks(): Decoder {
  const decoder = new ChunkedDecoder();
  return {
    ended: false,
    *next(piece) {
      for (let at = 0; at < piece.length; at = decoder.position) {
        const event = decoder.next(piece, at, piece.length);
        if (event < 0) throw new BrokenAnswer("malformed chunked encoding");
        if (event === ChunkEvent.data) yield piece.subarray(decoder.dataStart, decoder.dataEnd);
        this.ended = event === ChunkEvent.end;
        if (this.ended) return;
      }
    },
  };
}

function rest(): Decoder {
  return {
    ended: false,
    *next(piece) {
      if (piece.length > 0) yield piece;
    },
  };
}
