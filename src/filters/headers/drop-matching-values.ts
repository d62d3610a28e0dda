// The common part of dropRequestHeaderRegexp and dropResponseHeaderRegexp (spec filters 6.1).

import type { Headers } from "../../http/headers.ts";
import type { CompiledRegexp } from "../../util/regexp.ts";

/** Removes the values in which `pattern` matches; leaves the header alone when its first value is empty or absent. */
export function dropMatchingValues(headers: Headers, name: string, pattern: CompiledRegexp): void {
  if (!headers.get(name)) return;
  const values = headers.getAll(name);
  const kept = values.filter((value) => !pattern.test(value));
  if (kept.length === values.length) return;
  headers.delete(name);
  for (const value of kept) headers.append(name, value);
}
