// The text of one table at one time: what clients download, and the hash that names it. Parts that did not change since the snapshot
// before are shared with it, and are not hashed anew up to the first one that did.

import type { Hash } from "node:crypto";
import { crypto } from "../util/lazy-builtin.ts";
import { joinGzip, type TextPiece } from "./text-piece.ts";

/** Between two states of the hash that are kept lie so many parts. */
const STATE_PIECES = 16;
const LINE_FEED = Buffer.from("\n");

export class Snapshot {
  /** The text is these, with a line feed between each two. */
  readonly pieces: readonly TextPiece[];
  /** Number of routes. */
  readonly count: number;
  /** Length of the text. */
  readonly bytes: number;
  /** SHA-256 of the text in lower case hex. */
  readonly hash: string;
  /** The state of the hash in front of every part whose number is a multiple of STATE_PIECES. */
  readonly #states: readonly Hash[];
  #gzip: Promise<Buffer> | null = null;

  /** `before`: an earlier snapshot, null when there is none. */
  constructor(pieces: readonly TextPiece[], count: number, before: Snapshot | null) {
    this.pieces = pieces;
    this.count = count;
    this.bytes = pieces.reduce((sum, { bytes }) => sum + bytes.length + 1, 0) - (pieces.length > 0 ? 1 : 0);
    const states = before === null ? [] : before.#states.slice(0, statesUpTo(commonPieces(pieces, before.pieces)));
    const from = Math.max(states.length - 1, 0) * STATE_PIECES;
    const hash = states.at(-1)?.copy() ?? crypto().createHash("sha256");
    for (let i = from; i < pieces.length; i++) {
      if (i % STATE_PIECES === 0 && i / STATE_PIECES >= states.length) states.push(hash.copy());
      if (i > 0) hash.update(LINE_FEED);
      hash.update(pieces[i]!.bytes);
    }
    this.#states = states;
    this.hash = hash.digest("hex");
  }

  /** The text in parts. */
  *text(): Generator<Buffer> {
    for (const [i, { bytes }] of this.pieces.entries()) {
      if (i > 0) yield LINE_FEED;
      yield bytes;
    }
  }

  /** The text compressed; made at the first call. */
  gzip(): Promise<Buffer> {
    this.#gzip ??= joinGzip(this.pieces);
    return this.#gzip;
  }
}

/** How many states stand in front of, or directly behind, so many parts. */
function statesUpTo(pieces: number): number {
  return Math.floor(pieces / STATE_PIECES) + 1;
}

function commonPieces(a: readonly TextPiece[], b: readonly TextPiece[]): number {
  const length = Math.min(a.length, b.length);
  let same = 0;
  while (same < length && a[same] === b[same]) same++;
  return same;
}
