// Where a route hangs: at one leaf of the tree, once for each host name that it can be found by, or in the leaf's rest.

import type { Route } from "../eskip/route.ts";
import { toByteString } from "../util/bytes.ts";
import { cleanPath, treePath } from "./clean-path.ts";
import type { HostKeys } from "./host-keys.ts";
import {
  AT_EXACT,
  AT_SUBTREE,
  isLiteralPath,
  type PathPattern,
  parsePathPattern,
  treePredicate,
  unbuildableTexts,
} from "./path-pattern.ts";
import { PATHLESS_LEAF } from "./table-generation.ts";
import type { TableStore } from "./table-store.ts";

const none: readonly string[] = [];

/** Adds the entries of the newest record; for a path that no node can be made of none, and gives what the log says about it. */
export function hangRoute(
  store: TableStore,
  record: number,
  route: Route,
  ignoreTrailingSlash: boolean,
  hosts: HostKeys,
): readonly string[] {
  const leaf = leafOfRoute(store, route, ignoreTrailingSlash);
  if (typeof leaf !== "number") return unbuildableTexts(leaf, ignoreTrailingSlash);
  const keys = hosts.ofRoute(route);
  if (keys === null) store.addEntry(record, store.chainOf(leaf, null));
  else for (const key of keys) store.addEntry(record, store.chainOf(leaf, key));
  return none;
}

/** The leaf, or the pattern when it cannot be built. */
function leafOfRoute(store: TableStore, route: Route, ignoreTrailingSlash: boolean): number | PathPattern {
  const tree = treePredicate(route);
  if (tree.path === "") return PATHLESS_LEAF;
  let path = tree.path;
  if (!isPlainPath(path)) {
    if (!isLiteralPath(path)) {
      const pattern = parsePathPattern(path, tree.subtree, ignoreTrailingSlash);
      return pattern.unbuildable === "" ? store.leafOf(pattern) : pattern;
    }
    path = cleanPath(toByteString(path));
  }
  path = treePath(path, ignoreTrailingSlash && !tree.subtree);
  if (!tree.subtree) return store.leafOfPath(path, path.length, AT_EXACT);
  const end = path.endsWith("/") ? path.length - 1 : path.length;
  return store.leafOfPath(path, end, AT_SUBTREE);
}

const SLASH = 0x2f;

/** True for a clean path of ASCII characters without wildcards: nearly all are, and one look at each character tells. */
function isPlainPath(path: string): boolean {
  let before = 0;
  for (let i = 0; i < path.length; i++) {
    const c = path.charCodeAt(i);
    if (c === 0x3a || c === 0x2a || c > 0x7f || (before === SLASH && (c === SLASH || c === 0x2e))) return false;
    before = c;
  }
  return path.charCodeAt(0) === SLASH;
}
