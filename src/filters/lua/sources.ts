// Where scripts come from: inline text, or files from the places that -lua-sources allows (spec filters 13, decisions "Lua"). All reading of files is here; it
// happens in the thread that checks routes, when it does or when files have changed.

import { readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import type { ChunkText } from "../../lua/program-text.ts";
import type { LuaOptions } from "../../spec/env.ts";
import { toByteString } from "../../util/bytes.ts";

/** More than this is no script. */
const MAX_SCRIPT_BYTES = 1 << 20;

export function isFileName(script: string): boolean {
  return script.endsWith(".lua");
}

/** Entries of -lua-sources that are folders: they allow files, but only from there. */
function foldersOf(options: LuaOptions): string[] {
  return options.sources.filter((entry) => entry.startsWith(".") || entry.includes("/"));
}

/** Why a script of this kind is not allowed, or "". */
export function sourceProblem(script: string, options: LuaOptions): string {
  const { sources } = options;
  if (sources.length === 0) return "";
  if (sources.includes("none")) return "lua Sources are disabled";
  const kind = isFileName(script) ? "file" : "inline";
  if (sources.includes(kind) || (kind === "file" && foldersOf(options).length > 0)) return "";
  return `invalid lua source referenced ${JSON.stringify(kind)}, allowed: ${JSON.stringify(`[${sources.join(" ")}]`)}`;
}

/** The script of a file, or a text that says why it cannot be read. */
export function readScript(file: string, options: LuaOptions): ChunkText | string {
  const full = path.resolve(file);
  const folders = foldersOf(options);
  if (folders.length > 0 && !folders.some((folder) => isWithin(full, path.resolve(folder)))) {
    return `${file} lies in none of ${folders.join(", ")}`;
  }
  return read(full, file);
}

/**
 * A module that a script requires: `a.b` is a/b.lua or a/b/init.lua, in a folder of -lua-sources, else below the working directory. Only where files are
 * allowed at all. `seen` gets the files that were looked for, there or not.
 */
export function readModule(name: string, options: LuaOptions, seen: Set<string>): ChunkText | string {
  if (sourceProblem("x.lua", options) !== "") return "files are not allowed";
  if (!/^[\w-]+(?:\.[\w-]+)*$/.test(name)) return "expected letters, digits, _ and - between dots";
  const folders = foldersOf(options);
  const tried: string[] = [];
  for (const folder of folders.length === 0 ? ["."] : folders) {
    const base = path.resolve(folder);
    for (const file of [`${name.replaceAll(".", "/")}.lua`, `${name.replaceAll(".", "/")}/init.lua`]) {
      const full = path.join(base, file);
      seen.add(full);
      const source = isWithin(full, base) ? read(full, `${folder}/${file}`) : `no file '${folder}/${file}'`;
      if (typeof source !== "string") return source;
      tried.push(`no file '${folder}/${file}'`);
    }
  }
  return tried.join("\n\t");
}

/** True when the file, links followed, lies below the folder. */
function isWithin(file: string, folder: string): boolean {
  try {
    const relative = path.relative(realpathSync(folder), realpathSync(file));
    return !relative.startsWith("..") && !path.isAbsolute(relative);
  } catch {
    return false;
  }
}

function read(full: string, shown: string): ChunkText | string {
  try {
    const text = readFileSync(full, "latin1");
    if (text.length > MAX_SCRIPT_BYTES) return `${shown} is longer than ${MAX_SCRIPT_BYTES} bytes`;
    return { text, chunkName: `@${toByteString(shown)}` };
  } catch (cause) {
    return `failed to read ${shown}: ${(cause as Error).message}`;
  }
}
