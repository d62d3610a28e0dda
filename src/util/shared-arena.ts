// Columns in shared memory: typed arrays over SharedArrayBuffers that one thread writes and others read. A column never changes
// its size; a fuller one is a new array with the old content. Pages that were never touched cost no memory, so room is cheap.

export type SharedInt32 = Int32Array<SharedArrayBuffer>;
export type SharedFloat64 = Float64Array<SharedArrayBuffer>;
export type SharedBytes = Uint8Array<SharedArrayBuffer>;

export function sharedInt32(length: number): SharedInt32 {
  return new Int32Array(new SharedArrayBuffer(length * 4));
}

export function sharedFloat64(length: number): SharedFloat64 {
  return new Float64Array(new SharedArrayBuffer(length * 8));
}

export function sharedBytes(length: number): SharedBytes {
  return new Uint8Array(new SharedArrayBuffer(length));
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
