// What a source has at the moment, as bytes that are asked for by range: a downloaded body lies in memory, a file is read in parts
// (routes-file.ts), so that comparing a long file with what is in force needs no second copy of it.

export interface RouteContent {
  /** Length in bytes. */
  readonly length: number;
  /** The bytes of a range; valid until the next call. Throws ContentFailure when they cannot be had. */
  read(start: number, end: number): Uint8Array;
  /** All bytes, in shared memory, which the routing table may keep. Throws ContentFailure. */
  readAll(): Uint8Array<SharedArrayBuffer>;
  /** Throws ContentFailure when the content changed while it was read. */
  confirm(): void;
}

/** The content cannot be read, changed meanwhile, or is no valid document. `message` is the reason for the log. */
export class ContentFailure extends Error {}

/** Content that lies in memory as a whole. */
export class MemoryContent implements RouteContent {
  readonly #bytes: Uint8Array<SharedArrayBuffer>;

  constructor(bytes: Uint8Array<SharedArrayBuffer>) {
    this.#bytes = bytes;
  }

  get length(): number {
    return this.#bytes.length;
  }

  read(start: number, end: number): Uint8Array {
    return this.#bytes.subarray(start, end);
  }

  readAll(): Uint8Array<SharedArrayBuffer> {
    return this.#bytes;
  }

  confirm(): void {}
}

/** How many bytes both texts have in common from the given places on. */
export function commonPrefix(
  text: { length: number; viewFrom(start: number, end: number): Uint8Array },
  textStart: number,
  content: RouteContent,
  contentStart: number,
): number {
  const limit = Math.min(text.length - textStart, content.length - contentStart);
  let at = 0;
  while (at < limit) {
    const ours = asBuffer(text.viewFrom(textStart + at, textStart + Math.min(at + chunkBytes, limit)));
    const theirs = asBuffer(content.read(contentStart + at, contentStart + at + ours.length));
    if (!ours.equals(theirs)) {
      let i = 0;
      while (ours[i] === theirs[i]) i++;
      return at + i;
    }
    at += ours.length;
  }
  return limit;
}

/** The length of the common end of two texts, at most `limit`. */
export function commonSuffix(
  text: { length: number; viewBefore(start: number, end: number): Uint8Array },
  content: RouteContent,
  limit: number,
): number {
  let done = 0;
  while (done < limit) {
    const end = text.length - done;
    const ours = asBuffer(text.viewBefore(end - Math.min(chunkBytes, limit - done), end));
    const theirEnd = content.length - done;
    const theirs = asBuffer(content.read(theirEnd - ours.length, theirEnd));
    if (!ours.equals(theirs)) {
      let i = 0;
      while (ours[ours.length - 1 - i] === theirs[ours.length - 1 - i]) i++;
      return done + i;
    }
    done += ours.length;
  }
  return limit;
}

/** Compared in parts of this size, by the native comparison. */
export const chunkBytes = 1 << 20;

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** True when both runs of bytes are equal. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && asBuffer(a).equals(asBuffer(b));
}
