// The flags and the usage text of the eskip command (spec eskip-cli 1 and 3).

import { parseFlags, usage } from "../config/flags.ts";
import { type OptionValues, option } from "../config/option.ts";
import { bool, string } from "../config/option-kinds.ts";
import { pluginOptions } from "../config/plugin-options.ts";

export const eskipFlags = [
  option("routes", string, "", "Inline: routes in eskip format."),
  option("ids", string, "", "Inline ids: route ids, comma separated."),
  option("etcd-urls", string, "", "URLs of etcd nodes, comma separated (http://127.0.0.1:2379,http://127.0.0.1:4001)."),
  option("etcd-prefix", string, "", "Path prefix of the routes in etcd (/skipper)."),
  option("etcd-oauth-token", string, "", "Bearer token for etcd."),
  option("insecure", bool, false, "Does not verify TLS certificates of etcd."),
  option("innkeeper-url", string, "", "Not supported any more."),
  option("oauth-token", string, "", "Not supported any more."),
  option("prepend", string, "", "Filters to put before those of each route (patch)."),
  option("append", string, "", "Filters to put behind those of each route (patch)."),
  option("prepend-file", string, "", "File with filters to put before those of each route (patch)."),
  option("append-file", string, "", "File with filters to put behind those of each route (patch)."),
  option("pretty", bool, false, "Prints one line for each filter (print)."),
  option("indent", string, "  ", "Indent of -pretty, only white space (print)."),
  option("json", bool, false, "Prints JSON (print)."),
  option(
    "strict",
    bool,
    false,
    "Fails for unknown filters and predicates and for wrong arguments, and explains errors (check).",
  ),
  ...pluginOptions,
] as const;

export type EskipFlags = OptionValues<typeof eskipFlags>;

const initial = Object.fromEntries(
  eskipFlags.map((spec) => [spec.name.replace(/-(.)/g, (_match, c: string) => c.toUpperCase()), spec.default]),
);

/** The flags with their defaults and the arguments behind them. */
export function parseEskipFlags(
  argv: readonly string[],
): { readonly flags: EskipFlags; readonly rest: readonly string[] } | { readonly error: string } {
  const result = parseFlags(eskipFlags, argv);
  if ("help" in result) return { error: "flag: help requested" };
  if ("error" in result) return result;
  // The values were read by the kinds of `eskipFlags`, so they have their types.
  return { flags: { ...initial, ...result.values } as EskipFlags, rest: result.rest };
}

export function eskipUsage(): string {
  return `Usage: eskip <command> [media flags] [--] [file]
       eskip diff A B
Commands: check|print|upsert|reset|delete|patch|diff|version

Verifies, prints, patches, stores and deletes routes in eskip format.

Media:
innkeeper       not supported any more
etcd            -etcd-urls, -etcd-prefix: routes stored in etcd
stdin           routes from standard input, when it is not a terminal and no file is given
file            routes from the file
inline          -routes: routes in the argument
inline ids      -ids: ids of the routes to delete
prepend         -prepend: filters to put before those of each route
prepend file    -prepend-file: the same from a file
append          -append: filters to put behind those of each route
append file     -append-file: the same from a file

Commands:
check   checks the routes: eskip check routes.eskip
print   prints the routes: eskip print -pretty routes.eskip
upsert  inserts or updates routes in etcd: eskip upsert routes.eskip
reset   makes etcd hold exactly these routes: eskip reset -etcd-prefix /skipper routes.eskip
delete  deletes routes from etcd: eskip delete -ids route1,route2
patch   prints the routes with more filters: eskip patch -append 'status(404)' routes.eskip
diff    compares two tables, each a file, -, a URL (a routes document, or /routes of a support listener), or kubernetes:FILE, what a
        Route Server with the configuration FILE (as -config-file) would serve; kubernetes: alone is a cluster at http://localhost:8001
        eskip diff http://127.0.0.1:9911/routes http://127.0.0.1:9990/routes; exit code 0: equal, 1: different, 255: failed
version prints the version: eskip version

${usage("eskip", eskipFlags)}`;
}
