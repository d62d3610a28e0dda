// One resource of the API kept in step: listed once, then watched; listed again when the watch cannot be taken up where it ended.
// A list gives the difference to what is known. Where watching is refused, or not wished for, the list is polled.
//
//   LIST --> WATCH --(ended, broken, silent)--> WATCH from the last version
//     ^        |---(410, garbage, or errors again and again)--> LIST
//     |        `---(400, 403, 404, 405, or ends at once again and again)--> POLL: LIST every pollMs; a try to watch now and then
//     `--(any failure)-- pause that grows
//
// An empty list where objects were known is doubted: the more were known, the more empty lists in a row it takes, one poll interval
// apart, until they are believed to be gone (`emptyListsNeeded`).

import type { Logger } from "../observability/log.ts";
import { LONGEST_TIMER_MS } from "../util/longest-timer.ts";
import type { ApiClient } from "./api-client.ts";
import { ApiError } from "./api-error.ts";
import { member, text } from "./json-fields.ts";
import { type KubernetesObject, keyOf } from "./objects.ts";

/** Whether a resource is there: `unknown` counts as absent, but is looked at again soon. */
export type Installation = "installed" | "absent" | "unknown";

/** Where the objects of one resource are kept, by `namespace/name`. */
export interface ObjectStore {
  readonly size: number;
  /** The resourceVersion of an object, undefined when it is not known. */
  version(key: string): string | undefined;
  /** A whole list: `changed` are put, and what is not in `present` is gone. */
  listed(changed: readonly KubernetesObject[], present: ReadonlySet<string>): void;
  put(object: KubernetesObject): void;
  delete(key: string): void;
}

export interface WatchTiming {
  /** Pause between two lists where a resource is polled; other pauses are measured by it. */
  readonly pollMs: number;
  /** After this time, and up to a fifth more, the server ends a watch. */
  readonly watchSeconds: number;
  /** A watch on which nothing comes for so long is given up. Servers send a bookmark every minute. */
  readonly idleMs: number;
  /** Watching is tried again so long after it was refused. */
  readonly retryWatchMs: number;
  /** After this time, and up to a half more, a watch that ends is followed by a list: whatever was missed is found then. */
  readonly relistMs: number;
}

export interface ResourceWatchOptions {
  /** For messages: the plural name of the resource. */
  readonly name: string;
  readonly path: string;
  /** Value of labelSelector, "" for none. */
  readonly selector: string;
  readonly client: ApiClient;
  readonly store: ObjectStore;
  /** The object, or null when it is left out. What it throws fails the list. */
  decode(json: unknown): KubernetesObject | null;
  /** Looked at before each list; what it throws fails the list. */
  readonly installation: (() => Promise<Installation>) | null;
  /** False: only polls. */
  readonly watch: boolean;
  readonly timing: WatchTiming;
  readonly log: Logger;
  /** The store is in step with the API: after each list, and when a watch was taken up. */
  inStep(): void;
  /** A list or a watch failed; the store stays as it is. */
  failed(error: Error): void;
}

/** Failures in a row that double the pause. */
const MAX_DOUBLINGS = 10;
const LONGEST_PAUSE_POLLS = 5;
/** Answers with an error in a row after which the last version is not asked for any more. */
const MAX_RESUMES = 3;
/** A watch that ends sooner than this counts as a failure, or two processes could keep each other busy. */
const SHORT_WATCH_MS = 1000;
/** So many of them in a row are as good as a refusal. */
const MAX_SHORT_WATCHES = 8;
/** Absent resources are looked for at every so many polls. */
const ABSENT_POLLS = 10;
const MAX_EMPTY_LISTS = 10;
const refusals = [400, 403, 404, 405];

/** Empty lists in a row, after the first, that it takes to believe that so many objects are gone. */
export function emptyListsNeeded(known: number): number {
  return Math.min(known, MAX_EMPTY_LISTS);
}

/** The server says that it cannot go on from the last version. */
class Gone extends Error {}

/** An empty list that is not believed yet. */
class Doubt extends Error {}

