// One encoding of one snapshot as a representation of its own: its entity tag, its length and its bytes by range (spec routesrv 2.1).

import type { ByteRange } from "../http/byte-ranges.ts";
import type { Snapshot } from "./snapshot.ts";

const GZIP_SUFFIX = "+gzip";

export interface Representation {
  /** With its quotes. */
  readonly etag: string;
  readonly encoding: "" | "gzip";
  readonly length: number;
  parts(range: ByteRange): Iterable<Buffer>;
}

export function etagOf(hash: string, isGzip: boolean): string {
  return `"${hash}${isGzip ? GZIP_SUFFIX : ""}"`;
}

/** The hash of a text from the tag of one of its representations. */
export function hashOf(tag: string): string {
  const text = tag.slice(1, -1);
  return text.endsWith(GZIP_SUFFIX) ? text.slice(0, -GZIP_SUFFIX.length) : text;
}

export async function represent(snapshot: Snapshot, isGzip: boolean): Promise<Representation> {
  const etag = etagOf(snapshot.hash, isGzip);
  if (!isGzip) {
    return { etag, encoding: "", length: snapshot.bytes, parts: (range) => cut(snapshot.text(), range) };
  }
  const bytes = await snapshot.gzip();
  return { etag, encoding: "gzip", length: bytes.length, parts: ({ start, end }) => [bytes.subarray(start, end)] };
}

function* cut(parts: Iterable<Buffer>, { start, end }: ByteRange): Generator<Buffer> {
  let at = 0;
  for (const part of parts) {
    if (at >= end) return;
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, part.length);
    if (from < to) yield part.subarray(from, to);
    at += part.length;
  }
}
