// Hot path: a few microseconds for a function that sets a header. Guarded by lua.bench.ts.
//
// Runs the functions of a script for a request. A script that waits or works for long suspends its request and nothing else; one that fails is logged, and the
// request goes on with what was changed before. No file is read here: texts from files come from the main thread, and a request that is here before them waits.

import { LuaTable } from "../../lua/table.ts";
import { LimitReached, type NativeCode, type Value } from "../../lua/value.ts";
import type { FilterContext } from "../../spec/context.ts";
import type { FilterEnv } from "../../spec/env.ts";
import type { Filter } from "../../spec/filter.ts";
import { fromByteString } from "../../util/bytes.ts";
import { hostFunctions } from "./host-functions.ts";
import { LineLimit } from "./line-limit.ts";
import { problemText, Script } from "./script.ts";
import { ScriptPool, type Worker } from "./script-pool.ts";
import type { ScriptTexts } from "./script-texts.ts";
import { shownScript } from "./shown-script.ts";
import { isFileName } from "./sources.ts";

/** A request waits this long for a text that is on its way from the main thread. */
const ARRIVAL_MS = 5000;
const NOT_LATER = "files are read while the script is loaded, not later";

export class ScriptFilter implements Filter {
  readonly #script: string;
  readonly #params: readonly string[];
  readonly #env: FilterEnv;
  readonly #lines: LineLimit;
  readonly #globals: Readonly<Record<string, NativeCode>>;
  readonly #texts: ScriptTexts;
  /** Null until there is a version that can be used. */
  #pool: ScriptPool | null = null;
  /** What is wrong with the version that came first; "" when nothing is. */
  #problem = "";
  /** What requests wait for that are here before the text. */
  #arrival: PromiseWithResolvers<void> | null = null;
  #endListening: (() => void) | null = null;

  /** `script` is a byte string, and so are the parameters. Throws with the reason when an inline script cannot be used. */
  constructor(script: string, params: readonly string[], env: FilterEnv, texts: ScriptTexts) {
    this.#script = script;
    this.#params = params;
    this.#env = env;
    this.#texts = texts;
    this.#lines = new LineLimit(env.log, env.now);
    this.#globals = hostFunctions((text) => this.#lines.write("info", fromByteString(text)));
    if (!isFileName(script) && texts.get(script) === undefined && this.#openInline()) return;
    this.#endListening = texts.listen(script, () => this.#load());
    if (texts.get(script) !== undefined) this.#load();
  }

  /** True when the script has the function now; a file may have it later. */
  has(name: "request" | "response"): boolean {
    if (this.#endListening !== null || this.#pool === null) return true;
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
    this.#endListening?.();
    this.#endListening = null;
  }

  #call(ctx: FilterContext, name: "request" | "response"): void | Promise<void> {
    const pool = this.#pool;
    if (pool === null) return this.#callWhenThere(ctx, name);
    const worker = pool.take();
    if (typeof worker === "string") {
      this.#fail(name, worker);
      return;
    }
    const fn = worker[name];
    if (fn === undefined) {
      pool.give(worker);
      return;
    }
    const { machine, context } = worker;
    context.current = ctx;
    let result: Value[] | Promise<Value[]>;
    try {
      result = machine.run(fn, [context.table(), this.#paramsTable()]);
    } catch (cause) {
      this.#ended(pool, worker, name, cause);
      return;
    }
    if (result instanceof Promise) return this.#later(pool, worker, name, result);
    pool.give(worker);
  }

  async #later(pool: ScriptPool, worker: Worker, name: string, result: Promise<Value[]>): Promise<void> {
    try {
      await result;
    } catch (cause) {
      this.#ended(pool, worker, name, cause);
      return;
    }
    pool.give(worker);
  }

  /** A run ended with an error. A machine whose memory is full is not used again. */
  #ended(pool: ScriptPool, worker: Worker, name: string, cause: unknown): void {
    worker.context.current = null;
    const problem = problemText(worker.machine, cause);
    if (!(cause instanceof LimitReached && cause.memory)) pool.give(worker);
    this.#fail(name, problem);
  }

  #fail(name: string, problem: string): void {
    this.#lines.write("error", `Error calling ${name} from ${shownScript(this.#script)}: ${problem}`);
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

  /** False when the script requires modules from files, whose texts have not come. */
  #openInline(): boolean {
    let requires = false;
    const main = { text: this.#script, chunkName: this.#script };
    const findModule = (): string => {
      requires = true;
      return NOT_LATER;
    };
    const first = Script.open(main, findModule, this.#env.options.lua, this.#globals);
    if (requires) return false;
    if (typeof first === "string") throw new Error(`lua: ${first}`);
    this.#pool = new ScriptPool(first, this.#globals);
    return true;
  }

  /** Goes over to the version that has come. One that the main thread could load and this one cannot leaves the former in force. */
  #load(): void {
    const { main, modules } = this.#texts.get(this.#script)!;
    const findModule = (name: string) => modules.get(name) ?? NOT_LATER;
    const first = Script.open(main, findModule, this.#env.options.lua, this.#globals);
    if (typeof first === "string") {
      this.#problem = `lua: ${shownScript(this.#script)} cannot be used here: ${first}`;
      if (this.#pool !== null) this.#env.log.error(this.#problem);
    } else if (this.#pool === null) this.#pool = new ScriptPool(first, this.#globals);
    else this.#pool.replace(first);
    this.#arrival?.resolve();
  }

  /** Rejects, which costs the request a 500, when there is nothing to call: what the script guards must stay guarded. */
  async #callWhenThere(ctx: FilterContext, name: "request" | "response"): Promise<void> {
    if (this.#problem === "") await this.#arrived();
    if (this.#pool === null) {
      throw new Error(
        this.#problem || `lua: the text of ${shownScript(this.#script)} has not come in ${ARRIVAL_MS} ms`,
      );
    }
    await this.#call(ctx, name);
  }

  /** Resolves when a text has come, or when it has been waited for long enough. */
  #arrived(): Promise<void> {
    if (this.#arrival !== null) return this.#arrival.promise;
    const arrival = Promise.withResolvers<void>();
    this.#arrival = arrival;
    const limit = setTimeout(() => arrival.resolve(), ARRIVAL_MS);
    return arrival.promise.finally(() => {
      clearTimeout(limit);
      this.#arrival = null;
    });
  }
}
