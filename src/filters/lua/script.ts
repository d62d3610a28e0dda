// One version of a script: its compiled chunk, and the machines that run it. A machine is made by running the chunk, which
// defines `request` or `response` or both.

import { createMachine } from "../../lua/interpreter.ts";
import type { Library } from "../../lua/library.ts";
import { load } from "../../lua/load.ts";
import type { Machine } from "../../lua/machine.ts";
import { display } from "../../lua/operations.ts";
import type { FindModule } from "../../lua/package-library.ts";
import type { ChunkText } from "../../lua/program-text.ts";
import type { Proto } from "../../lua/proto.ts";
import { Closure, Failure, isFunction, LimitReached, LuaError, type NativeCode, type Value } from "../../lua/value.ts";
import type { LuaOptions } from "../../spec/env.ts";
import { fromByteString } from "../../util/bytes.ts";
import { base64Module } from "./base64-module.ts";
import { httpModule } from "./http-module.ts";
import { jsonModule } from "./json-module.ts";
import { urlModule } from "./url-module.ts";

const MODULES: readonly Library[] = [base64Module, httpModule, jsonModule, urlModule];

/** A machine whose chunk has run. */
export interface Instance {
  readonly script: Script;
  readonly machine: Machine;
  readonly request: Value;
  readonly response: Value;
}

export class Script {
  readonly #proto: Proto;
  readonly #findModule: FindModule;
  readonly #options: LuaOptions;

  private constructor(proto: Proto, findModule: FindModule, options: LuaOptions) {
    this.#proto = proto;
    this.#findModule = findModule;
    this.#options = options;
  }

  /** Compiles a script and makes its first machine; a text says what is wrong with it. */
  static open(
    main: ChunkText,
    findModule: FindModule,
    options: LuaOptions,
    globals: Readonly<Record<string, NativeCode>>,
  ): Instance | string {
    const proto = load(main.text, main.chunkName);
    if (typeof proto === "string") return fromByteString(proto);
    const script = new Script(proto, findModule, options);
    const instance = script.instance(globals);
    if (typeof instance === "string") return instance;
    if (instance.request === undefined && instance.response === undefined) {
      return "at least one of `request` and `response` function must be present";
    }
    return instance;
  }

  /** Another machine; a text says why the chunk failed. */
  instance(globals: Readonly<Record<string, NativeCode>>): Instance | string {
    const { modules, maxInstructions, maxMemoryBytes } = this.#options;
    const isWhole = (name: string): boolean => modules.length === 0 || modules.includes(name);
    const isAllowed = (library: string, symbol: string): boolean =>
      isWhole(library) || modules.includes(`${library}.${symbol}`);
    const machine = createMachine({
      limits: { instructions: maxInstructions, memoryBytes: maxMemoryBytes },
      isAllowed,
      hasLibrary: (library) => isWhole(library) || modules.some((entry) => entry.startsWith(`${library}.`)),
      globals,
      preload: MODULES.filter(({ name }) => isWhole(name)),
      findModule: this.#findModule,
    });
    machine.pause = () => new Promise((resolve) => void setImmediate(resolve));
    try {
      machine.runNow(new Closure(this.#proto, [], machine.globals), []);
    } catch (cause) {
      return problemText(machine, cause);
    }
    const [request, response] = [machine.globals.get("request"), machine.globals.get("response")];
    return {
      script: this,
      machine,
      request: isFunction(request) ? request : undefined,
      response: isFunction(response) ? response : undefined,
    };
  }
}

/** The text of what a run threw; faults of the proxy itself are thrown on. */
export function problemText(machine: Machine, cause: unknown): string {
  if (cause instanceof LimitReached) return cause.message;
  if (cause instanceof Failure) return fromByteString(cause.message);
  if (!(cause instanceof LuaError)) throw cause;
  try {
    return fromByteString(String(display(machine, cause.value)));
  } catch {
    return "an error whose text fails";
  }
}
