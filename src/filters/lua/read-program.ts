// Reads a script and the modules that it requires, by loading it: only its chunk knows what it requires.

import type { ChunkText, ProgramText } from "../../lua/program-text.ts";
import type { LuaOptions } from "../../spec/env.ts";
import { fromByteString } from "../../util/bytes.ts";
import { hostFunctions } from "./host-functions.ts";
import { Script } from "./script.ts";
import { isFileName, readModule, readScript } from "./sources.ts";

export interface ReadProgram {
  /** A text says what is wrong with the script. */
  readonly program: ProgramText | string;
  /** The script stands in the route and asks for no modules but those that ship. */
  readonly standsAlone: boolean;
  /** What was looked for, there or not. */
  readonly files: ReadonlySet<string>;
}

/** Nobody reads what a script prints while it is checked. */
const globals = hostFunctions(() => {});

export function readProgram(script: string, options: LuaOptions): ReadProgram {
  const files = new Set<string>();
  let main: ChunkText | string = { text: script, chunkName: script };
  if (isFileName(script)) {
    const file = fromByteString(script);
    files.add(file);
    main = readScript(file, options);
  }
  if (typeof main === "string") return { program: main, standsAlone: false, files };
  const modules = new Map<string, ChunkText | string>();
  const findModule = (name: string): ChunkText | string => {
    let found = modules.get(name);
    if (found === undefined) {
      found = readModule(name, options, files);
      modules.set(name, found);
    }
    return found;
  };
  const opened = Script.open(main, findModule, options, globals);
  const program = typeof opened === "string" ? opened : { name: script, main, modules };
  return { program, standsAlone: !isFileName(script) && modules.size === 0, files };
}
