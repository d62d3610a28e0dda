// Source of routes: an eskip document on a server, polled with its ETag (spec route-sources 2.3). The first download must succeed, or a
// table from the disk must take its place; from then on whatever fails leaves the last routes in force. An answer without routes counts
// only when the server says so.
//
// A Route Server of ours sends what changed instead of everything, and holds its answer back until there is a change; from any other
// server the whole document comes at every poll that finds another one. Tag, versions and routes are taken over together.

import { parseDelta, ROUTE_DELTA } from "../eskip/route-delta.ts";
import type { Logger } from "../observability/log.ts";
import type { DataClient, DataClientHost } from "../spec/data-client.ts";
import { type Download, Downloader, DownloadFailure } from "./download.ts";
import { failureText, placeOf, type ReplicaFailure } from "./replica-failures.ts";
import { ContentFailure, MemoryContent } from "./route-content.ts";
import { RouteDocument } from "./route-document.ts";
import { type Replica, RouteReplicas } from "./route-replicas.ts";
import { type CachedRoutes, type KeptTable, RoutesCache } from "./routes-cache.ts";
import type { ServerCredentials } from "./server-credentials.ts";
import { TableAge } from "./table-age.ts";
import { OlderTables, parseVersions, printVersions, type TableVersions, VERSIONS_HEADER } from "./table-versions.ts";

export interface RoutesUrlOptions {
  /** One URL, or those of several replicas with a bar between each two. */
  readonly url: string;
  /** Pause between two polls in milliseconds. */
  readonly pollMs: number;
  /** Limit of one download in milliseconds, 0: none. */
  readonly timeoutMs: number;
  /** How long a Route Server may hold an answer back until there is a change, in milliseconds; 0: not at all. */
  readonly waitMs: number;
  /** Where the last good table is kept; "": nowhere. */
  readonly cacheFile: string;
  /** Null: nothing is shown to the servers. */
  readonly credentials: ServerCredentials | null;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Logger;
}

/** What a Route Server makes its tags of: the hash of the text, perhaps with the name of an encoding. */
const HASH_TAG = /^"([0-9a-f]{64})(?:\+gzip)?"$/;
/** The number of clients that a Route Server has; told to those that ask for deltas. */
const CLIENTS_HEADER = "routes-clients";
/** Between an answer that waited and the next request. */
const AGAIN_MS = 10;

/** Wants to know whether the servers answer, and has another source for the time when they do not. */
export interface ServerObserver {
  /** How far the cluster was seen by that other source while its table is in force, else an empty map: older tables are refused. */
  versions(): TableVersions;
  /** A server has given a table, or confirmed the one that was there; it was delivered. */
  answered(): void;
  /** A load is over, and no replica has given a table that can be used. */
  silent(reason: string): void;
}

/** How a server may answer. */
interface Wish {
  readonly mayDelta: boolean;
  readonly mayWait: boolean;
}

export class RoutesUrl implements DataClient {
  readonly name = "eskipfile-remote";
  readonly #options: RoutesUrlOptions;
  readonly #downloader: Downloader;
  readonly #document: RouteDocument;
  readonly #replicas: RouteReplicas;
  readonly #cache: RoutesCache | null;
  readonly #older = new OlderTables();
  /** Of what was delivered last; also when another source has taken over. */
  readonly age = new TableAge();
  #observer: ServerObserver | null = null;
  /** What is on disk, or will be, is a table of the servers. */
  #isOwnKept = true;
  #fleet = 0;
  #host: DataClientHost | null = null;
  #timer: NodeJS.Timeout | undefined;
  #etag = "";
  #versions: TableVersions = new Map();
  /** Why the content that the ETag stands for was refused, "" when it was not. */
  #refused = "";
  /** True until a load succeeds: at first, and after an update that failed. */
  #fullLoad = true;
  /** The next answer will be held back until its time: there need not be a pause before the request. */
  #goesOn = false;

  constructor(options: RoutesUrlOptions) {
    const { url, timeoutMs, cacheFile, credentials, env, log } = options;
    this.#options = options;
    this.#document = new RouteDocument(url);
    this.#downloader = new Downloader(timeoutMs, env, credentials);
    this.#replicas = new RouteReplicas(url, env);
    this.#cache = cacheFile === "" ? null : new RoutesCache(cacheFile, url, log);
  }

  /** Before the start. With an observer a failed first download does not stop the process: it has another source. */
  observe(observer: ServerObserver): void {
    this.#observer = observer;
  }

  get url(): string {
    return this.#options.url;
  }

  /** How far the cluster was seen in the table of the servers; empty when they do not say. */
  get versions(): TableVersions {
    return this.#versions;
  }

  /** The number of proxies as the Route Servers see it; 0 when none has told it yet. */
  get fleet(): number {
    return this.#fleet;
  }

  /** Hands the whole table of the servers over once more, after another source has written to the same host. */
  deliver(host: DataClientHost): void {
    this.#document.deliver(host);
  }

