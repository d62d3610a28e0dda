// Starts the project's own proxy for a benchmark: from bin/skipper, or from another checkout named by --skipper to compare two.

import { writeFileSync } from "node:fs";
import path from "node:path";
import { freePort, type Running, start, subjectCore, workFolder } from "./running.ts";

export interface SkipperOptions {
  /** Path of the launcher. */
  readonly launcher: string;
  /** Name in the tables. */
  readonly name: string;
  /** Files with routes; each entry is one file of -routes-file. */
  readonly routesFiles: readonly string[];
  /** Further flags. */
  readonly flags?: readonly string[];
}

/** The flags of the load scenarios: the forwarded headers that the peers set too, metrics as they are by default, no access log, and
 * counts instead of one log line for each of up to 800,000 routes. */
export const loadFlags: readonly string[] = [
  "-forwarded-headers=X-Forwarded-For,X-Forwarded-Host,X-Forwarded-Proto=http",
  "-access-log-disabled",
  "-suppress-route-update-logs",
  "-wait-first-route-load",
];

export async function startSkipper(options: SkipperOptions): Promise<Running> {
  const port = await freePort();
  const supportPort = await freePort();
  const args = [`-address=127.0.0.1:${port}`, `-support-listener=127.0.0.1:${supportPort}`];
  if (options.routesFiles.length > 0) args.push(`-routes-file=${options.routesFiles.join(",")}`);
  return start(options.name, subjectCore, port, options.launcher, [...args, ...(options.flags ?? [])]);
}

/** Writes a routes file into the folder of this run and gives its path. */
export function routesFile(name: string, text: string): string {
  const file = path.join(workFolder(), name);
  writeFileSync(file, text);
  return file;
}
