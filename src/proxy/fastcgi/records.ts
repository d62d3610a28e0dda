// The records of FastCGI 1.0 as bytes: pure functions for what is written, and a reader that takes the answer in pieces of any size.
//
//   version(1) | type | request id | content length | padding length | 0 | content ... | padding ...
//      1 byte     1         2              2                1          1

/** Types of records (FastCGI 1.0, section 8). */
export const RecordType = { begin: 1, end: 3, params: 4, stdin: 5, stdout: 6, stderr: 7 } as const;

const VERSION = 1;
const HEADER_BYTES = 8;
const REQUEST_ID = 1;
const RESPONDER = 1;
const MAX_CONTENT_BYTES = 65_535;
/** Sizes up to this are one byte long (section 3.4). */
const SHORT_SIZE = 127;

function header(type: number, length: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes[0] = VERSION;
  bytes[1] = type;
  bytes.writeUInt16BE(REQUEST_ID, 2);
  bytes.writeUInt16BE(length, 4);
  return bytes;
}

/** A stream's bytes as records; nothing for no bytes, as an empty record ends the stream. */
export function streamRecords(type: number, content: Uint8Array): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < content.length; at += MAX_CONTENT_BYTES) {
    const piece = content.subarray(at, at + MAX_CONTENT_BYTES);
    records.push(header(type, piece.length), Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
  }
  return records;
}

/** The empty record at the end of a stream. */
export function endOfStream(type: number): Buffer {
  return header(type, 0);
}

/** The start of a request in the role of a responder, whose connection the application closes, with its parameters. */
export function requestStart(params: ReadonlyMap<string, string>): Buffer {
  const begin = Buffer.alloc(8);
  begin.writeUInt16BE(RESPONDER, 0);
  const content: Buffer[] = [];
  for (const [name, value] of params) {
    content.push(size(name.length), size(value.length), Buffer.from(name + value, "latin1"));
  }
  return Buffer.concat([
    header(RecordType.begin, begin.length),
    begin,
    ...streamRecords(RecordType.params, Buffer.concat(content)),
    endOfStream(RecordType.params),
  ]);
}

function size(length: number): Buffer {
  if (length <= SHORT_SIZE) return Buffer.from([length]);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length + 0x8000_0000);
  return bytes;
}

/** Takes the records of the answer; pieces are valid during the call. */
export interface RecordSink {
  onStdout(bytes: Buffer): void;
  onStderr(bytes: Buffer): void;
  /** The request is complete; `status` 0: the application took it. */
  onEndRequest(status: number): void;
}

export class RecordReader {
  readonly #sink: RecordSink;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #content = 0;
  #padding = 0;
  readonly #end: number[] = [];

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  /** Works off what has arrived. False: this is no FastCGI. */
  push(bytes: Buffer): boolean {
    let at = 0;
    while (at < bytes.length) {
      if (this.#headerBytes < HEADER_BYTES) {
        this.#header[this.#headerBytes++] = bytes[at++]!;
        if (this.#headerBytes < HEADER_BYTES) continue;
        if (this.#header[0] !== VERSION) return false;
        this.#content = this.#header.readUInt16BE(4);
        this.#padding = this.#header[6]!;
      } else if (this.#content > 0) {
        const piece = bytes.subarray(at, at + this.#content);
        at += piece.length;
        this.#content -= piece.length;
        this.#deliver(piece);
      } else {
        const skipped = Math.min(this.#padding, bytes.length - at);
        at += skipped;
        this.#padding -= skipped;
      }
      if (this.#content === 0 && this.#padding === 0) this.#headerBytes = 0;
    }
    return true;
  }

  /** Records of other requests, and of types that we never asked for, are skipped. */
  #deliver(piece: Buffer): void {
    if (this.#header.readUInt16BE(2) !== REQUEST_ID) return;
    const type = this.#header[1];
    if (type === RecordType.stdout) this.#sink.onStdout(piece);
    else if (type === RecordType.stderr) this.#sink.onStderr(piece);
    else if (type === RecordType.end) {
      // applicationStatus (4 bytes), protocolStatus, reserved (3 bytes)
      for (const byte of piece) this.#end.push(byte);
      if (this.#content === 0) this.#sink.onEndRequest(this.#end[4] ?? -1);
    }
  }
}
