// Tells when files have changed: their time, size or place. The looking happens in another thread, once a second; a change between reading and the first look is
// seen as well, as the state to compare with is taken here at once.

import { statSync } from "node:fs";
import { stat } from "../../util/lazy-files.ts";

const PERIOD_MS = 1000;
/** Times of files may be this much older than the change. */
const CLOCK_GRAIN_MS = 20;

interface FileState {
  readonly mtimeMs: number;
  readonly size: number;
  readonly ino: number;
}

export class FileWatch {
  readonly #states = new Map<string, string>();
  readonly #timer: NodeJS.Timeout;
  readonly #onChange: () => void;
  #isLooking = false;

  /** `readMs`: when the reading of the files began; what was changed since then counts as a change. */
  constructor(files: Iterable<string>, readMs: number, onChange: () => void) {
    for (const file of files) {
      const state = statSync(file, { throwIfNoEntry: false });
      const isOld = state !== undefined && state.mtimeMs < readMs - CLOCK_GRAIN_MS;
      this.#states.set(file, isOld ? stateText(state) : "unknown");
    }
    this.#onChange = onChange;
    this.#timer = setInterval(() => void this.#look(), PERIOD_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#states.clear();
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    let hasChanged = false;
    for (const [file, known] of this.#states) {
      const state = await stat(file).then(stateText, () => "missing");
      if (state === known || !this.#states.has(file)) continue;
      this.#states.set(file, state);
      hasChanged = true;
    }
    this.#isLooking = false;
    if (hasChanged) this.#onChange();
  }
}

function stateText({ mtimeMs, size, ino }: FileState): string {
  return `${mtimeMs} ${size} ${ino}`;
}
