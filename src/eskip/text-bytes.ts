// The two ways from bytes to text that the parser uses. They are methods of every Buffer that the type declarations leave out; with
// `toString` the same costs a check of the encoding's name per token.

export interface TextBytes extends Buffer {
  latin1Slice(start: number, stop: number): string;
  utf8Slice(start: number, stop: number): string;
}

/** The same bytes, not a copy; they may be a view on shared memory. */
export function textBytes(bytes: Uint8Array): TextBytes {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // The methods are there in all versions of Node; only their declarations are missing.
  return buffer as Buffer as TextBytes;
}
