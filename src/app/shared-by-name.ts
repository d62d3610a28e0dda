// What filters of one thread share (FilterEnv.shared), such as connections: made for the first who asks, kept as long as the thread.

import type { FilterEnv } from "../spec/env.ts";

export function sharedByName(): FilterEnv["shared"] {
  const made = new Map<string, unknown>();
  return <T>(name: string, make: () => T): T => {
    if (!made.has(name)) made.set(name, make());
    // One name has one maker.
    return made.get(name) as T;
  };
}
