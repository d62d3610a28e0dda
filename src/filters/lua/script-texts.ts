// The texts that a worker was given: scripts from files, and those that require modules from files. Filters take them from here and hear of new versions.

import type { ProgramText } from "../../lua/program-text.ts";

export class ScriptTexts {
  readonly #programs = new Map<string, ProgramText>();
  readonly #listeners = new Map<string, Set<() => void>>();

  constructor(programs: readonly ProgramText[]) {
    for (const program of programs) this.#programs.set(program.name, program);
  }

  get(script: string): ProgramText | undefined {
    return this.#programs.get(script);
  }

  put(program: ProgramText): void {
    this.#programs.set(program.name, program);
    for (const listener of this.#listeners.get(program.name) ?? []) listener();
  }

  /** Calls `listener` for each version that comes; gives what ends that. */
  listen(script: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(script) ?? new Set();
    this.#listeners.set(script, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(script) === listeners) this.#listeners.delete(script);
    };
  }
}
