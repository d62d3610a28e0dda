// Loads plugins as modules, in the main thread and in each worker. Modules cannot be unloaded or replaced, so every version of a plugin
// has addresses of its own: `geo.ts?plugin=7`, and so have the modules that it imports from its folder or by relative paths, but not what
// lies in node_modules. The main thread reads the files; workers get the texts that it read and where links led it, so that all threads
// run the same bytes, whatever has become of the files by then.
// `skipper-proxy` is the running program, wherever a plugin lies.

import { readFileSync, realpathSync } from "node:fs";
import {
  type LoadFnOutput,
  type LoadHookSync,
  type ResolveFnOutput,
  type ResolveHookSync,
  registerHooks,
} from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const MARK = "?plugin=";

/** The modules of a version as they were loaded; it grows when one is imported late. */
export interface ModuleFiles {
  /** By file, without links. */
  readonly texts: ReadonlyMap<string, string>;
  /** By the path that an import names: the file that it led to. */
  readonly links: ReadonlyMap<string, string>;
}

/** One version of the modules of a plugin; plain data. */
export interface ModuleVersion {
  /** Unlike that of all other versions of all plugins. */
  readonly number: number;
  readonly entry: string;
  readonly folder: string;
  /** Null: they are read, and noted. */
  readonly files: ModuleFiles | null;
}

interface KnownVersion extends ModuleFiles {
  readonly folder: string;
  readonly texts: Map<string, string>;
  readonly links: Map<string, string>;
  /** Files that were asked for and are not there. */
  readonly missing: Set<string>;
}

export class PluginModules {
  readonly #versions = new Map<number, KnownVersion>();
  readonly #face: string;
  readonly #hooks: { deregister(): void };

  /** `face`: address of the module that `skipper-proxy` stands for. */
  constructor(face: string) {
    this.#face = face;
    this.#hooks = registerHooks({
      resolve: (specifier, context, next) => this.#resolve(specifier, context, next),
      load: (url, context, next) => this.#load(url, context, next),
    });
  }

  /** Imports a version; rejects with what the modules throw. */
  import(version: ModuleVersion): Promise<Readonly<Record<string, unknown>>> {
    if (!this.#versions.has(version.number)) {
      this.#versions.set(version.number, {
        folder: version.folder + path.sep,
        texts: new Map(version.files?.texts),
        links: new Map(version.files?.links),
        missing: new Set(),
      });
    }
    return import(`${pathToFileURL(version.entry).href}${MARK}${version.number}`);
  }

  files(number: number): ModuleFiles {
    return this.#versions.get(number) ?? { texts: new Map(), links: new Map() };
  }

  /** Files that the version would have loaded, had they been there. */
  missing(number: number): ReadonlySet<string> {
    return this.#versions.get(number)?.missing ?? new Set();
  }

  /** Lets the texts of a version go that is not loaded any more; its modules stay as long as the thread. */
  forget(number: number): void {
    this.#versions.delete(number);
  }

  close(): void {
    this.#hooks.deregister();
  }

  #resolve(...[specifier, context, next]: Parameters<ResolveHookSync>): ResolveFnOutput {
    if (specifier === "skipper-proxy") return { url: this.#face, shortCircuit: true };
    // The entry carries the number itself.
    const isEntry = specifier.includes(MARK);
    const number = numberOf(isEntry ? specifier : (context.parentURL ?? ""));
    const version = this.#versions.get(number);
    if (version === undefined) return next(specifier, context);
    const name = isEntry ? fileOf(specifier) : nameOf(specifier, fileOf(context.parentURL!));
    const known = version.links.get(name);
    if (known !== undefined) return marked(known, number);
    let file: string | null;
    if (path.isAbsolute(name)) {
      // Node would remember where a link led when it was first followed.
      file = followed(name);
      if (file === null) version.missing.add(name);
      if (file === null || !isOwn(version, file)) return next(specifier, context);
    } else {
      const result = next(specifier, context);
      file = result.url.startsWith("file:") ? fileURLToPath(result.url) : "";
      if (!isOwn(version, file)) return result;
    }
    version.links.set(name, file);
    return marked(file, number);
  }

  #load(...[url, context, next]: Parameters<LoadHookSync>): LoadFnOutput {
    const version = this.#versions.get(numberOf(url));
    if (version === undefined) return next(url, context);
    const file = fileOf(url);
    const format = formatOf(file);
    if (format === null) return next(url, context);
    let text = version.texts.get(file);
    if (text === undefined) {
      text = readFileSync(file, "utf8");
      version.texts.set(file, text);
    }
    return { format, source: text, shortCircuit: true };
  }
}

function marked(file: string, number: number): ResolveFnOutput {
  return { url: `${pathToFileURL(file).href}${MARK}${number}`, shortCircuit: true };
}

function numberOf(url: string): number {
  const at = url.lastIndexOf(MARK);
  return at < 0 ? 0 : Number(url.slice(at + MARK.length));
}

function fileOf(url: string): string {
  return fileURLToPath(url.slice(0, url.lastIndexOf(MARK)));
}

/** What an import names: a path, or a name that a package.json explains to the importing file. */
function nameOf(specifier: string, file: string): string {
  if (specifier.startsWith("file:")) return fileURLToPath(specifier);
  return /^\.{0,2}\//.test(specifier) ? path.resolve(path.dirname(file), specifier) : `${specifier} in ${file}`;
}

/** The file behind all links, null when there is none. */
function followed(name: string): string | null {
  try {
    return realpathSync(name);
  } catch {
    return null;
  }
}

/** True for modules that belong to the plugin: files outside of node_modules, or within the folder of a package that lies there. */
function isOwn({ folder }: KnownVersion, file: string): boolean {
  const inside = file.startsWith(folder) ? file.slice(folder.length - 1) : folder.includes(NODE_MODULES) ? null : file;
  return inside !== null && !inside.includes(NODE_MODULES) && formatOf(file) !== null;
}

const NODE_MODULES = `${path.sep}node_modules${path.sep}`;

/** Modules of plugins are ES modules, whatever a package.json says of them; null: Node decides. */
function formatOf(file: string): "module" | "module-typescript" | "json" | null {
  switch (path.extname(file)) {
    case ".ts":
    case ".mts":
      return "module-typescript";
    case ".js":
    case ".mjs":
      return "module";
    case ".json":
      return "json";
    default:
      return null;
  }
}
