// Bytes to byte strings and back (util/bytes.ts explains byte strings). The one place that names Node's untyped slice, which is
// faster than toString("latin1") because it does not look up the encoding.

interface Latin1Source {
  latin1Slice(start: number, end: number): string;
}

/** The bytes from `start` to `end` as a byte string. */
export function latin1(buffer: Buffer, start: number, end: number): string {
  return (buffer as unknown as Latin1Source).latin1Slice(start, end);
}
