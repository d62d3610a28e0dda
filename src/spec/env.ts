// What filters need from outside, given to `create`; a test passes its own. It grows by one field per service, never per filter.

import type { Logger } from "../observability/log.ts";

export interface FilterEnv {
  readonly log: Logger;
  /** Milliseconds since 1970. */
  now(): number;
  /** A random number in [0, 1). */
  random(): number;
  /** Adds to the counter `<filter name>.custom.<key>` (spec observability 6). */
  count(filterName: string, key: string, by: number): void;
}
