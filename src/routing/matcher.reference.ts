// The plain twin of the routing table: a list of routes and the rules of spec matching 3 to 8, step by step, without an index.
// What a predicate says of a request it is told; path, order and parameters are its own.
// Tests compare the table with it; nothing else uses it, and it shares no code with what it checks.

import type { Route } from "../eskip/route.ts";
import type { PredicateRequest, PredicateTest } from "../spec/predicate.ts";

export interface ReferenceRoute {
  readonly route: Route;
  /** All predicates but the path. */
  readonly matches: PredicateTest;
}

export interface ReferenceMatch {
  readonly route: Route;
  readonly params: ReadonlyMap<string, string>;
  /** The node that the route was found at, "" for the pathless list. */
  readonly node: string;
  /** Routes that were asked before and refused the request. */
  readonly refused: number;
  /** True when another route of the node has the same weight and matches too. */
  readonly tied: boolean;
}

/** A way through the tree: what each segment was taken as, and the values that wildcards took. */
interface Way {
  readonly node: string;
  readonly values: readonly string[];
}

/** Path cleaning, spec matching 3. */
export function referenceClean(path: string): string {
  if (path === "") return "/";
  const kept: string[] = [];
  const parts = path.split("/");
  for (const part of parts) {
    if (part === "" || part === ".") continue;
    if (part === "..") kept.splice(-1, 1);
    else kept.push(part);
  }
  const joined = `/${kept.join("/")}`;
  if (joined === "/") return joined;
  const last = parts[parts.length - 1]!;
  return last === "." || (path.length >= 3 && path.endsWith("/")) ? `${joined}/` : joined;
}

export class ReferenceMatcher {
  readonly #ignoreTrailingSlash: boolean;
  readonly #nodes = new Map<string, ReferenceRoute[]>();
  /** The nodes and all that lead to them. */
  readonly #prefixes = new Set<string>();
  readonly #pathless: ReferenceRoute[] = [];

