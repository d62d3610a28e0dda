// The plain twin of the routing table: a list of routes and the rules of spec matching 3 to 8, step by step, without an index.
// Tests compare the table with it; nothing else uses it, and it shares no code with what it checks.

import type { Route } from "../eskip/route.ts";
import type { PredicateRequest, PredicateTest } from "../spec/predicate.ts";

export interface ReferenceRoute {
  readonly route: Route;
  readonly weight: number;
  /** All predicates but the path. */
  readonly matches: PredicateTest;
}

export interface ReferenceMatch {
  readonly route: Route;
  readonly params: ReadonlyMap<string, string>;
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
  readonly #pathless: ReferenceRoute[] = [];

  constructor(routes: readonly ReferenceRoute[], ignoreTrailingSlash: boolean) {
    this.#ignoreTrailingSlash = ignoreTrailingSlash;
    for (const one of routes) {
      const nodes = this.#nodesOf(one.route);
      if (nodes === null) this.#pathless.push(one);
      else for (const node of nodes) this.#nodes.set(node, [...(this.#nodes.get(node) ?? []), one]);
    }
    for (const leaf of [this.#pathless, ...this.#nodes.values()]) {
      leaf.sort((a, b) => b.weight - a.weight || Buffer.compare(Buffer.from(a.route.id), Buffer.from(b.route.id)));
    }
  }

  lookup(request: PredicateRequest): ReferenceMatch | null {
    let path = request.matchPath;
    if (this.#ignoreTrailingSlash && path !== "/" && path.endsWith("/")) path = path.slice(0, -1);
    for (const way of this.#ways("", path.slice(1).split("/"), [])) {
      for (const one of this.#nodes.get(way.node) ?? []) {
        if (one.matches(request)) return { route: one.route, params: this.#params(one.route, way.values) };
      }
    }
    const one = this.#pathless.find((candidate) => candidate.matches(request));
    return one === undefined ? null : { route: one.route, params: new Map() };
  }

  /** All ways to read the path, most specific first. */
  *#ways(node: string, segments: readonly string[], values: readonly string[]): Generator<Way> {
    if (segments.length === 0) {
      yield { node, values };
      return;
    }
    const [segment, ...others] = segments as [string, ...string[]];
    const literal = Buffer.from(segment, "latin1").toString("hex");
    if (this.#exists(`${node}/=${literal}`)) yield* this.#ways(`${node}/=${literal}`, others, values);
    if (segment !== "" && this.#exists(`${node}/:`)) yield* this.#ways(`${node}/:`, others, [...values, segment]);
    const rest = segments.join("/");
    if (rest !== "") yield { node: `${node}/*`, values: [...values, rest] };
  }

  #exists(prefix: string): boolean {
    for (const node of this.#nodes.keys()) if (node === prefix || node.startsWith(`${prefix}/`)) return true;
    return false;
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
