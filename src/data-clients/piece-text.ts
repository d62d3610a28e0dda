// A long text with small changes: a list of byte ranges of which nearly all lie in the memory that was read first. It lets a routes
// file of 129 MB be edited again and again without a second copy of it (route-document.ts).

export class PieceText {
  readonly length: number;
  readonly #pieces: readonly Uint8Array[];

  constructor(pieces: readonly Uint8Array[]) {
    let length = 0;
    for (const piece of pieces) length += piece.length;
    this.#pieces = pieces;
    this.length = length;
  }

  /** The same text, in one piece when it had more than so many. */
  joined(most: number): PieceText {
    return this.#pieces.length > most ? new PieceText([Buffer.concat(this.#pieces)]) : this;
  }

  /** The bytes from `start` on, up to `end` or to the end of a piece: at least one byte when the range is not empty. */
  viewFrom(start: number, end: number): Uint8Array {
    let offset = 0;
    for (const piece of this.#pieces) {
      if (start < offset + piece.length) return piece.subarray(start - offset, Math.min(end - offset, piece.length));
      offset += piece.length;
    }
    return empty;
  }

  /** The bytes before `end`, back to `start` or to the begin of a piece: at least one byte when the range is not empty. */
  viewBefore(start: number, end: number): Uint8Array {
    let offset = this.length;
    for (let i = this.#pieces.length - 1; i >= 0; i--) {
      const piece = this.#pieces[i]!;
      offset -= piece.length;
      if (end > offset) return piece.subarray(Math.max(start - offset, 0), end - offset);
    }
    return empty;
  }

  /** A range as one run of bytes: a view when it lies in one piece, else a copy. */
  read(start: number, end: number): Uint8Array {
    const first = this.viewFrom(start, end);
    if (first.length === end - start) return first;
    const copy = new Uint8Array(end - start);
    let at = 0;
    while (at < copy.length) {
      const view = this.viewFrom(start + at, end);
      copy.set(view, at);
      at += view.length;
    }
    return copy;
  }

  /** The text with `bytes` in place of a range; `bytes` is kept, not copied. */
  replace(start: number, end: number, bytes: Uint8Array): PieceText {
    const pieces: Uint8Array[] = [];
    this.#addPieces(pieces, 0, start);
    if (bytes.length > 0) pieces.push(bytes);
    this.#addPieces(pieces, end, this.length);
    return new PieceText(pieces);
  }

  #addPieces(pieces: Uint8Array[], start: number, end: number): void {
    let offset = 0;
    for (const piece of this.#pieces) {
      const from = Math.max(start - offset, 0);
      const to = Math.min(end - offset, piece.length);
      if (from < to) pieces.push(piece.subarray(from, to));
      offset += piece.length;
    }
  }
}

const empty = new Uint8Array(0);