  /** Keeps the table of another source on disk, until a server has given one: it is asked for it when the file is written. */
  keep(table: () => KeptTable | null): void {
    this.#isOwnKept = false;
    this.#cache?.save(table);
  }

  async start(host: DataClientHost): Promise<void> {
    const { url, log } = this.#options;
    log.info(`Watch routes url: ${JSON.stringify(url)}`);
    this.#host = host;
    const cached = (await this.#cache?.load()) ?? null;
    // A table that has seen less than the one of the disk is not taken at the start either.
    if (cached !== null) this.#versions = parseVersions(cached.versions);
    let reason = await this.#load(host);
    const isFromDisk = reason !== "" && cached !== null && this.#startFrom(cached, host, reason);
    if (reason !== "" && cached !== null && !isFromDisk) {
      this.#versions = noVersions;
      reason = await this.#load(host);
    }
    if (reason !== "" && this.#refused === "" && !isFromDisk && this.#observer === null) {
      this.stop();
      throw new Error(`error while loading routes from url ${url}: ${reason}`);
    }
    if (reason !== "") this.#reportLoad(host, reason);
    this.#pollLater();
  }

  stop(): void {
    this.#host = null;
    clearTimeout(this.#timer);
    this.#cache?.stop();
    this.#downloader.close();
  }

  #pollLater(): void {
    if (this.#host === null) return;
    this.#timer = setTimeout(
      async () => {
        if (this.#host !== null) await this.#poll(this.#host);
        this.#pollLater();
      },
      this.#goesOn ? AGAIN_MS : this.#options.pollMs,
    );
  }

  /** An update, or after one that failed a full load; the two differ only in what is said when they fail. */
  async #poll(host: DataClientHost): Promise<void> {
    this.#goesOn = false;
    if (!this.#fullLoad) {
      const reason = await this.#load(host);
      if (reason === "" || this.#host === null) return;
      this.#reportUpdate(host, reason);
    }
    const reason = await this.#load(host);
    if (reason !== "" && this.#host !== null) this.#reportLoad(host, reason);
  }

  /** From one replica after the other until one works; the reasons of all when none does, else "". */
  async #load(host: DataClientHost): Promise<string> {
    const failures: ReplicaFailure[] = [];
    for (const replica of await this.#replicas.list()) {
      if (this.#host === null) return "";
      // After a fault the next replica is asked at once what it has; waiting is for later.
      const reason = await this.#loadFrom(replica, host, { mayDelta: true, mayWait: failures.length === 0 });
      if (reason === "") {
        this.#replicas.use(replica);
        if (failures.length > 0) {
          this.#options.log.warn(`${failureText(failures)}; going on with ${placeOf(replica)}`);
        }
        if (this.#host !== null) this.#answered();
        return "";
      }
      failures.push({ replica, reason });
      this.#replicas.failed();
    }
    this.#goesOn = false;
    const reason = failureText(failures);
    if (this.#host !== null) this.#observer?.silent(reason);
    return reason;
  }

  /** One download and what follows from it; the reason when it failed, else "". */
  async #loadFrom(replica: Replica, host: DataClientHost, { mayDelta, mayWait }: Wish): Promise<string> {
    const { url } = replica;
    try {
      const waitMs = mayWait && this.#etag !== "" && !this.#fullLoad ? this.#options.waitMs : 0;
      const startedAt = performance.now();
      const answer = await this.#downloader.get({ ...replica, headers: this.#wishes(mayDelta, waitMs), waitMs });
      if (this.#host === null) return "";
      const { status, headers } = answer;
      this.#noteFleet(headers[CLIENTS_HEADER]);
      const isHeld = headers["preference-applied"] === "wait";
      // A server that says so and answers at once must not keep us busy.
      const hasWaited = isHeld && (status !== 304 || performance.now() - startedAt > waitMs / 2);
      const canWait = headers[VERSIONS_HEADER] !== undefined && status !== 304 && this.#options.waitMs > 0;
      this.#goesOn = hasWaited || canWait;
      const versions = parseVersions(String(headers[VERSIONS_HEADER] ?? ""));
      if (status === 304 && this.#etag !== "") {
        if (this.#isTooOld(versions, noVersions)) return tooOld(replica);
        // The table of the other source had seen more than this one had when it came.
        if (this.#elsewhere.size > 0) this.#versions = versions;
        this.#fullLoad = this.#refused !== "";
        return this.#refused;
      }
      const isDelta = status === 226 && mayDelta;
      if (status !== 200 && !isDelta) return this.#refusal(url, status);
      if (this.#isTooOld(versions, this.#versions)) return tooOld(replica);
      if (isDelta) return await this.#takeDelta(answer, versions, replica, host);
      if (answer.body.length === 0 && headers["x-count"] !== "0") {
        this.#etag = "";
        this.#refused = `remote file ${url} is empty`;
        return this.#refused;
      }
      this.#etag = headers.etag ?? "";
      this.#refused = "";
      this.#document.accept(new MemoryContent(answer.body), host);
      this.#accepted(versions);
      return "";
    } catch (cause) {
      // A delta that cannot even be read: the same one would come again.
      if (mayDelta && cause instanceof DownloadFailure && cause.status === 226 && this.#host !== null) {
        return this.#loadFrom(replica, host, { mayDelta: false, mayWait: false });
      }
      if (cause instanceof ContentFailure) this.#refused = cause.message;
      return cause instanceof Error ? cause.message : String(cause);
    }
  }

  #refusal(url: string, status: number): string {
    const shown = status === 401 || status === 403 ? (this.#options.credentials?.shown ?? "") : "";
    return `failed to download remote file ${url}, status code: ${status}${shown === "" ? "" : `, with ${shown}`}`;
  }

  #wishes(mayDelta: boolean, waitMs: number): Record<string, string> {
    const headers: Record<string, string> = {};
    if (this.#etag !== "") headers["if-none-match"] = this.#etag;
    // Also without a text to start from: whoever asks for deltas is told the versions.
    if (mayDelta && this.#refused === "") headers["a-im"] = `${ROUTE_DELTA}, gzip`;
    if (waitMs > 0) headers.prefer = `wait=${Math.ceil(waitMs / 1000)}`;
    return headers;
  }

  /** Takes the delta over when its result is the text that the server names; else the whole text is loaded. */
  async #takeDelta(
    { headers, body }: Download,
    versions: TableVersions,
    replica: Replica,
    host: DataClientHost,
  ): Promise<string> {
    const etag = headers.etag ?? "";
    const delta = parseDelta(Buffer.from(body).toString("utf8"));
    const content = delta === null ? null : this.#document.changedBy(delta);
    if (content === null || content.hash() !== HASH_TAG.exec(etag)?.[1]) {
      this.#options.log.warn(`a delta of ${placeOf(replica)} does not give the text that it names, loading all of it`);
      return this.#loadFrom(replica, host, { mayDelta: false, mayWait: false });
    }
    this.#document.accept(content, host);
    this.#etag = etag;
    this.#accepted(versions);
    return "";
  }

  #isTooOld(versions: TableVersions, present: TableVersions): boolean {
    const elsewhere = this.#elsewhere;
    return this.#older.refuses(versions, elsewhere.size > 0 ? elsewhere : present);
  }

  get #elsewhere(): TableVersions {
    return this.#observer?.versions() ?? noVersions;
  }

  /**
   * A proxy keeps to one replica, so each sees a part of the fleet; one that has just started sees few for a moment, and a smaller
   * number counts by and by.
   */
  #noteFleet(clients: string | string[] | undefined): void {
    if (!/^[1-9]\d{0,6}$/.test(String(clients))) return;
    const told = Number(clients) * this.#replicas.count;
    this.#fleet = told > this.#fleet ? told : Math.floor((3 * this.#fleet + told) / 4);
  }

  #answered(): void {
    this.age.confirm("routes-url");
    if (!this.#isOwnKept) this.#keepOwn();
    this.#observer?.answered();
  }

  #accepted(versions: TableVersions): void {
    this.#versions = versions;
    this.#fullLoad = false;
    this.#keepOwn();
  }

  #keepOwn(): void {
    this.#isOwnKept = true;
    this.#cache?.save(() => {
      // There is one: it was accepted.
      return { text: this.#document.text!, etag: this.#etag, versions: printVersions(this.#versions) };
    });
  }

  /** Puts the table of the disk in force in place of a first download; false when it cannot be used. */
  #startFrom(cached: CachedRoutes, host: DataClientHost, reason: string): boolean {
    const { log, cacheFile } = this.#options;
    try {
      this.#document.accept(new MemoryContent(cached.text), host);
    } catch (cause) {
      log.error(`routes cache file ${cacheFile} cannot be used: ${(cause as Error).message}`);
      return false;
    }
    this.#etag = cached.etag;
    this.#refused = "";
    this.age.confirm("cache-file", cached.savedMs);
    const time = new Date(cached.savedMs).toISOString();
    log.warn(`${reason}; starting with the routes of ${cacheFile} from ${time}`);
    return true;
  }

  #reportUpdate(host: DataClientHost, reason: string): void {
    const { log, url } = this.#options;
    this.#fullLoad = true;
    log.error("LoadUpdate from remote URL failed. Trying to LoadAll");
    log.error(
      `RemoteEskipFile LoadUpdate ${url} failed. Skipper continues to serve the last successfully updated routes. Error: ${reason}`,
    );
    host.failed(false, reason);
  }

  #reportLoad(host: DataClientHost, reason: string): void {
    this.#options.log.error("LoadAll from remote URL failed. Continue using the last loaded routes");
    host.failed(true, reason);
  }
}

const noVersions: TableVersions = new Map();

function tooOld(replica: Replica): string {
  return `the table of ${placeOf(replica)} is older than the one in force`;
}
