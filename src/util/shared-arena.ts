// Columns in shared memory: typed arrays over SharedArrayBuffers that one thread writes and others read. A column never changes
// its size; a fuller one is a new array with the old content. Pages that were never touched cost no memory, so room is cheap.

/** From this size on memory comes in pages of its own. */
const OWN_PAGES_BYTES = 1 << 16;

/**
 * Zeroed memory of which only what is touched counts. V8 maps a buffer that could grow, and takes others from the C allocator, which
 * clears by hand what it used before and keeps what it is given back.
 */
function allocate(byteLength: number): SharedArrayBuffer {
  if (byteLength < OWN_PAGES_BYTES) return new SharedArrayBuffer(byteLength);
  return new SharedArrayBuffer(byteLength, { maxByteLength: byteLength });
}

const accounts = new WeakMap<object, ArrayBuffer>();

/**
 * Makes the garbage collector of this thread count `bytes` of shared memory as those of `owner`, which is about to become garbage.
 * V8 counts none, so that a thread which allocates little would hold replaced columns for hours; now it looks for garbage in time,
 * step by step as it does. What counts is a buffer that lives as long as the owner and is never touched.
 */
export function accountFor(owner: object, bytes: number): void {
  accounts.set(owner, new ArrayBuffer(bytes, { maxByteLength: bytes }));
}

export type SharedInt32 = Int32Array<SharedArrayBuffer>;
export type SharedFloat64 = Float64Array<SharedArrayBuffer>;
export type SharedBytes = Uint8Array<SharedArrayBuffer>;

export function sharedInt32(length: number): SharedInt32 {
  return new Int32Array(allocate(length * 4), 0, length);
}

export function sharedFloat64(length: number): SharedFloat64 {
  return new Float64Array(allocate(length * 8), 0, length);
}

export function sharedBytes(length: number): SharedBytes {
  return new Uint8Array(allocate(length), 0, length);
}

/** A copy with room for `length` cells, of which the first `used` are taken over. */
export function widenInt32(column: SharedInt32, length: number, used: number): SharedInt32 {
  const wider = sharedInt32(length);
  wider.set(column.subarray(0, used));
  return wider;
}

export function widenFloat64(column: SharedFloat64, length: number, used: number): SharedFloat64 {
  const wider = sharedFloat64(length);
  wider.set(column.subarray(0, used));
  return wider;
}

export function widenBytes(column: SharedBytes, length: number, used: number): SharedBytes {
  const wider = sharedBytes(length);
  wider.set(column.subarray(0, used));
  return wider;
}
