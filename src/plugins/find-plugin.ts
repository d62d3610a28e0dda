// Where a plugin lies: by name below the plugin folders, as a path, or as an npm package. Files are looked at, no code is run.

import { type Dirent, existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { findPackageJSON } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

export interface PluginPlace {
  readonly name: string;
  /** The file that is imported. */
  readonly entry: string;
  /** The folder of a plugin that has one of its own, or of the file. */
  readonly folder: string;
  /** Where options may stand, one a line; it need not exist. */
  readonly conf: string;
}

/** Always looked through; it need not exist. */
export const DEFAULT_FOLDER = "plugins";

/** In the order in which they count when several stand beside each other. */
const EXTENSIONS = [".ts", ".mts", ".js", ".mjs"] as const;
const MAX_DEPTH = 8;

/**
 * All plugins in the folders, by name: `geo.ts`, or a folder `geo` with a package.json or an `index.ts`, whose other files are its own.
 * Other folders are looked through. Of equal names the first in the order of the folders counts. Tests, declarations, and what begins
 * with a dot or an underscore are no plugins.
 */
export function findPlugins(folders: readonly string[]): ReadonlyMap<string, PluginPlace> {
  const found = new Map<string, PluginPlace>();
  for (const folder of folders) walk(path.resolve(folder), 0, found);
  return found;
}

function walk(folder: string, depth: number, found: Map<string, PluginPlace>): void {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return; // The default folder need not exist.
  }
  const names = entries.map(({ name }) => name).sort();
  const isFolder = new Set(entries.filter((entry) => entry.isDirectory()).map(({ name }) => name));
  for (const extension of EXTENSIONS) {
    for (const file of names) {
      const name = file.slice(0, -extension.length);
      if (!file.endsWith(extension) || name === "" || /^[._]|\.(test|d)$/.test(name) || isFolder.has(file)) continue;
      if (!found.has(name)) found.set(name, fileAt(name, path.join(folder, file)));
    }
  }
  for (const name of names) {
    // Links to folders are followed when they are plugins.
    if (/^[._]|^node_modules$/.test(name) || path.extname(name) !== "") continue;
    const place = folderAt(name, path.join(folder, name));
    if (place !== null) {
      if (!found.has(name)) found.set(name, place);
    } else if (isFolder.has(name) && depth < MAX_DEPTH) walk(path.join(folder, name), depth + 1, found);
  }
}

/**
 * The plugin that a flag names, null when there is none. A name that begins with a dot or a slash is a path; another one is looked for in
 * `known` (the result of findPlugins), then as a package that the folders, or the working directory, can import.
 */
export function findPlugin(
  name: string,
  folders: readonly string[],
  known: ReadonlyMap<string, PluginPlace>,
): PluginPlace | null {
  if (/^[./]/.test(name)) {
    const file = path.resolve(name);
    return EXTENSIONS.some((extension) => name.endsWith(extension)) && existsSync(file)
      ? fileAt(name, file)
      : folderAt(name, file);
  }
  return known.get(name) ?? packageAt(name, [...folders, "."]);
}

function fileAt(name: string, file: string): PluginPlace {
  const conf = file.slice(0, -path.extname(file).length);
  return { name, entry: file, folder: path.dirname(file), conf: `${conf}.conf` };
}

function folderAt(name: string, folder: string): PluginPlace | null {
  const entry = entryOf(folder);
  return entry === null ? null : { name, entry, folder, conf: `${folder}.conf` };
}

function packageAt(name: string, folders: readonly string[]): PluginPlace | null {
  for (const folder of folders) {
    let manifest: string | undefined;
    try {
      manifest = findPackageJSON(name, pathToFileURL(path.resolve(folder, "plugin.js")));
    } catch {
      continue; // Not a name of a package, or not there.
    }
    const place = manifest === undefined ? null : folderAt(name, path.dirname(realpathSync(manifest)));
    if (place !== null) return place;
  }
  return null;
}

/** The file that an import of the folder's package would load; else its index. */
function entryOf(folder: string): string | null {
  const manifest = path.join(folder, "package.json");
  const names: (string | null)[] = EXTENSIONS.map((extension) => `index${extension}`);
  if (existsSync(manifest)) {
    const { exports, main } = readManifest(manifest);
    names.unshift(exported(exports), typeof main === "string" ? main : null);
  }
  for (const name of names) {
    if (name === null) continue;
    const file = path.join(folder, name);
    if (existsSync(file) && path.extname(file) !== "") return file;
  }
  return null;
}

function readManifest(file: string): { readonly exports?: unknown; readonly main?: unknown } {
  try {
    return (JSON.parse(readFileSync(file, "utf8")) ?? {}) as { exports?: unknown; main?: unknown };
  } catch {
    return {};
  }
}

/** The target of "." in the field `exports`, with the conditions of an import. */
function exported(exports: unknown): string | null {
  if (typeof exports === "string") return exports;
  if (Array.isArray(exports)) return exports.map(exported).find((one) => one !== null) ?? null;
  if (typeof exports !== "object" || exports === null) return null;
  for (const [condition, target] of Object.entries(exports)) {
    if ([".", "import", "node", "module-sync", "default"].includes(condition)) {
      const file = exported(target);
      if (file !== null) return file;
    }
  }
  return null;
}
