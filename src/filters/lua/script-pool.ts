// The machines of one route in one worker: some at the start, more when all are busy, a few kept (spec filters 13). A machine serves one request at a time. Another
// version of the script puts new machines in place of the idle ones; the busy ones end with their request.

import type { NativeCode } from "../../lua/value.ts";
import { ScriptContext } from "./context-table.ts";
import type { Instance, Script } from "./script.ts";

const AT_START = 3;
const KEPT = 10;

export interface Worker extends Instance {
  readonly context: ScriptContext;
}

export class ScriptPool {
  readonly #globals: Readonly<Record<string, NativeCode>>;
  #script: Script;
  #idle: Worker[] = [];

  constructor(first: Instance, globals: Readonly<Record<string, NativeCode>>) {
    this.#globals = globals;
    this.#script = first.script;
    this.replace(first);
  }

  get script(): Script {
    return this.#script;
  }

  /** Goes over to another version. */
  replace(first: Instance): void {
    this.#script = first.script;
    this.#idle = [withContext(first)];
    while (this.#idle.length < AT_START) {
      const next = this.#make();
      if (typeof next === "string") break;
      this.#idle.push(next);
    }
  }

  /** The machine that has been idle longest, or a new one; a text when its chunk fails. */
  take(): Worker | string {
    return this.#idle.shift() ?? this.#make();
  }

  give(worker: Worker): void {
    worker.context.current = null;
    if (worker.script === this.#script && this.#idle.length < KEPT) this.#idle.push(worker);
  }

  #make(): Worker | string {
    const instance = this.#script.instance(this.#globals);
    return typeof instance === "string" ? instance : withContext(instance);
  }
}

function withContext(instance: Instance): Worker {
  return { ...instance, context: new ScriptContext() };
}
