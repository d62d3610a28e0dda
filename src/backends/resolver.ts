// Names of backends to addresses, by the resolver of the system as `net.connect` asks for them. Questions about one name that come
// while it is being asked share the answer, which is not kept: the threads that wait for the resolver are few, and a backend that
// restarts makes a thousand requests ask at once.

import { type LookupAddress, type LookupOptions, lookup } from "node:dns";
import type { LookupFunction } from "node:net";

type Callback = Parameters<LookupFunction>[2];

export class Resolver {
  readonly #ask: typeof lookup;
  readonly #waiting = new Map<string, Callback[]>();

  constructor(ask: typeof lookup = lookup) {
    this.#ask = ask;
  }

  /** For the option `lookup` of `net.connect`. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    const key = `${hostname} ${options.family} ${options.hints} ${options.all}`;
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) {
      waiting.push(callback);
      return;
    }
    const callbacks = [callback];
    this.#waiting.set(key, callbacks);
    const answer = (error: NodeJS.ErrnoException | null, found: string | LookupAddress[], family?: number): void => {
      this.#waiting.delete(key);
      for (const one of callbacks) one(error, found, family);
    };
    this.#ask(hostname, options as LookupOptions, answer);
  };
}
