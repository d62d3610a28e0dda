// Takes lines and writes them in batches to one descriptor, for the access log and for the log lines of workers. Nothing waits for
// it: at most 1 MiB is held, and while the descriptor does not take it further lines are dropped and counted.
// Every write consists of whole lines, so that threads appending to one file or pipe do not mix theirs. Used by access-log.ts and
// log-output.ts.

import { close, fstatSync, openSync, write } from "node:fs";
import { openReason } from "../util/system-error.ts";

const CHUNK_BYTES = 64 * 1024;
const QUEUED_CHUNKS = 15;
const FLUSH_MS = 100;
/** POSIX PIPE_BUF on Linux: a write up to this size to a pipe is never mixed with that of another writer. */
export const PIPE_ATOMIC_BYTES = 4096;
const RETRY_MS = 20;
const LF = 10;

/** Writes bytes of `buffer` and calls back with how many were taken; node:fs `write` bound to a descriptor. */
export type WriteBytes = (
  buffer: Buffer,
  start: number,
  length: number,
  done: (error: NodeJS.ErrnoException | null, taken: number) => void,
) => void;

export interface LineSinkOptions {
  readonly write: WriteBytes;
  /** Upper bound of one write in bytes, cut at a line end; a longer line goes out whole. */
  readonly maxWriteBytes: number;
  /** Milliseconds that a line may wait for others. */
  readonly flushMs: number;
  /** Called with the failure of a write and the number of lines lost by it. */
  readonly onError: (error: Error, lostLines: number) => void;
}

interface Chunk {
  bytes: Buffer;
  length: number;
  lines: number;
}

export class LineSink {
  readonly #options: LineSinkOptions;
  /** Made with the first line, then only refreshed: a timer that was cleared cannot be. */
  #timer: NodeJS.Timeout | null = null;
  readonly #done: (error: NodeJS.ErrnoException | null, taken: number) => void;
  #armed = false;
  /** The timer fired during a write: the active chunk goes out when that ends. */
  #flushWanted = false;
  #closed = false;
  #active: Chunk = newChunk(CHUNK_BYTES);
  readonly #queue: Chunk[] = [];
  #spare: Chunk | null = null;
  #writing: Chunk | null = null;
  #writtenBytes = 0;
  #retry: NodeJS.Timeout | null = null;
  #idle: (() => void)[] = [];
  /** Lines that were dropped since the start, for want of room or by a failed write. */
  dropped = 0;

  constructor(options: LineSinkOptions) {
    this.#options = options;
    this.#done = (error, taken) => this.#wrote(error, taken);
  }

  /**
   * Room for a line of at most `bytes` in `buffer` from `length` on, or false when the line must be dropped (it is counted).
   * After true the caller fills in the line, its line feed included, and calls `commit`.
   */
  reserve(bytes: number): boolean {
    const active = this.#active;
    if (active.length + bytes <= active.bytes.length) return true;
    return this.#makeRoom(bytes);
  }

  get buffer(): Buffer {
    return this.#active.bytes;
  }

  get length(): number {
    return this.#active.length;
  }

