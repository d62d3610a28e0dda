// An open file as content that is read in parts. Reads are synchronous: only the control plane waits, and a comparison of a file
// that lies in the page cache takes a few ten milliseconds for 100 MB.

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { openReason } from "../util/system-error.ts";
import { ContentFailure, chunkBytes, type RouteContent } from "./route-content.ts";

/** What changes when a file is edited or replaced. */
export interface FileState {
  readonly device: bigint;
  readonly inode: bigint;
  readonly size: bigint;
  readonly modifiedNs: bigint;
}

export function sameState(a: FileState, b: FileState): boolean {
  return a.device === b.device && a.inode === b.inode && a.size === b.size && a.modifiedNs === b.modifiedNs;
}

export class FileContent implements RouteContent {
  readonly state: FileState;
  readonly length: number;
  readonly #path: string;
  readonly #fd: number;
  #buffer: Uint8Array = new Uint8Array(0);

  /** Throws ContentFailure when the file cannot be opened. Call `close` afterwards. */
  constructor(path: string) {
    this.#path = path;
    try {
      // A named pipe without writer would be waited for.
      this.#fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (cause) {
      throw new ContentFailure(openReason(cause, path));
    }
    this.state = this.#stat();
    this.length = Number(this.state.size);
  }

  read(start: number, end: number): Uint8Array {
    const length = end - start;
    if (this.#buffer.length < length)
      this.#buffer = new Uint8Array(Math.max(length, Math.min(chunkBytes, this.length)));
    const view = this.#buffer.subarray(0, length);
    this.#fill(view, start);
    return view;
  }

  readAll(): Uint8Array<SharedArrayBuffer> {
    const bytes = new Uint8Array(new SharedArrayBuffer(this.length));
    this.#fill(bytes, 0);
    return bytes;
  }

  confirm(): void {
    if (!sameState(this.#stat(), this.state)) throw new ContentFailure(`read ${this.#path}: changed while it was read`);
  }

  close(): void {
    closeSync(this.#fd);
  }

  #fill(target: Uint8Array, position: number): void {
    let done = 0;
    while (done < target.length) {
      let count: number;
      try {
        count = readSync(this.#fd, target, done, target.length - done, position + done);
      } catch (cause) {
        throw new ContentFailure(openReason(cause, this.#path));
      }
      if (count === 0) throw new ContentFailure(`read ${this.#path}: changed while it was read`);
      done += count;
    }
  }

  #stat(): FileState {
    const stat = fstatSync(this.#fd, { bigint: true });
    if (!stat.isFile()) {
      this.close();
      throw new ContentFailure(`read ${this.#path}: is ${stat.isDirectory() ? "a directory" : "no regular file"}`);
    }
    return { device: stat.dev, inode: stat.ino, size: stat.size, modifiedNs: stat.mtimeNs };
  }
}
