// The plugins of the process, in the main thread: finds and loads them at the start, looks for changes of their files, and offers new
// versions. A version that cannot be loaded, or that a worker refuses, is reported, and the last good one stays.

import { readFileSync, realpathSync, statSync } from "node:fs";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "../observability/log.ts";
import { crypto } from "../util/lazy-builtin.ts";
import { openReason } from "../util/system-error.ts";
import { type Declarations, PluginFailure } from "./declarations.ts";
import { DEFAULT_FOLDER, findPlugin, findPlugins, type PluginPlace } from "./find-plugin.ts";
import { loadPlugin, type PluginKind, type PluginVersion } from "./load-plugin.ts";
import { type ModuleFiles, PluginModules } from "./plugin-modules.ts";

export interface PluginSettings {
  /** In the order in which they are looked through. */
  readonly folders: readonly string[];
  /** The plugins that flags name. Others that lie in the folders are loaded too. */
  readonly named: readonly { readonly kind: PluginKind; readonly name: string; readonly options: readonly string[] }[];
  /** For loading one plugin; Infinity: none. */
  readonly limitMs: number;
  /** Pause between two looks at the files. */
  readonly pollMs: number;
  /** Address of the module that plugins import as `skipper-proxy`. */
  readonly face: string;
  /** How often a plugin may be loaded: modules cannot be unloaded, so this bounds what its changes leave in memory. */
  readonly maxVersions?: number;
}

export interface LoadedPlugin {
  readonly version: PluginVersion;
  readonly declarations: Declarations;
}

/** Puts a set of plugins in force everywhere; gives why it cannot, or "". */
export type TakeOver = (plugins: readonly LoadedPlugin[], former: readonly LoadedPlugin[]) => Promise<string>;

const MAX_VERSIONS = 1000;
/** Former versions whose texts are kept: when one of them comes back nothing is loaded. */
const KEPT_VERSIONS = 8;
/** A file that is being written is read when it was left alone for this long. */
const SETTLE_MS = 20;

/** A plugin on disk, and what of it was loaded so far. */
interface PluginFiles {
  readonly kind: PluginKind;
  readonly flagOptions: readonly string[];
  readonly place: PluginPlace;
  /** The states of all its files when it was last loaded, or was to be. */
  state: ReadonlyMap<string, string>;
  /** Latest last. */
  versions: readonly PluginVersion[];
  count: number;
}

interface Watched extends PluginFiles {
  loaded: LoadedPlugin;
}

export class PluginHost {
  readonly #settings: PluginSettings;
  readonly #log: Logger;
  readonly #modules: PluginModules;
  #watched: readonly Watched[] = [];
  /** Another host of this process may load the same files, and modules are known by their addresses. */
  #nextNumber = crypto().randomInt(1, 2 ** 40);
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  private constructor(settings: PluginSettings, log: Logger) {
    this.#settings = settings;
    this.#log = log;
    this.#modules = new PluginModules(settings.face);
  }

  /** Loads all plugins; rejects with PluginFailure when one is not there or cannot be used. */
  static async open(settings: PluginSettings, log: Logger): Promise<PluginHost> {
    const host = new PluginHost(settings, log);
    try {
      await host.#loadAll();
    } catch (error) {
      host.stop();
      throw error;
    }
    return host;
  }

  /** In the order in which they count. */
  get plugins(): readonly LoadedPlugin[] {
    return this.#watched.map(({ loaded }) => loaded);
  }

  /** Looks for changes from now on. */
  watch(takeOver: TakeOver): void {
    this.#timer = setTimeout(async () => {
      try {
        await this.#look(takeOver);
      } catch (error) {
        this.#log.error(`plugins: ${(error as Error).stack}`);
      }
      if (!this.#stopped) this.watch(takeOver);
    }, this.#settings.pollMs);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#modules.close();
  }

