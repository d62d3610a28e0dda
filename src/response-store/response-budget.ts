// How much memory the response store may take (spec filters 9.5): a quarter of what the container has, read once at start.

import { readFileSync } from "node:fs";

const SHARE = 0.25;
/** Without a limit. */
const DEFAULT_BYTES = 2 * 2 ** 30;
/** Version 1 writes a limit that no machine has when there is none. */
const NO_LIMIT_BYTES = 2 ** 60;

/** Where version 2 and version 1 of control groups say the limit. */
const LIMIT_FILES = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];

/** Bytes of heads and bodies. `read` gives the text of a file, "" when there is none. */
export function responseBudget(read: (path: string) => string = readIfThere): number {
  for (const path of LIMIT_FILES) {
    const text = read(path).trim();
    if (!/^\d+$/.test(text)) continue;
    const bytes = Number(text);
    if (bytes > 0 && bytes < NO_LIMIT_BYTES) return Math.floor(bytes * SHARE);
  }
  return DEFAULT_BYTES;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