export class ResourceWatch {
  readonly #options: ResourceWatchOptions;
  #stopped = false;
  #wake: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  /** Where the watch goes on; "": list first. */
  #version = "";
  /** The newest version that a list or event had. */
  #newest = 0;
  #everListed = false;
  #failures = 0;
  #resumes = 0;
  #emptyLists = 0;
  #isPaged = true;
  #trustsVersions = true;
  /** performance.now() after which a list is due. */
  #listDue = 0;
  /** performance.now() before which watching is not tried again. */
  #pollUntil = 0;
  #refusalLogged = false;
  #shortWatches = 0;

  constructor(options: ResourceWatchOptions) {
    this.#options = options;
  }

  /** Of the resource, as it was given. */
  get name(): string {
    return this.#options.name;
  }

  /** The newest version that was seen; 0 before the first list. */
  get version(): number {
    return this.#newest;
  }

  start(): void {
    void this.#run();
  }

  /** What is under way ends with the client. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#wake();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      let pauseMs: number;
      try {
        pauseMs = this.#version === "" ? await this.#list() : await this.#watch();
      } catch (error) {
        if (this.#stopped) return;
        pauseMs = this.#failed(error as Error);
      }
      if (pauseMs > 0) await this.#pause(pauseMs);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stopped) resolve();
      else this.#timer = setTimeout(resolve, Math.min(ms, LONGEST_TIMER_MS));
      this.#wake = resolve;
    });
  }

  /** Gives the pause before the next step, as the other steps do. */
  #failed(error: Error): number {
    const { pollMs } = this.#options.timing;
    if (error instanceof Gone) {
      // All proxies of a cluster hear this at the same time.
      this.#version = "";
      return Math.random() * this.#growing(pollMs);
    }
    this.#options.failed(error);
    if (error instanceof Doubt) return pollMs;
    const pauseMs = this.#growing(pollMs / 10) * (0.5 + Math.random() / 2);
    return Math.max(pauseMs, error instanceof ApiError ? error.retryAfterMs * (1 + Math.random() / 4) : 0);
  }

  /** `firstMs`, doubled for each failure in a row. */
  #growing(firstMs: number): number {
    const { pollMs } = this.#options.timing;
    const longestMs = this.#everListed ? LONGEST_PAUSE_POLLS * pollMs : pollMs;
    return Math.min(firstMs * 2 ** Math.min(this.#failures++, MAX_DOUBLINGS), longestMs);
  }

  async #list(): Promise<number> {
    const { installation, timing } = this.#options;
    const state = installation === null ? "installed" : await installation();
    const found = state === "installed" ? await this.#read() : { changed: [], present: new Set<string>(), version: "" };
    if (this.#stopped) return 0;
    this.#believe(found.present.size);
    this.#options.store.listed(found.changed, found.present);
    this.#everListed = true;
    this.#options.inStep();
    if (state === "absent") {
      this.#pollUntil = 0;
      return timing.pollMs * ABSENT_POLLS;
    }
    if (this.#options.watch && found.version !== "" && performance.now() >= this.#pollUntil) {
      this.#version = found.version;
      this.#listDue = performance.now() + timing.relistMs * (1 + Math.random() / 2);
      return 0;
    }
    this.#failures = 0;
    return timing.pollMs;
  }

  #believe(found: number): void {
    const { name, store } = this.#options;
    if (found > 0 || store.size === 0) this.#emptyLists = 0;
    else if (this.#emptyLists < emptyListsNeeded(store.size)) {
      this.#emptyLists++;
      throw new Doubt(`the list of ${name} is empty while ${store.size} are known: they stay until more lists say so`);
    } else this.#emptyLists = 0;
  }

  /** What a list says, as the difference to the store. */
  async #read(): Promise<{ changed: KubernetesObject[]; present: Set<string>; version: string }> {
    const { client, path, selector, store, decode } = this.#options;
    const present = new Set<string>();
    const changed: KubernetesObject[] = [];
    const take = (item: unknown): void => {
      const metadata = member(item, "metadata");
      const key = rawKey(metadata);
      const known = this.#trustsVersions && key !== "" ? store.version(key) : undefined;
      if (known !== undefined && known !== "" && known === text(metadata, "resourceVersion")) {
        present.add(key);
        return;
      }
      const object = decode(item);
      if (object === null) return;
      present.add(keyOf(object));
      changed.push(object);
    };
    try {
      const version = await client.list(path, selector, this.#isPaged, take);
      this.#isPaged = true;
      // Where the versions went back, an object may have a known one and be another all the same: read anew as a whole.
      this.#trustsVersions = this.#advance(version);
      return this.#trustsVersions ? { changed, present, version } : this.#read();
    } catch (error) {
      // A list that expires between its pages is read in one piece the next time.
      if (error instanceof ApiError && error.status === 410) this.#isPaged = false;
      throw error;
    }
  }

  /** Notes a version; false when it is older than one before: the server's storage was set back. */
  #advance(version: string): boolean {
    const number = Number(version);
    if (!Number.isFinite(number)) return true;
    const isNewer = number >= this.#newest;
    this.#newest = number;
    return isNewer;
  }

  async #watch(): Promise<number> {
    const { client, path, selector, timing, inStep } = this.#options;
    const startedAt = performance.now();
    let isOpen = false;
    let inOrder: boolean;
    try {
      inOrder = await client.watch(path, selector, {
        resourceVersion: this.#version,
        seconds: Math.ceil(timing.watchSeconds * (1 + Math.random() / 5)),
        idleMs: timing.idleMs,
        opened: () => {
          isOpen = true;
          this.#resumes = 0;
          inStep();
        },
        event: (event) => this.#take(event),
      });
    } catch (error) {
      if (isOpen) this.#wasShort(startedAt);
      return this.#watchFailed(error as Error, isOpen);
    }
    if (this.#wasShort(startedAt)) {
      return ++this.#shortWatches >= MAX_SHORT_WATCHES
        ? this.#refused("it ends at once")
        : this.#growing(timing.pollMs / 10);
    }
    if (performance.now() >= this.#listDue) this.#version = "";
    return inOrder ? 0 : Math.random() * (timing.pollMs / 10);
  }

  /** False for a watch that had its time: whatever failed before is over. */
  #wasShort(startedAt: number): boolean {
    if (performance.now() - startedAt < Math.min(SHORT_WATCH_MS, this.#options.timing.pollMs)) return true;
    this.#failures = 0;
    this.#shortWatches = 0;
    this.#refusalLogged = false;
    return false;
  }

  /** Back to polling for some time. */
  #refused(reason: string): number {
    const { name, timing, log } = this.#options;
    const seconds = timing.pollMs / 1000;
    if (!this.#refusalLogged) log.warn(`cannot watch ${name}, polling every ${seconds}s instead: ${reason}`);
    this.#refusalLogged = true;
    this.#version = "";
    this.#shortWatches = 0;
    this.#pollUntil = performance.now() + timing.retryWatchMs;
    return 0;
  }

  #watchFailed(error: Error, isOpen: boolean): number {
    const status = error instanceof ApiError ? error.status : 0;
    if (status === 410) throw new Gone();
    if (refusals.includes(status)) return this.#refused(error.message);
    // Events may be lost in what could not be understood. A server that answers with errors may not know the version any more.
    if (isOpen || (status > 0 && ++this.#resumes >= MAX_RESUMES)) {
      this.#resumes = 0;
      this.#version = "";
    }
    throw error;
  }

  #take(event: unknown): void {
    const { store, decode, name } = this.#options;
    const object = member(event, "object");
    const metadata = member(object, "metadata");
    const type = text(event, "type");
    if (type === "ERROR") {
      const code = member(object, "code");
      if (code === 410) throw new Gone();
      throw new ApiError(`the watch of ${name} ended: ${text(object, "message")}`);
    }
    const version = text(metadata, "resourceVersion");
    if (type === "ADDED" || type === "MODIFIED") {
      const decoded = decode(object);
      if (decoded === null) store.delete(rawKey(metadata));
      else store.put(decoded);
    } else if (type === "DELETED") store.delete(rawKey(metadata));
    else if (type !== "BOOKMARK") throw new ApiError(`the watch of ${name} sent an unknown event: ${type}`);
    if (version === "") return;
    this.#version = version;
    this.#advance(version);
  }
}

/** `namespace/name` as the API wrote it; "" when it has no namespace or no name. */
function rawKey(metadata: unknown): string {
  const namespace = text(metadata, "namespace");
  const name = text(metadata, "name");
  return namespace === "" || name === "" ? "" : `${namespace}/${name}`;
}