  async #loadAll(): Promise<void> {
    const { folders, named } = this.#settings;
    for (const folder of folders) {
      if (folder === DEFAULT_FOLDER) continue;
      const stat = statSync(folder, { throwIfNoEntry: false });
      if (stat?.isDirectory() !== true) throw new PluginFailure(`-plugindir: ${folder} is no folder`);
    }
    const found = findPlugins(folders);
    const watched: Watched[] = [];
    const entries = new Set<string>();
    for (const { kind, name, options } of named) {
      const place = findPlugin(name, folders, found);
      if (place === null) throw new PluginFailure(`${kind} plugin ${name} not found in plugin dirs`);
      entries.add(place.entry);
      const one = await this.#loadFirst(kind, place, options);
      if (one === null) {
        throw new PluginFailure(`${kind} plugin ${name}: ${place.entry}: expected a default export, got none`);
      }
      watched.push(one);
    }
    for (const place of found.values()) {
      if (entries.has(place.entry)) continue;
      const one = await this.#loadFirst("multi", place, []);
      if (one !== null) watched.push(one);
    }
    this.#watched = watched;
  }

  /** Null for a module without default export: a part of plugins that lies beside them. */
  async #loadFirst(kind: PluginKind, place: PluginPlace, flagOptions: readonly string[]): Promise<Watched | null> {
    const files: PluginFiles = { kind, place, flagOptions, state: new Map(), versions: [], count: 0 };
    try {
      const loaded = await this.#load(files);
      return loaded === null ? null : Object.assign(files, { loaded });
    } catch (error) {
      if (!(error instanceof PluginFailure)) throw error;
      throw new PluginFailure(`${kind} plugin ${place.name}: ${error.message}`);
    }
  }

  /** Rejects with PluginFailure. */
  async #load(files: PluginFiles): Promise<LoadedPlugin | null> {
    const version = this.#versionOnDisk(files);
    const { number } = version.module;
    const isNew = version.module.files === null;
    if (isNew) files.count++;
    let loaded: LoadedPlugin | null = null;
    try {
      const declarations = await loadPlugin(this.#modules, version, this.#settings.limitMs);
      if (declarations === null) return null;
      const module = { ...version.module, files: this.#modules.files(number) };
      loaded = { version: { ...version, module }, declarations };
    } finally {
      files.state = this.#stateOf(files, number);
      if (loaded === null) this.#modules.forget(number);
    }
    if (isNew) this.#keep(files, loaded.version);
    return loaded;
  }

  #keep(files: PluginFiles, version: PluginVersion): void {
    files.versions = [...files.versions, version];
    if (files.versions.length <= KEPT_VERSIONS) return;
    this.#modules.forget(files.versions[0]!.module.number);
    files.versions = files.versions.slice(1);
  }

  /** The version that the files are now: a former one when they are as they were then. */
  #versionOnDisk({ kind, flagOptions, place, versions, count }: PluginFiles): PluginVersion {
    const options = [...confLines(place.conf), ...flagOptions];
    const { name, entry, folder } = place;
    const same = versions.findLast(({ module }) => isOnDisk(module.files!));
    if (same !== undefined) return { ...same, options };
    const { maxVersions = MAX_VERSIONS } = this.#settings;
    if (count >= maxVersions) {
      const why = "modules cannot be unloaded, so further changes need a restart";
      throw new PluginFailure(`${entry}: was loaded ${maxVersions} times: ${why}`);
    }
    return { kind, name, options, module: { number: this.#nextNumber++, entry, folder, files: null } };
  }

  #stateOf({ place }: PluginFiles, number: number): ReadonlyMap<string, string> {
    const { texts, links } = this.#modules.files(number);
    const named = [...links.keys()].filter((name) => path.isAbsolute(name));
    const files = [place.entry, place.conf, ...named, ...this.#modules.missing(number)];
    const state = new Map(files.map((file) => [file, fileState(file)]));
    // A file that was changed after it was read is looked at again.
    for (const [file, text] of texts) {
      const now = fileState(file);
      state.set(file, isText(file, text) ? now : "");
    }
    return state;
  }

  async #look(takeOver: TakeOver): Promise<void> {
    const changed = this.#watched.filter(hasChanged);
    if (changed.length === 0) return;
    await settled(changed);
    const fresh = new Map<Watched, LoadedPlugin>();
    for (const one of changed) {
      one.state = new Map(Array.from(one.state.keys(), (file) => [file, fileState(file)]));
      try {
        const loaded = await this.#load(one);
        if (loaded === null) throw new PluginFailure(`${one.place.entry}: expected a default export, got none`);
        if (!isSameVersion(loaded.version, one.loaded.version)) fresh.set(one, loaded);
      } catch (error) {
        if (!(error instanceof PluginFailure)) throw error;
        this.#log.error(staysText(one, error.message));
      }
    }
    if (fresh.size === 0 || this.#stopped) return;
    const plugins = this.#watched.map((one) => fresh.get(one) ?? one.loaded);
    const problem = await takeOver(plugins, this.plugins);
    if (this.#stopped) return;
    for (const [one, loaded] of fresh) {
      if (problem !== "") this.#log.error(staysText(one, problem));
      else {
        one.loaded = loaded;
        const text = `a new version is in force, the ${one.count}. that was loaded`;
        this.#log.info(`${one.kind} plugin ${one.place.name}: ${text}`);
      }
    }
  }
}

function staysText({ kind, place }: PluginFiles, reason: string): string {
  return `${kind} plugin ${place.name}: the last good version stays: ${reason}`;
}

function hasChanged({ state }: PluginFiles): boolean {
  for (const [file, before] of state) if (fileState(file) !== before) return true;
  return false;
}

/** Waits until the files of the plugins are left alone. */
async function settled(changed: readonly PluginFiles[]): Promise<void> {
  const look = (): string => changed.flatMap(({ state }) => [...state.keys()].map(fileState)).join();
  let before = look();
  for (;;) {
    await pause(SETTLE_MS);
    const now = look();
    if (now === before) return;
    before = now;
  }
}

/** The same code with the same options. */
export function isSameVersion(a: PluginVersion, b: PluginVersion): boolean {
  if (a.module.number !== b.module.number || a.options.length !== b.options.length) return false;
  return a.options.every((option, i) => option === b.options[i]);
}

/** What changes when a file is edited or replaced; "none" when it is not there. */
function fileState(file: string): string {
  try {
    const stat = statSync(file, { bigint: true });
    return `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}`;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "ENOENT" ? "none" : "unreadable";
  }
}

function isOnDisk({ texts, links }: ModuleFiles): boolean {
  for (const [file, text] of texts) if (!isText(file, text)) return false;
  for (const [name, file] of links) if (path.isAbsolute(name) && !leadsTo(name, file)) return false;
  return true;
}

function leadsTo(name: string, file: string): boolean {
  try {
    return realpathSync(name) === file;
  } catch {
    return false;
  }
}

function isText(file: string, text: string): boolean {
  try {
    return readFileSync(file, "utf8") === text;
  } catch {
    return false;
  }
}

/** The lines of a .conf file that say something; none when there is no file. */
function confLines(file: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new PluginFailure(openReason(cause, file));
  }
  return text.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("#"));
}
