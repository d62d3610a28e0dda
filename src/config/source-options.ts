// Options of the sources of routes and of what happens to definitions before they are used (spec route-sources 1 and 4).

import { option } from "./option.ts";
import { bool, duration, filters, int, list, routeChange, string } from "./option-kinds.ts";

export const sourceOptions = [
  option("routes-file", string, "", "Files with eskip routes, comma separated; they are watched."),
  option(
    "routes-urls",
    list(),
    [],
    "URLs of eskip documents; they are watched, and must answer at start. Replicas of one source: a bar between each two.",
  ),
  option(
    "routes-urls-wait",
    duration,
    30_000,
    "How long a Route Server may hold an answer back until there is a change. 0: it is polled.",
  ),
  option(
    "routes-cache-file",
    string,
    "",
    "File with the last good table of -routes-urls, for a start while no server answers; `.2` and so on for further sources. Empty: none.",
  ),
  option(
    "routes-shadow-url",
    string,
    "",
    "Routes of a Route Server that the table in force is compared with now and then; see the metrics routes.shadow.*. Empty: none.",
  ),
  option("routes-shadow-interval", duration, 60_000, "Time between two such comparisons, at least 100ms."),
  option("inline-routes", string, "", "Routes on the command line."),
  option("etcd-urls", string, "", "URLs of etcd nodes, comma separated."),
  option("etcd-prefix", string, "/skipper", "Prefix of the keys in etcd."),
  option("etcd-timeout", duration, 1000, "Limit of each etcd request, and the time of a long poll."),
  option("etcd-insecure", bool, false, "Does not verify TLS certificates of etcd."),
  option("etcd-oauth-token", string, "", "Bearer token for etcd."),
  option("etcd-username", string, "", "User for etcd, with -etcd-password and without a token."),
  option("etcd-password", string, "", "Password for etcd."),
  option(
    "source-poll-timeout",
    int,
    3000,
    "Milliseconds between two polls of a source, and the limit of one request of -routes-urls. 0 or less: 30 ms and no limit.",
  ),
  option("wait-first-route-load", bool, false, "The listener opens after every source delivered its first routes."),
  option("ensure-dataclients", list(), [], "Names of sources that must be configured, else the start fails."),
  option("suppress-route-update-logs", bool, false, "Logs the number of changed routes instead of each route."),
  option("default-filters-prepend", filters, [], "Filters put before those of every route."),
  option("default-filters-append", filters, [], "Filters put after those of every route."),
  option("disabled-filters", list(), [], "Names of filters that cannot be used; routes with them are invalid."),
  option("edit-route", routeChange, [], "Changes the text of predicates and filters of matching routes."),
  option("clone-route", routeChange, [], "Adds changed copies of matching routes."),
  option("forward-backend-url", string, "", "Address that <forward> stands for."),
  option("dev-mode", bool, false, "Accepted, without effect."),
] as const;
