// The bearer token of the API (spec kubernetes 3): a file that is replaced from time to time, in a pod by moving a link. It is read
// again by time, and at once when the API refuses the token that is known.

import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Logger } from "../observability/log.ts";
import { openReason } from "../util/system-error.ts";

const PERIOD_MS = 60_000;

export class TokenFile {
  readonly #file: string;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  /** null: the file was there and went. */
  #token: string | null;

  /** Throws when the file cannot be read. */
  constructor(file: string, log: Logger, periodMs: number = PERIOD_MS) {
    this.#file = file;
    this.#log = log;
    try {
      this.#token = tokenIn(readFileSync(file, "latin1"));
    } catch (cause) {
      throw new Error(`failed to add secret ${file}: ${openReason(cause, file)}`);
    }
    log.info(`Added secret file: ${file}`);
    this.#timer = setInterval(() => void this.read(), periodMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Throws when the file is not there any more. */
  get token(): string {
    if (this.#token === null) throw new Error(`secret not found: ${this.#file}`);
    return this.#token;
  }

  /** Reads the file again; true when the token is another than before. */
  async read(): Promise<boolean> {
    const before = this.#token;
    let now: string | null = null;
    try {
      now = tokenIn(await readFile(this.#file, "latin1"));
    } catch {
      // What is missing shows in the requests.
    }
    this.#token = now;
    if (now === before) return false;
    const verb = now === null ? "Removed" : before === null ? "Added" : "Updated";
    this.#log.info(`${verb} secret file: ${this.#file}`);
    return true;
  }
}

function tokenIn(text: string): string {
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}
