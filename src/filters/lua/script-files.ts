// Scripts as the thread that checks routes knows them, the only one that reads files: it loads each script once, gives those that have to do with files to the
// workers, and looks for changes. The last version that loaded stays in force. Imported only where -enable-lua is given and by commands that check routes.

import { isDeepStrictEqual } from "node:util";
import type { ProgramText } from "../../lua/program-text.ts";
import type { FilterEnv, LuaOptions } from "../../spec/env.ts";
import type { FilterSpec } from "../../spec/filter.ts";
import { FileWatch } from "./file-watch.ts";
import { type ReadProgram, readProgram } from "./read-program.ts";
import { shownScript } from "./shown-script.ts";
import { sourceProblem } from "./sources.ts";

/** For commands that check routes without the flags of a proxy. */
export const COMMAND_OPTIONS: LuaOptions = {
  enabled: true,
  modules: [],
  sources: [],
  maxInstructions: 5_000_000,
  maxMemoryBytes: 16 << 20,
};

/** Verdicts over scripts without files that are remembered, so that a table full of equal ones is checked once. */
const REMEMBERED = 1000;
/** Scripts with files that are known. One that never loaded gives way to another. */
const MAX_KNOWN = 10_000;

/** Who wants to hear of changes. */
export interface ScriptUsers {
  readonly log: FilterEnv["log"];
  /** A new script, or another version of one. */
  publish(program: ProgramText): void;
  /** A script that could not be loaded can be now: its routes have to be checked anew. */
  recheck(): void;
}

interface Known {
  /** The last that loaded; null when none did. */
  program: ProgramText | null;
  /** What is wrong with the files as they are, "" when nothing is. */
  problem: string;
  watch: FileWatch;
}

export class ScriptFiles {
  readonly #options: LuaOptions;
  readonly #users: ScriptUsers | null;
  readonly #verdicts = new Map<string, string>();
  readonly #known = new Map<string, Known>();

  /** `users` null: nothing with files is remembered, as nobody looks for changes. */
  constructor(options: LuaOptions, users: ScriptUsers | null = null) {
    this.#options = options;
    this.#users = users;
  }

  /** The check of the filter: loads the script as this process would. */
  readonly check: FilterSpec["check"] = (values) => this.#check(values[0] as string);

  /** What a new worker gets. */
  get programs(): readonly ProgramText[] {
    return Array.from(this.#known.values(), ({ program }) => program).filter((program) => program !== null);
  }

  stop(): void {
    for (const { watch } of this.#known.values()) watch.stop();
    this.#known.clear();
  }

  #check(script: string): string {
    const known = this.#known.get(script);
    if (known !== undefined) return known.program === null ? known.problem : "";
    const verdict = this.#verdicts.get(script) ?? sourceProblem(script, this.#options);
    if (verdict !== "" || this.#verdicts.has(script)) return verdict;
    const readMs = Date.now();
    const read = readProgram(script, this.#options);
    const problem = typeof read.program === "string" ? read.program : "";
    if (read.standsAlone) {
      if (this.#verdicts.size >= REMEMBERED) this.#verdicts.clear();
      this.#verdicts.set(script, problem);
      return problem;
    }
    return this.#users === null ? problem : this.#add(script, read, readMs, this.#users);
  }

  #add(script: string, { program, files }: ReadProgram, readMs: number, users: ScriptUsers): string {
    if (!this.#makeRoom()) return `more than ${MAX_KNOWN} scripts from files`;
    const watch = new FileWatch(files, readMs, () => this.#reload(script, users));
    if (typeof program === "string") {
      this.#known.set(script, { program: null, problem: program, watch });
      return program;
    }
    this.#known.set(script, { program, problem: "", watch });
    users.publish(program);
    return "";
  }

  #makeRoom(): boolean {
    if (this.#known.size < MAX_KNOWN) return true;
    for (const [script, { program, watch }] of this.#known) {
      if (program !== null) continue;
      watch.stop();
      return this.#known.delete(script);
    }
    return false;
  }

  #reload(script: string, users: ScriptUsers): void {
    const known = this.#known.get(script)!; // its watch ends with it
    const readMs = Date.now();
    const { program, files } = readProgram(script, this.#options);
    known.watch.stop();
    known.watch = new FileWatch(files, readMs, () => this.#reload(script, users));
    const former = known.program;
    const formerProblem = known.problem;
    known.problem = typeof program === "string" ? program : "";
    const shown = shownScript(script);
    if (typeof program === "string") {
      if (former === null || program === formerProblem) return;
      users.log.error(`lua: ${shown} has changed and cannot be used, the last good version stays: ${program}`);
      return;
    }
    // A file may have been touched, or changed so shortly before it was read that it is looked at again.
    if (formerProblem === "" && isDeepStrictEqual(program, former)) return;
    known.program = program;
    users.publish(program);
    if (former === null) users.recheck();
    users.log.info(former === null ? `lua: ${shown} can be used now` : `lua: ${shown} was reloaded`);
  }
}
