// Bytes of files as response bodies: small pieces are read at once, large ones while they are sent. A file is open only while it
// is read, so that a body that nobody takes holds nothing.

import type { FileHandle } from "node:fs/promises";
import { open } from "../../util/lazy-files.ts";
import type { ByteRange } from "./byte-ranges.ts";

const CHUNK_BYTES = 64 * 1024;

/** The bytes of a range. */
export async function fileBody(path: Buffer, range: ByteRange): Promise<Uint8Array | AsyncIterable<Uint8Array>> {
  const length = range.last - range.first + 1;
  if (length > CHUNK_BYTES) return fileChunks(path, range);
  const file = await open(path);
  try {
    return await readAt(file, range.first, length);
  } finally {
    await file.close();
  }
}

/** The bytes of several ranges as a multipart body (RFC 9110 14.6). */
export async function* multipartBody(
  path: Buffer,
  parts: readonly { readonly head: string; readonly range: ByteRange }[],
  tail: string,
): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    yield Buffer.from(part.head, "latin1");
    yield* fileChunks(path, part.range);
  }
  yield Buffer.from(tail, "latin1");
}

async function* fileChunks(path: Buffer, range: ByteRange): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    for (let at = range.first; at <= range.last; at += CHUNK_BYTES) {
      yield await readAt(file, at, Math.min(CHUNK_BYTES, range.last - at + 1));
    }
  } finally {
    await file.close();
  }
}

/** Exactly `length` bytes; a file that got shorter meanwhile is an error, which breaks the response off. */
async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) throw new Error("the file got shorter while it was sent");
    filled += bytesRead;
  }
  return buffer;
}

/** The first bytes of a file, for guessing its type; a byte string. */
export async function fileStart(path: Buffer, length: number): Promise<string> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.toString("latin1", 0, bytesRead);
  } finally {
    await file.close();
  }
}