  constructor(routes: readonly ReferenceRoute[], ignoreTrailingSlash: boolean) {
    this.#ignoreTrailingSlash = ignoreTrailingSlash;
    for (const one of routes) {
      const nodes = this.#nodesOf(one.route);
      if (nodes === null) this.#pathless.push(one);
      else for (const node of nodes) this.#add(node, one);
    }
    for (const leaf of [this.#pathless, ...this.#nodes.values()]) leaf.sort(inOrder);
  }

  #add(node: string, one: ReferenceRoute): void {
    this.#nodes.set(node, [...(this.#nodes.get(node) ?? []), one]);
    for (let end = node.length; end > 0; end = node.lastIndexOf("/", end - 1)) this.#prefixes.add(node.slice(0, end));
  }

  lookup(request: PredicateRequest): ReferenceMatch | null {
    let path = request.matchPath;
    if (this.#ignoreTrailingSlash && path !== "/" && path.endsWith("/")) path = path.slice(0, -1);
    let refused = 0;
    for (const { node, values } of this.#ways("", path.slice(1).split("/"), [])) {
      const leaf = this.#nodes.get(node) ?? [];
      const one = leaf.find((candidate) => candidate.matches(request));
      if (one !== undefined) {
        return { ...found(one, leaf, request, refused), params: this.#params(one.route, values), node };
      }
      refused += leaf.length;
    }
    const one = this.#pathless.find((candidate) => candidate.matches(request));
    if (one === undefined) return null;
    return { ...found(one, this.#pathless, request, refused), params: new Map(), node: "" };
  }

  /** All ways to read the path, most specific first. */
  *#ways(node: string, segments: readonly string[], values: readonly string[]): Generator<Way> {
    if (segments.length === 0) {
      yield { node, values };
      return;
    }
    const [segment, ...others] = segments as [string, ...string[]];
    const literal = Buffer.from(segment, "latin1").toString("hex");
    if (this.#prefixes.has(`${node}/=${literal}`)) yield* this.#ways(`${node}/=${literal}`, others, values);
    if (segment !== "" && this.#prefixes.has(`${node}/:`)) yield* this.#ways(`${node}/:`, others, [...values, segment]);
    const rest = segments.join("/");
    if (rest !== "") yield { node: `${node}/*`, values: [...values, rest] };
  }

  /** Spec matching 4; null for the pathless list. */
  #nodesOf(route: Route): string[] | null {
    const tree = treeOf(route);
    if (tree === null) return null;
    let path = referenceClean(bytesOf(tree.path));
    if (!tree.subtree) {
      if (this.#ignoreTrailingSlash && path !== "/") path = path.replace(/\/$/, "");
      const node = nodeName(path);
      return node === "" ? [] : [node];
    }
    let base = path.replace(/\/\*[^/]*$/, "");
    if (base.endsWith("/")) base = base.slice(0, -1);
    const node = nodeName(base);
    if (node === "" && base !== "") return [];
    if (base === "") return ["/=", "/*"];
    return this.#ignoreTrailingSlash ? [node, `${node}/*`] : [node, `${node}/*`, `${node}/=`];
  }

  /** Spec matching 8. */
  #params(route: Route, captured: readonly string[]): Map<string, string> {
    const tree = treeOf(route)!;
    const parts = referenceClean(bytesOf(tree.path)).slice(1).split("/");
    const names: string[] = [];
    let hasFree = false;
    for (const part of parts) {
      if (part.startsWith(":") && part.length > 1) names.push(part.slice(1));
      if (part.startsWith("*")) {
        names.push(part === "*" ? "*" : part.slice(1));
        hasFree = true;
      }
    }
    if (tree.subtree && !hasFree) {
      names.push("*");
      hasFree = true;
    }
    const values = captured.map(decodeTwice);
    if (names.length === values.length + 1) values.push("");
    const params = new Map<string, string>();
    for (let i = 1; i <= Math.min(names.length, values.length); i++) {
      params.set(names[names.length - i]!, values[values.length - i]!);
    }
    if (hasFree) params.set(names[names.length - 1]!, `/${values[values.length - 1]}`);
    return params;
  }
}

/** What the list says of the route that was found in it. */
function found(
  one: ReferenceRoute,
  leaf: readonly ReferenceRoute[],
  request: PredicateRequest,
  refusedBefore: number,
): Pick<ReferenceMatch, "route" | "refused" | "tied"> {
  const weight = referenceWeight(one.route);
  const tied = leaf.some((other) => other !== one && referenceWeight(other.route) === weight && other.matches(request));
  return { route: one.route, refused: refusedBefore + leaf.indexOf(one), tied };
}

/** Heaviest first, among equals the smaller id. */
function inOrder(a: ReferenceRoute, b: ReferenceRoute): number {
  const byWeight = referenceWeight(b.route) - referenceWeight(a.route);
  return byWeight || Buffer.compare(Buffer.from(a.route.id), Buffer.from(b.route.id));
}

/** Spec matching 7; of equal ones a shunt without path goes last. */
export function referenceWeight(route: Route): number {
  const namesOf = (entries: readonly (readonly [string, ...unknown[]])[]) =>
    new Set(entries.map(([name]) => name.toLowerCase())).size;
  let weight = route.hostRegexps.length + route.pathRegexps.length;
  weight += namesOf(route.headers) + namesOf(route.headerRegexps);
  if (route.method !== "") weight += 1;
  for (const { name, args } of route.predicates) {
    if (name === "Weight") weight += Math.trunc(Number(args[0]));
    else if (!["Path", "PathSubtree", "TrafficSegment", "*", "Any"].includes(name)) weight += 1;
  }
  const hasPath = treeOf(route) !== null || route.pathRegexps.length > 0;
  if (route.backend.type === "shunt" && !hasPath) weight -= 0.25;
  return weight;
}

function treeOf(route: Route): { path: string; subtree: boolean } | null {
  if (route.path !== "") return { path: route.path, subtree: false };
  for (const { name, args } of route.predicates) {
    if ((name === "Path" || name === "PathSubtree") && args[0] !== "") {
      return { path: String(args[0]), subtree: name === "PathSubtree" };
    }
  }
  return null;
}

/** The UTF-8 bytes of a text, one character a byte. */
function bytesOf(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** `/=` and the bytes of a literal in hex, `/:`, `/*`; "" when the pattern cannot be built. */
function nodeName(path: string): string {
  let name = "";
  for (const part of path.split("/").slice(1)) {
    if (part.startsWith(":")) name += "/:";
    else if (part.startsWith("*")) name += "/*";
    else if (/[:*]/.test(part)) return "";
    else name += `/=${Buffer.from(part, "latin1").toString("hex")}`;
  }
  return name;
}

function decodeTwice(value: string): string {
  const spaced = value.replaceAll("+", " ");
  if (/%(?![0-9a-fA-F]{2})/.test(value)) return value;
  return spaced.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
