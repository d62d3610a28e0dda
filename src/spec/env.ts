// What filters need from outside, given to `create`; a test passes its own. It grows by one field per service, never per filter.

import type { Coding } from "../http/content-coding.ts";
import type { Logger } from "../observability/log.ts";

/** The flags that filters read; a declaration names its own in `options`. */
export interface FilterOptions {
  /** -compress-encodings, in order of preference; empty for the built-in order. */
  readonly compressEncodings: readonly Coding[];
  /** -max-matcher-buffer-size in bytes. */
  readonly maxMatcherBufferBytes: number;
  /** -max-audit-body in bytes; negative: no limit. */
  readonly maxAuditBodyBytes: number;
}

export interface FilterEnv {
  readonly options: FilterOptions;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  now(): number;
  /** A random number in [0, 1). */
  random(): number;
  /** Adds to the counter `<filter name>.custom.<key>` (spec observability 6). */
  count(filterName: string, key: string, by: number): void;
}
