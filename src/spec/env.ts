// What filters need from outside, given to `create`; a test passes its own. It grows by one field per service, never per filter.

import type { Coding } from "../http/content-coding.ts";
import type { Logger } from "../observability/log.ts";
import type { RequestCopy } from "./context.ts";
import type { ResponseStore } from "./response-store.ts";
import type { RouteQueues } from "./route-queue.ts";
import type { SecondLevel } from "./second-level.ts";

/** What lua() may do (spec filters 13): the flags -enable-lua and -lua-*. */
export interface LuaOptions {
  readonly enabled: boolean;
  /** Libraries and modules that scripts see; empty: all. */
  readonly modules: readonly string[];
  /** `file`, `inline`, `none` and folders of files; empty: file and inline. */
  readonly sources: readonly string[];
  /** Of one call of a function, and of the values of one interpreter. */
  readonly maxInstructions: number;
  readonly maxMemoryBytes: number;
}

/** The flags that filters read; a declaration names its own in `options`. */
export interface FilterOptions {
  /** -compress-encodings, in order of preference; empty for the built-in order. */
  readonly compressEncodings: readonly Coding[];
  /** -max-matcher-buffer-size in bytes. */
  readonly maxMatcherBufferBytes: number;
  /** -max-audit-body in bytes; negative: no limit. */
  readonly maxAuditBodyBytes: number;
  /** PEM of the certificates that mtlsAuthn() trusts, and whether it also trusts those of the system. */
  readonly mtlsAuthorities: readonly string[];
  readonly mtlsTrustsSystem: boolean;
  readonly lua: LuaOptions;
}

/** The body of a copy. What it gives must stay as it is until the next piece is asked for. */
export interface CopyBody extends AsyncIterable<Uint8Array> {
  /** Set by who reads it: to be called when the rest will not come, without waiting until it is asked for. */
  onGivenUp?: (() => void) | null;
}

/** What became of a copy. */
export interface CopyEnd {
  /** `dropped`: too many are under way in this worker. `upgrade`: such a request cannot be copied. `broken`: the response broke off. */
  readonly outcome: "complete" | "broken" | "dropped" | "upgrade";
  /** Of the response, which may be an error of the proxy; 0 when there is none. */
  readonly status: number;
}

export interface FilterEnv {
  readonly options: FilterOptions;
  readonly log: Logger;
  /** Writes a line, without line break, to standard error as it is; when nobody reads there it is dropped. */
  audit(line: string): void;
  /** Milliseconds since 1970. */
  now(): number;
  /** A random number in [0, 1). */
  random(): number;
  /** Adds to the counter `<filter name>.custom.<key>` (spec observability 6). */
  count(filterName: string, key: string, by: number): void;
  /** What filters share in this worker, like connections: `make` is called for the first who asks for `name`. */
  shared<T>(name: string, make: () => T): T;
  /**
   * Sends a copy through the routing table, after the present turn of the event loop, and drops the response; never rejects. `body`
   * is read as fast as the backend takes it, and replaces the body of the request (null: none); when it throws, the copy breaks off.
   */
  routeCopy(copy: RequestCopy, body: CopyBody | null): Promise<CopyEnd>;
  /** The queues of the fifo and lifo filters. */
  readonly queues: RouteQueues;
  /** The responses that the process has stored. */
  readonly cache: ResponseStore;
  /** What this and other proxies have stored outside; null without -cache-second-level-urls. */
  readonly secondLevel: SecondLevel | null;
}
