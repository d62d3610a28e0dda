// The second level of cache(): from the flags to what a worker opens.

import type { Options } from "../config/options.ts";
import { parseServerAddresses } from "../response-store/second-level/server-address.ts";
import type {
  SecondLevelSettings,
  SharedSecondLevel,
  SharedSecondLevelOptions,
} from "../response-store/second-level/shared-second-level.ts";

/** What is wrong with the flags, "" when nothing is. */
export function checkSecondLevel(options: Options): string {
  const servers = parseServerAddresses(options.cacheSecondLevelUrls);
  if ("error" in servers) return `invalid cache-second-level-urls: ${servers.error}`;
  if (options.cacheSecondLevelTimeout > 0) return "";
  return `invalid cache-second-level-timeout: expected a duration above zero, got ${options.cacheSecondLevelTimeout}ms`;
}

/** Null: there is none. Throws with a message for the fatal line. */
export function secondLevelSettings(options: Options): SecondLevelSettings | null {
  if (options.cacheSecondLevelUrls.length === 0) return null;
  const servers = parseServerAddresses(options.cacheSecondLevelUrls);
  if ("error" in servers) throw new Error(`-cache-second-level-urls: ${servers.error}`);
  return { servers, timeoutMs: options.cacheSecondLevelTimeout };
}

/** The library that talks to the servers is loaded only where there are some. */
export async function openSecondLevel(
  settings: SecondLevelSettings | null,
  options: Omit<SharedSecondLevelOptions, "settings">,
): Promise<SharedSecondLevel | null> {
  if (settings === null) return null;
  const { SharedSecondLevel } = await import("../response-store/second-level/shared-second-level.ts");
  return SharedSecondLevel.open({ ...options, settings });
}
