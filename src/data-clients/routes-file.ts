// Source of routes: an eskip file that is watched (spec route-sources 2.2). The directory's notifications make a change visible at
// once, polling finds what they miss (network file systems, changed symbolic links). A file that vanishes or does not parse changes
// nothing: the last routes stay in force.

import { type FSWatcher, statSync, watch } from "node:fs";
import { dirname } from "node:path";
import type { DataClient, DataClientHost } from "../spec/data-client.ts";
import { openReason } from "../util/system-error.ts";
import { FileContent, type FileState, sameState } from "./file-content.ts";
import { ContentFailure } from "./route-content.ts";
import { RouteDocument } from "./route-document.ts";

/**
 * A writer that is still busy causes further notifications; the file is read when there were none for this long. A small file is
 * usually written at once.
 */
const quietMs = 20;
const quietSmallMs = 3;
const smallFileBytes = 1n << 16n;
/** A file that is found empty is looked at again before its routes go: it may be about to be written. */
const emptyAgainMs = 200;
/** Two changes within this time may carry the same time stamp. */
const stampNs = 50_000_000n;

export interface RoutesFileOptions {
  readonly file: string;
  /** Pause between two polls in milliseconds. */
  readonly pollMs: number;
  readonly name?: string;
}

export class RoutesFile implements DataClient {
  readonly name: string;
  readonly #file: string;
  readonly #pollMs: number;
  readonly #document: RouteDocument;
  #host: DataClientHost | null = null;
  #watcher: FSWatcher | null = null;
  #pollTimer: NodeJS.Timeout | undefined;
  #soonTimer: NodeJS.Timeout | undefined;
  /** The state of the file at the last attempt; null when there was none or it must be read in any case. */
  #attempted: FileState | null = null;
  /** Why the last attempt failed, "" when it did not. */
  #failure = "";
  #emptySeen = false;
  /** Size of the file when it was last looked at. */
  #size = 0n;

  constructor(options: RoutesFileOptions) {
    this.name = options.name ?? "eskipfile-watch";
    this.#file = options.file;
    this.#document = new RouteDocument(options.file);
    this.#pollMs = options.pollMs;
  }

  start(host: DataClientHost): Promise<void> {
    this.#host = host;
    this.#poll();
    return Promise.resolve();
  }

  stop(): void {
    this.#host = null;
    clearTimeout(this.#pollTimer);
    clearTimeout(this.#soonTimer);
    this.#watcher?.close();
    this.#watcher = null;
  }

  #poll(): void {
    this.#watch();
    this.#look(true);
    this.#pollTimer = setTimeout(() => this.#poll(), this.#pollMs);
  }

  #watch(): void {
    if (this.#watcher !== null) return;
    try {
      this.#watcher = watch(dirname(this.#file), () => this.#lookIn(this.#quietMs()));
    } catch {
      return; // No such directory yet, or no notifications here: polling finds the file.
    }
    this.#watcher.on("error", () => {
      this.#watcher?.close();
      this.#watcher = null;
    });
  }

  #quietMs(): number {
    return this.#size < smallFileBytes ? quietSmallMs : quietMs;
  }

  #lookIn(delayMs: number): void {
    clearTimeout(this.#soonTimer);
    this.#soonTimer = setTimeout(() => this.#look(false), delayMs);
  }

  /** Reads the file when it changed. `repeat`: a failure that lasts is reported again. */
  #look(repeat: boolean): void {
    const host = this.#host;
    if (host === null) return;
    let state: FileState;
    try {
      const stat = statSync(this.#file, { bigint: true });
      state = { device: stat.dev, inode: stat.ino, size: stat.size, modifiedNs: stat.mtimeNs };
    } catch (cause) {
      this.#attempted = null;
      this.#fail(host, openReason(cause, this.#file), repeat);
      return;
    }
    this.#size = state.size;
    if (this.#attempted !== null && sameState(this.#attempted, state)) {
      if (this.#failure !== "") this.#fail(host, this.#failure, repeat);
      return;
    }
    if (state.size === 0n && this.#document.loaded && !this.#emptySeen) {
      this.#emptySeen = true;
      this.#lookIn(emptyAgainMs);
      return;
    }
    this.#emptySeen = false;
    this.#read(host, repeat);
  }

  #read(host: DataClientHost, repeat: boolean): void {
    let content: FileContent | null = null;
    try {
      content = new FileContent(this.#file);
      this.#document.accept(content, host);
      this.#failure = "";
    } catch (cause) {
      if (!(cause instanceof ContentFailure)) throw cause;
      this.#fail(host, cause.message, repeat);
    } finally {
      const state = content?.state ?? null;
      content?.close();
      const fresh = state !== null && BigInt(Date.now()) * 1_000_000n - state.modifiedNs < stampNs;
      this.#attempted = fresh ? null : state;
    }
  }

  #fail(host: DataClientHost, reason: string, repeat: boolean): void {
    const isNew = reason !== this.#failure;
    if (!isNew && !repeat) return;
    if (this.#failure === "" && this.#document.loaded) host.failed(false, reason);
    this.#failure = reason;
    host.failed(true, reason);
  }
}
