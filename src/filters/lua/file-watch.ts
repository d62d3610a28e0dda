// Tells when files have changed: their times, size or place, or that they appeared or went. The looking happens in another thread, once a second; a change between
// reading and the first look is seen as well, as the state to compare with is taken here at once.

import { statSync } from "node:fs";
import { stat } from "../../util/lazy-files.ts";

const PERIOD_MS = 1000;
/** Times of files may be this much older than the change. */
const CLOCK_GRAIN_MS = 20;

interface FileState {
  readonly mtimeMs: number;
  /** Changes too when a file gets this name. */
  readonly ctimeMs: number;
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
      const state = stateOf(file);
      const isYoung = state !== undefined && state.ctimeMs >= readMs - CLOCK_GRAIN_MS;
      this.#states.set(file, isYoung ? "unknown" : stateText(state));
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
      const state = await stat(file).then(stateText, () => stateText(undefined));
      if (state === known || !this.#states.has(file)) continue;
      this.#states.set(file, state);
      hasChanged = true;
    }
    this.#isLooking = false;
    if (hasChanged && this.#states.size > 0) this.#onChange();
  }
}

/** Undefined when it cannot be looked at. */
function stateOf(file: string): FileState | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function stateText(state: FileState | undefined): string {
  return state === undefined ? "missing" : `${state.mtimeMs} ${state.ctimeMs} ${state.size} ${state.ino}`;
}
