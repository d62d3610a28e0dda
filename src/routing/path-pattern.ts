// The definition of a route's path, read from its Path or PathSubtree predicate (spec matching 4): which place of the tree the
// route hangs at and which names its parameters have. Used when the table is written, when a route is checked, and for parameters.

import type { Route } from "../eskip/route.ts";
import { fromByteString, toByteString } from "../util/bytes.ts";
import { cleanPath, treePath } from "./clean-path.ts";

/** How a route hangs at the last node of its pattern. The numbers are part of the layout of the table. */
export const AT_EXACT = 0;
/** The node, the node with a trailing slash, and all below. */
export const AT_SUBTREE = 1;
/** All below the node, at least one byte. */
export const AT_FREE = 2;
/** No tree predicate: the pathless list. */
export const PATHLESS = 3;

export type PatternPlace = typeof AT_EXACT | typeof AT_SUBTREE | typeof AT_FREE | typeof PATHLESS;

export interface PathPattern {
  readonly place: PatternPlace;
  /** Byte strings; "" as the last one stands for a trailing slash, a first character `:` for a simple wildcard. */
  readonly segments: readonly string[];
  /** Names of the parameters from left to right, as written (Unicode). */
  readonly names: readonly string[];
  /** True when the last name takes the rest of the path. */
  readonly hasFree: boolean;
  /** Why the pattern cannot be used, "" when it can: the route is invalid. */
  readonly problem: string;
  /** Rest of the path from the segment that cannot be built on, "" when there is none: the route is valid and never matches. */
  readonly unbuildable: string;
}

const none: readonly never[] = Object.freeze([]);

const pathless: PathPattern = Object.freeze({
  place: PATHLESS,
  segments: none,
  names: none,
  hasFree: false,
  problem: "",
  unbuildable: "",
});

const COLON = 0x3a;
const STAR = 0x2a;

/** The tree predicate of a checked route: the Path slot, or Path or PathSubtree among the predicates. "" when there is none. */
export function treePredicate(route: Route): { readonly path: string; readonly subtree: boolean } {
  if (route.path !== "") return { path: route.path, subtree: false };
  for (const call of route.predicates) {
    if (call.name !== "Path" && call.name !== "PathSubtree") continue;
    const path = call.args[0];
    if (typeof path === "string") return { path, subtree: call.name === "PathSubtree" };
  }
  return { path: "", subtree: false };
}

/** True when the definition has no wildcard: its segments are compared byte by byte. */
export function isLiteralPath(definition: string): boolean {
  for (let i = 0; i < definition.length; i++) {
    const c = definition.charCodeAt(i);
    if (c === COLON || c === STAR) return false;
  }
  return true;
}

/** The pattern of a route's tree predicate; a PathPattern for every route, also for one that has no path. */
export function pathPattern(route: Route, ignoreTrailingSlash: boolean): PathPattern {
  const tree = treePredicate(route);
  return tree.path === "" ? pathless : parsePathPattern(tree.path, tree.subtree, ignoreTrailingSlash);
}

/** Reads one non-empty definition. */
export function parsePathPattern(definition: string, subtree: boolean, ignoreTrailingSlash: boolean): PathPattern {
  const cleaned = cleanPath(toByteString(definition));
  const path = subtree ? cleaned : treePath(cleaned, ignoreTrailingSlash);
  if (isLiteralPath(path)) return literalPattern(path, subtree);
  return wildcardPattern(path, subtree);
}

const subtreeNames: readonly string[] = Object.freeze(["*"]);

function literalPattern(path: string, subtree: boolean): PathPattern {
  const segments = path.slice(1).split("/");
  if (subtree && segments[segments.length - 1] === "") segments.pop();
  return {
    place: subtree ? AT_SUBTREE : AT_EXACT,
    segments,
    names: subtree ? subtreeNames : none,
    hasFree: subtree,
    problem: "",
    unbuildable: "",
  };
}

function wildcardPattern(path: string, subtree: boolean): PathPattern {
  const segments: string[] = [];
  const names: string[] = [];
  let place: PatternPlace = subtree ? AT_SUBTREE : AT_EXACT;
  let hasFree = false;
  let problem = "";
  let unbuildable = "";
  const parts = path.slice(1).split("/");
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    const isLast = i === parts.length - 1;
    const first = part.charCodeAt(0);
    if (first === STAR) {
      if (!isLast) problem = "free wildcard param should be last";
      hasFree = true;
      names.push(part === "*" ? "*" : fromByteString(part.slice(1)));
      if (!subtree) place = AT_FREE;
    } else if (first === COLON) {
      segments.push(":");
      if (part.length > 1) names.push(fromByteString(part.slice(1)));
    } else {
      if (!isLiteralPath(part)) unbuildable = fromByteString(parts.slice(i).join("/"));
      if (!(subtree && isLast && part === "")) segments.push(part);
    }
    if (problem !== "" || unbuildable !== "") break;
  }
  if (subtree && !hasFree) {
    hasFree = true;
    names.push("*");
  }
  return { place, segments, names, hasFree, problem, unbuildable };
}

/** What the log says of a pattern that cannot be built on: a line for each node that is missing (spec matching 4, 13). */
export function unbuildableTexts(pattern: PathPattern, ignoreTrailingSlash: boolean): readonly string[] {
  const { unbuildable, place } = pattern;
  if (place !== AT_SUBTREE) return [unbuildableText(unbuildable)];
  const base = unbuildable.replace(/\/([*][^/]*)?$/, "");
  const nodes = [base, `${base}/**`];
  if (!ignoreTrailingSlash) nodes.push(`${base}/`);
  return nodes.map(unbuildableText);
}

function unbuildableText(rest: string): string {
  return `* or : in middle of path component ${rest}`;
}

/** True when the segment of a pattern stands for a simple wildcard. */
export function isWildcard(segment: string): boolean {
  return segment.length === 1 && segment.charCodeAt(0) === COLON;
}