  /** The line that began at `length` ends before `end`. */
  commit(end: number): void {
    this.#active.length = end;
    this.#active.lines++;
    if (!this.#armed) {
      this.#armed = true;
      if (this.#timer === null) this.#timer = setTimeout(() => this.#flush(), this.#options.flushMs).unref();
      else this.#timer.refresh();
    }
  }

  /** Adds one line, given with its line feed, as UTF-8. */
  add(line: string): void {
    if (!this.reserve(line.length * 3)) return;
    this.commit(this.#active.length + this.#active.bytes.write(line, this.#active.length));
  }

  /** Writes what is held and resolves when it is out, or after `timeoutMs`. Lines that come later are dropped. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#active.length > 0) this.#queue.push(this.#active);
    this.#active = newChunk(0);
    this.#pump();
    if (this.#writing === null) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle.push(resolve);
    const limit = setTimeout(resolve, timeoutMs);
    await promise;
    clearTimeout(limit);
    if (this.#retry !== null) clearTimeout(this.#retry);
  }

  #makeRoom(bytes: number): boolean {
    if (this.#closed || !this.#rotate(bytes)) {
      this.dropped++;
      return false;
    }
    return true;
  }

  /** Queues the active chunk and takes an empty one; false when the queue is full. */
  #rotate(bytes: number): boolean {
    if (bytes > CHUNK_BYTES * QUEUED_CHUNKS) return false;
    if (this.#active.length > 0) {
      let held = 0;
      for (const chunk of this.#queue) held += chunk.bytes.length;
      if (held + Math.max(bytes, CHUNK_BYTES) > CHUNK_BYTES * QUEUED_CHUNKS) return false;
      this.#queue.push(this.#active);
    }
    if (bytes > CHUNK_BYTES) this.#active = newChunk(bytes);
    else {
      this.#active = this.#spare ?? newChunk(CHUNK_BYTES);
      this.#spare = null;
    }
    this.#pump();
    return true;
  }

  #flush(): void {
    this.#armed = false;
    if (this.#writing !== null) this.#flushWanted = true;
    else if (this.#active.length > 0) this.#rotate(0);
  }

  #pump(): void {
    if (this.#writing !== null) return;
    const chunk = this.#queue.shift();
    if (chunk === undefined) return;
    this.#writing = chunk;
    this.#writtenBytes = 0;
    this.#writeNext();
  }

  #writeNext(): void {
    const chunk = this.#writing!;
    const start = this.#writtenBytes;
    this.#options.write(chunk.bytes, start, this.#pieceEnd(chunk, start) - start, this.#done);
  }

  #pieceEnd(chunk: Chunk, start: number): number {
    const limit = start + this.#options.maxWriteBytes;
    if (limit >= chunk.length) return chunk.length;
    const before = chunk.bytes.lastIndexOf(LF, limit - 1);
    if (before >= start) return before + 1;
    const after = chunk.bytes.indexOf(LF, limit);
    return after < 0 || after >= chunk.length ? chunk.length : after + 1;
  }

  #wrote(error: NodeJS.ErrnoException | null, taken: number): void {
    const chunk = this.#writing!;
    if (error !== null && error.code === "EAGAIN") {
      // A pipe that someone else made non-blocking and that is full.
      this.#retry = setTimeout(() => {
        this.#retry = null;
        this.#writeNext();
      }, RETRY_MS);
      this.#retry.unref();
      return;
    }
    if (error === null) {
      this.#writtenBytes += taken;
      if (this.#writtenBytes < chunk.length) {
        this.#writeNext();
        return;
      }
    } else {
      this.dropped += chunk.lines;
      this.#options.onError(error, chunk.lines);
    }
    this.#writing = null;
    chunk.length = 0;
    chunk.lines = 0;
    if (chunk.bytes.length === CHUNK_BYTES) this.#spare = chunk;
    this.#pump();
    if (this.#writing === null && this.#flushWanted) {
      this.#flushWanted = false;
      if (this.#active.length > 0) this.#rotate(0);
    }
    if (this.#writing === null) {
      for (const resolve of this.#idle) resolve();
      this.#idle = [];
    }
  }
}

function newChunk(bytes: number): Chunk {
  return { bytes: Buffer.allocUnsafeSlow(bytes), length: 0, lines: 0 };
}

/**
 * The descriptor of a log path: "" and /dev/stderr are 2, /dev/stdout is 1, another is opened for appending. Throws with the path and
 * the reason.
 */
export function openLogDescriptor(path: string): number {
  if (path === "" || path === "/dev/stderr") return 2;
  if (path === "/dev/stdout") return 1;
  try {
    return openSync(path, "a", 0o777);
  } catch (cause) {
    throw new Error(openReason(cause, path));
  }
}

/** A sink on a descriptor, which `closeLogDescriptor` closes afterwards. */
export function sinkOn(fd: number, onError: (error: Error, lostLines: number) => void): LineSink {
  return new LineSink({
    write: (buffer, start, length, done) => write(fd, buffer, start, length, null, done),
    maxWriteBytes: fstatSync(fd).isFIFO() ? PIPE_ATOMIC_BYTES : CHUNK_BYTES,
    flushMs: FLUSH_MS,
    onError,
  });
}

/** Closes a descriptor of `openLogDescriptor`; the standard ones stay open. */
export function closeLogDescriptor(fd: number): void {
  if (fd > 2) close(fd);
}
