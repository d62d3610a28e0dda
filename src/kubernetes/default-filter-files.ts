// The directory of -default-filters-dir (spec kubernetes 7.7): files `<service>.<namespace>` with filters for the routes of a Service.
// It is read again by time; a file that did not change is not. What is there and cannot be read any more, the directory or a file in
// it, leaves the last texts in force: filters like authentication must not vanish with a mount.

import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import type { Logger } from "../observability/log.ts";

const MAX_BYTES = 1 << 20;
/** Two changes within this time may carry the same time stamp. */
const CLOCK_GRAIN_MS = 20;

interface KnownFile {
  /** Changes whenever the file does; "" when the next change could leave it as it is. */
  readonly stamp: string;
  readonly text: string;
}

export class DefaultFilterFiles {
  readonly #folder: string;
  readonly #log: Logger;
  #files = new Map<string, KnownFile>();
  #texts: ReadonlyMap<string, string> = new Map();
  #problem = "";

  constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#log = log;
  }

  /** The texts by `namespace/service`; the same map as before when nothing changed. */
  async read(): Promise<ReadonlyMap<string, string>> {
    const names = await this.#names();
    if (names === null) return this.#texts;
    const files = new Map<string, KnownFile>();
    const texts = new Map<string, string>();
    for (const name of names) {
      const [service = "", namespace = "", ...rest] = name.split(".");
      if (service === "" || namespace === "" || rest.length > 0) {
        this.#log.debug("malformed file name", { file: name });
        continue;
      }
      const file = await this.#readFile(name);
      if (file === null) continue;
      files.set(name, file);
      texts.set(`${namespace}/${service}`, file.text);
    }
    this.#log.debug("default filter configurations loaded", { "#configs": texts.size });
    const isSame =
      files.size === this.#files.size && [...files].every(([name, { text }]) => this.#files.get(name)?.text === text);
    this.#files = files;
    if (!isSame) this.#texts = texts;
    return this.#texts;
  }

  /** Names of files and links, sorted; null when the directory cannot be read. */
  async #names(): Promise<string[] | null> {
    try {
      const entries = await readdir(this.#folder, { withFileTypes: true });
      this.#problem = "";
      const names: string[] = [];
      for (const entry of entries) {
        if (entry.isFile() || entry.isSymbolicLink()) names.push(entry.name);
        else this.#log.debug("incompatible file", { file: entry.name });
      }
      return names.sort();
    } catch (cause) {
      const problem = (cause as Error).message;
      if (problem !== this.#problem) {
        this.#log.error("could not fetch default filter configurations", { error: problem });
      }
      this.#problem = problem;
      return null;
    }
  }

  async #readFile(name: string): Promise<KnownFile | null> {
    const file = path.join(this.#folder, name);
    const known = this.#files.get(name);
    try {
      const nowMs = Date.now();
      const { size, mtimeMs, ctimeMs, ino, dev } = await stat(file);
      if (size > MAX_BYTES) {
        this.#log.debug("incompatible file", { file: name });
        return null;
      }
      const stamp = `${dev} ${ino} ${size} ${mtimeMs} ${ctimeMs}`;
      if (known?.stamp === stamp) return known;
      const isYoung = Math.max(mtimeMs, ctimeMs) > nowMs - CLOCK_GRAIN_MS;
      return { stamp: isYoung ? "" : stamp, text: await readFile(file, "utf8") };
    } catch {
      this.#log.debug("could not read file", { file: name });
      return known ?? null;
    }
  }
}
