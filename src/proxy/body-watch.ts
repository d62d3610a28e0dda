// A body that filters only look at: they are shown the bytes where they lie, and nothing is copied, held back or queued as in a
// TransformChain. Only for transforms that all say `watches`.

import type { BodyTransform } from "../spec/context.ts";

/** Null when one of the transforms does more than look. */
export function bodyWatch(transforms: readonly BodyTransform[], onFailed: (error: unknown) => void): BodyWatch | null {
  for (const transform of transforms) if (transform.watches !== true) return null;
  return new BodyWatch(transforms, onFailed);
}

export class BodyWatch {
  readonly #watchers: readonly BodyTransform[];
  readonly #onFailed: (error: unknown) => void;
  #over = false;

  constructor(watchers: readonly BodyTransform[], onFailed: (error: unknown) => void) {
    this.#watchers = watchers;
    this.#onFailed = onFailed;
  }

  /** False: a watcher threw, and the body must not go on. */
  look(bytes: Uint8Array): boolean {
    if (this.#over) return false;
    try {
      for (const watcher of this.#watchers) watcher.write(bytes);
    } catch (error) {
      this.#fail(error);
      return false;
    }
    return true;
  }

  /** The body is complete; false as with `look`. */
  end(): boolean {
    if (this.#over) return false;
    try {
      for (const watcher of this.#watchers) watcher.end();
    } catch (error) {
      this.#fail(error);
      return false;
    }
    this.#over = true;
    return true;
  }

  /** The body broke off. */
  destroy(): void {
    if (this.#over) return;
    this.#over = true;
    for (const watcher of this.#watchers) watcher.destroy?.();
  }

  #fail(error: unknown): void {
    this.destroy();
    this.#onFailed(error);
  }
}
