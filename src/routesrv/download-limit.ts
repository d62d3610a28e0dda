// How many full tables are sent at one time: at the start of a fleet, or after a change that no delta tells, hundreds of proxies ask at
// once. The others wait in line, and those that find the line too long are told to come again.

import type { ServerResponse } from "node:http";

export interface DownloadLimits {
  /** Downloads at one time. */
  readonly slots: number;
  /** Clients in line; more are refused. */
  readonly line: number;
  /** The longest wait in line. */
  readonly waitMs: number;
  /** A slow client holds its slot no longer: the others go on while it reads. */
  readonly slotMs: number;
  /** A download that takes longer is broken off: the table that it reads would stay in memory. */
  readonly longestMs: number;
}

export const DOWNLOAD_LIMITS: DownloadLimits = {
  slots: 32,
  line: 2000,
  waitMs: 20_000,
  slotMs: 1000,
  longestMs: 60_000,
};

export interface DownloadSlot {
  leave(): void;
}

export class DownloadLimit {
  readonly #limits: DownloadLimits;
  readonly #line = new Set<() => void>();
  #free: number;

  constructor(limits: DownloadLimits) {
    this.#limits = limits;
    this.#free = limits.slots;
  }

  /** A slot, `full` when there is none in time, `gone` when the client went away while it waited. */
  async enter(response: ServerResponse): Promise<DownloadSlot | "full" | "gone"> {
    if (response.destroyed) return "gone";
    if (this.#free === 0) {
      if (this.#line.size >= this.#limits.line) return "full";
      const outcome = await this.#wait(response);
      if (outcome !== "free") return outcome;
    } else this.#free--;
    return this.#hold(response);
  }

  #wait(response: ServerResponse): Promise<"free" | "full" | "gone"> {
    return new Promise((resolve) => {
      const end = (outcome: "free" | "full" | "gone") => (): void => {
        clearTimeout(timer);
        response.off("close", gone);
        this.#line.delete(next);
        resolve(outcome);
      };
      const next = end("free");
      const gone = end("gone");
      const timer = setTimeout(end("full"), this.#limits.waitMs);
      response.once("close", gone);
      this.#line.add(next);
    });
  }

  /** The slot was counted by whoever gave it. */
  #hold(response: ServerResponse): DownloadSlot {
    let isHeld = true;
    const release = (): void => {
      if (!isHeld) return;
      isHeld = false;
      const [next] = this.#line;
      if (next === undefined) this.#free++;
      else next();
    };
    const slot = setTimeout(release, this.#limits.slotMs);
    const longest = setTimeout(() => response.destroy(), this.#limits.longestMs);
    return {
      leave() {
        clearTimeout(slot);
        clearTimeout(longest);
        release();
      },
    };
  }
}
