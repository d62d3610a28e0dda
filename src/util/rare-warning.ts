// A warning about something that a client can cause with every request: written at most once in a while, with the number of those that
// were not.

export interface WarningEnv {
  readonly log: { warn(message: string): void };
  /** Milliseconds since 1970. */
  now(): number;
}

const PAUSE_MS = 10_000;

export class RareWarning {
  readonly #env: WarningEnv;
  #lastMs = Number.NEGATIVE_INFINITY;
  #unsaid = 0;

  constructor(env: WarningEnv) {
    this.#env = env;
  }

  write(message: string): void {
    const now = this.#env.now();
    if (now - this.#lastMs < PAUSE_MS) {
      this.#unsaid++;
      return;
    }
    this.#env.log.warn(this.#unsaid === 0 ? message : `${message} (and ${this.#unsaid} more since the last line)`);
    this.#lastMs = now;
    this.#unsaid = 0;
  }
}
