// The last good table of a remote source on disk (-routes-cache-file), so that a proxy starts while every server is down. Written some
// time after a change, to a new file that takes the place of the old one; one that is damaged or of another source is not used.
//
// The versions say how far the cluster was seen for this table. A start compares them with those of the servers, so that a proxy does not
// go back to an older table by being started again; they mean the same whoever read the cluster, a Route Server or the proxy itself.
//
//   skipper-routes 1 <SHA-256 of everything behind this line, in hex>
//   {"url":...,"etag":...,"versions":...,"savedMs":...}
//   <the text>

import type { Logger } from "../observability/log.ts";
import { crypto } from "../util/lazy-builtin.ts";
import { open, readFile, rename, rm } from "../util/lazy-files.ts";
import { systemErrorText } from "../util/system-error.ts";
import type { PieceText } from "./piece-text.ts";
import { views } from "./text-delta.ts";

const HEAD = /^skipper-routes 1 ([0-9a-f]{64})$/;
/** From a change to the writing: what comes within this time is written together. */
const DELAY_MS = 1000;
/** Between two writings at least: a text of 20,000 routes is 15 MB. */
const REST_MS = 10_000;

/** A table as it is kept. */
export interface KeptTable {
  readonly text: PieceText;
  /** What a server calls this text, "" when no server has named it. */
  readonly etag: string;
  /** How far the cluster was seen when it was made, as in Routes-Versions. */
  readonly versions: string;
}

export interface CachedRoutes {
  readonly etag: string;
  readonly versions: string;
  /** Milliseconds since 1970. */
  readonly savedMs: number;
  readonly text: Uint8Array<SharedArrayBuffer>;
}

export class RoutesCache {
  readonly #path: string;
  readonly #url: string;
  readonly #log: Logger;
  #timer: NodeJS.Timeout | undefined;
  #table: () => KeptTable | null = () => null;
  /** What is on disk is not the present table. */
  #isChanged = false;
  #stopped = false;
  #restUntil = 0;
  #problem = "";

  constructor(path: string, url: string, log: Logger) {
    this.#path = path;
    this.#url = url;
    this.#log = log;
  }

  /** The table of this source as it was last written; null when there is none that can be used, which is logged. */
  async load(): Promise<CachedRoutes | null> {
    try {
      const bytes = await readFile(this.#path);
      const headEnd = bytes.indexOf(LINE_FEED);
      const factsEnd = bytes.indexOf(LINE_FEED, headEnd + 1);
      const sum = HEAD.exec(bytes.toString("latin1", 0, Math.max(headEnd, 0)))?.[1];
      if (sum === undefined || factsEnd < 0) throw new Error("it is no such file");
      const rest = bytes.subarray(headEnd + 1);
      if (crypto().createHash("sha256").update(rest).digest("hex") !== sum) throw new Error("its checksum is wrong");
      const facts = JSON.parse(bytes.toString("utf8", headEnd + 1, factsEnd)) as Omit<CachedRoutes, "text"> & {
        readonly url: string;
      };
      if (facts.url !== this.#url) throw new Error(`it is of ${facts.url}`);
      const text = new Uint8Array(new SharedArrayBuffer(bytes.length - factsEnd - 1));
      text.set(bytes.subarray(factsEnd + 1));
      return { etag: facts.etag, versions: facts.versions, savedMs: facts.savedMs, text };
    } catch (cause) {
      const isMissing = (cause as NodeJS.ErrnoException).code === "ENOENT";
      if (isMissing) this.#log.info(`routes cache file ${this.#path}: there is none yet`);
      else this.#log.error(`routes cache file ${this.#path} cannot be used: ${systemErrorText(cause)}`);
      return null;
    }
  }

  /** Writes a table some time later; it is asked for then, and once more when it is null: not to be had at that moment. */
  save(table: () => KeptTable | null): void {
    this.#table = table;
    this.#isChanged = true;
    this.#writeLater();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #writeLater(): void {
    if (this.#stopped) return;
    const delayMs = Math.max(DELAY_MS, this.#restUntil - performance.now());
    this.#timer ??= setTimeout(() => void this.#writeNow(), delayMs).unref();
  }

  async #writeNow(): Promise<void> {
    const table = this.#table();
    if (table !== null) {
      this.#isChanged = false;
      const isWritten = await this.#write(table);
      this.#isChanged ||= !isWritten;
      this.#restUntil = performance.now() + REST_MS;
    }
    this.#timer = undefined;
    if (this.#isChanged) this.#writeLater();
  }

  async #write({ text, etag, versions }: KeptTable): Promise<boolean> {
    const facts = JSON.stringify({ url: this.#url, etag, versions, savedMs: Date.now() });
    const hash = crypto().createHash("sha256").update(`${facts}\n`);
    for (const view of views(text)) hash.update(view);
    const temporary = `${this.#path}.${process.pid}.new`;
    try {
      const file = await open(temporary, "w", 0o600);
      try {
        await file.write(`skipper-routes 1 ${hash.digest("hex")}\n${facts}\n`);
        for (const view of views(text)) await file.writeFile(view);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.#path);
      this.#problem = "";
      return true;
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => {});
      const problem = systemErrorText(cause);
      if (problem !== this.#problem) this.#log.error(`routes cache file ${this.#path} is not written: ${problem}`);
      this.#problem = problem;
      return false;
    }
  }
}

const LINE_FEED = 0x0a;
