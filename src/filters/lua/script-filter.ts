// Hot path: a few microseconds for a function that sets a header. Guarded by lua.bench.ts.
//
// Runs the functions of a script for a request. A script that waits or works for long suspends its request and nothing else; one that fails is logged, and the
// request goes on with what was changed before.

import { display, toText } from "../../lua/operations.ts";
import { LuaTable } from "../../lua/table.ts";
import { Failure, LimitReached, type NativeCode, type Value } from "../../lua/value.ts";
import type { FilterContext } from "../../spec/context.ts";
import type { FilterEnv } from "../../spec/env.ts";
import type { Filter } from "../../spec/filter.ts";
import { fromByteString } from "../../util/bytes.ts";
import { FileWatch } from "./file-watch.ts";
import { LineLimit } from "./line-limit.ts";
import { problemText, Script } from "./script.ts";
import { ScriptPool, type Worker } from "./script-pool.ts";
import { isFileName, readScript, type Source } from "./sources.ts";

/** Of an inline script messages show this much. */
const SHOWN_LENGTH = 100;
const MAX_SLEEP_MS = 2 ** 31 - 1;

export function sourceOf(script: string, env: FilterEnv["options"]["lua"]): Source | string {
  return isFileName(script) ? readScript(script, env) : { text: script, chunkName: script };
}

export class ScriptFilter implements Filter {
  readonly #script: string;
  readonly #params: readonly string[];
  readonly #env: FilterEnv;
  readonly #lines: LineLimit;
  readonly #globals: Readonly<Record<string, NativeCode>>;
  readonly #pool: ScriptPool;
  #watch: FileWatch | null = null;

  /** `script` is a byte string, and so are the parameters. Throws with the reason when the script cannot be used. */
  constructor(script: string, params: readonly string[], env: FilterEnv) {
    this.#script = script;
    this.#params = params;
    this.#env = env;
    this.#lines = new LineLimit(env.log, env.now);
    this.#globals = hostFunctions((text) => this.#lines.write("info", fromByteString(text)));
    const readMs = Date.now();
    const first = this.#open();
    if (typeof first === "string") throw new Error(`lua: ${first}`);
    this.#pool = new ScriptPool(first, this.#globals);
    this.#startWatch(readMs);
  }

  /** True when the script has the function now; a file may have it later. */
  has(name: "request" | "response"): boolean {
    if (isFileName(this.#script)) return true;
    const worker = this.#pool.take();
    if (typeof worker === "string") return true;
    this.#pool.give(worker);
    return worker[name] !== undefined;
  }

  request(ctx: FilterContext): void | Promise<void> {
    return this.#call(ctx, "request");
  }

  response(ctx: FilterContext): void | Promise<void> {
    return this.#call(ctx, "response");
  }

  close(): void {
    this.#watch?.stop();
    this.#watch = null;
  }

  #call(ctx: FilterContext, name: "request" | "response"): void | Promise<void> {
    const worker = this.#pool.take();
    if (typeof worker === "string") {
      this.#fail(name, worker);
      return;
    }
    const fn = worker[name];
    if (fn === undefined) {
      this.#pool.give(worker);
      return;
    }
    const { machine, context } = worker;
    context.current = ctx;
    let result: Value[] | Promise<Value[]>;
    try {
      result = machine.run(fn, [context.table(), this.#paramsTable()]);
    } catch (cause) {
      this.#ended(worker, name, cause);
      return;
    }
    if (result instanceof Promise) return this.#later(worker, name, result);
    this.#pool.give(worker);
  }

  async #later(worker: Worker, name: string, result: Promise<Value[]>): Promise<void> {
    try {
      await result;
    } catch (cause) {
      this.#ended(worker, name, cause);
      return;
    }
    this.#pool.give(worker);
  }

  /** A run ended with an error. A machine whose memory is full is not used again. */
  #ended(worker: Worker, name: string, cause: unknown): void {
    worker.context.current = null;
    const problem = problemText(worker.machine, cause);
    if (!(cause instanceof LimitReached && cause.memory)) this.#pool.give(worker);
    this.#fail(name, problem);
  }

  #fail(name: string, problem: string): void {
    this.#lines.write("error", `Error calling ${name} from ${this.#shown()}: ${problem}`);
  }

  #shown(): string {
    const text = fromByteString(this.#script);
    return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}...` : text;
  }

  /** By number, and `key=value` by key too. */
  #paramsTable(): LuaTable {
    const table = new LuaTable();
    for (const [i, param] of this.#params.entries()) {
      table.setNumber(i + 1, param);
      const equals = param.indexOf("=");
      if (equals < 0) table.set(param, "");
      else table.set(param.slice(0, equals), param.slice(equals + 1));
    }
    return table;
  }

  #open(): ReturnType<typeof Script.open> {
    const source = sourceOf(this.#script, this.#env.options.lua);
    return typeof source === "string" ? source : Script.open(source, this.#env.options.lua, this.#globals);
  }

  /** Looks at the file of the script and those of its modules. */
  #startWatch(readMs: number): void {
    this.close();
    if (!isFileName(this.#script)) return;
    const files = [this.#script, ...this.#pool.script.moduleFiles];
    this.#watch = new FileWatch(files, readMs, () => this.#reload());
  }

  #reload(): void {
    const readMs = Date.now();
    const next = this.#open();
    const name = this.#shown();
    if (typeof next === "string") {
      this.#env.log.error(`lua: ${name} has changed and cannot be used, the last good version stays: ${next}`);
      return;
    }
    this.#pool.replace(next);
    this.#startWatch(readMs);
    this.#env.log.info(`lua: ${name} was reloaded`);
  }
}

/** The functions of the basic library that are the proxy's. */
export function hostFunctions(print: (text: string) => void): Readonly<Record<string, NativeCode>> {
  return {
    print(args, m) {
      let text = "";
      for (const value of args) text += toText(display(m, value)) ?? "";
      print(text);
      return [];
    },
    sleep(args) {
      const ms = Number(args[0]);
      if (Number.isNaN(ms)) throw new Failure("sleep: expected a number of milliseconds");
      return new Promise((resolve) => void setTimeout(() => resolve([]), Math.min(Math.max(ms, 0), MAX_SLEEP_MS)));
    },
  };
}
