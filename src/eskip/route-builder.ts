// Hot path: 129 MB of routes in about 1.5 s. Guarded by parser.bench.ts.
// Collects the parts of one route while it is read and sorts the classic predicates into their slots (spec eskip 4). The parser
// uses one builder for all routes; nothing that `build` gave out is touched again.

import type { Arg, Backend, Call, Route } from "./route.ts";
import { shuntBackend } from "./route.ts";

const none: readonly never[] = Object.freeze([]);

export class RouteBuilder {
  backend: Backend = shuntBackend;
  /** What is wrong with the predicates, "" when nothing is, and the offset of the first wrong one. */
  fault = "";
  faultPosition = 0;
  #id = "";
  #path = "";
  #hasPath = false;
  #method = "";
  #hasMethod = false;
  #hostRegexps: string[] | null = null;
  #pathRegexps: string[] | null = null;
  #headers: [string, string][] | null = null;
  #headerRegexps: [string, string[]][] | null = null;
  #predicates: Call[] | null = null;
  #filters: Call[] | null = null;

  begin(id: string): void {
    this.#id = id;
    this.fault = "";
    this.faultPosition = 0;
    this.#path = "";
    this.#hasPath = false;
    this.#method = "";
    this.#hasMethod = false;
    this.#hostRegexps = null;
    this.#pathRegexps = null;
    this.#headers = null;
    this.#headerRegexps = null;
    this.#predicates = null;
    this.#filters = null;
  }

  addFilter(call: Call): void {
    if (this.#filters === null) this.#filters = [call];
    else this.#filters.push(call);
  }

  /** Adds a predicate that starts at `position`; only the first `count` arguments count, the list is not kept. */
  addPredicate(name: string, args: readonly Arg[], count: number, position: number): void {
    if (this.fault !== "") return;
    this.#add(name, args, count);
    if (this.fault !== "") this.faultPosition = position;
  }

  build(): Route {
    return {
      id: this.#id,
      path: this.#path,
      hostRegexps: this.#hostRegexps ?? none,
      pathRegexps: this.#pathRegexps ?? none,
      method: this.#method,
      headers: this.#headers ?? none,
      headerRegexps: this.#headerRegexps ?? none,
      predicates: this.#predicates ?? none,
      filters: this.#filters ?? none,
      backend: this.backend,
    };
  }

  #add(name: string, args: readonly Arg[], count: number): void {
    switch (name) {
      case "Any":
        break;
      case "Path":
        if (this.#hasPath) this.fault = "duplicate path tree predicate";
        this.#hasPath = true;
        if (this.#hasOneString(name, args, count)) this.#path = args[0] as string;
        break;
      case "Method":
        if (this.#hasMethod) this.fault = "duplicate method predicate";
        this.#hasMethod = true;
        if (this.#hasOneString(name, args, count)) this.#method = args[0] as string;
        break;
      case "Host":
        if (!this.#hasOneString(name, args, count)) break;
        if (this.#hostRegexps === null) this.#hostRegexps = [args[0] as string];
        else this.#hostRegexps.push(args[0] as string);
        break;
      case "PathRegexp":
        if (!this.#hasOneString(name, args, count)) break;
        if (this.#pathRegexps === null) this.#pathRegexps = [args[0] as string];
        else this.#pathRegexps.push(args[0] as string);
        break;
      case "Header":
        if (this.#hasTwoStrings(name, args, count)) this.#addHeader(args[0] as string, args[1] as string);
        break;
      case "HeaderRegexp":
        if (this.#hasTwoStrings(name, args, count)) this.#addHeaderRegexp(args[0] as string, args[1] as string);
        break;
      default: {
        const call = makeCall(name, args, count);
        if (this.#predicates === null) this.#predicates = [call];
        else this.#predicates.push(call);
      }
    }
  }

  #addHeader(name: string, value: string): void {
    this.#headers ??= [];
    for (const [known] of this.#headers) if (known === name) this.fault = `duplicate header predicate: ${name}`;
    this.#headers.push([name, value]);
  }

  #addHeaderRegexp(name: string, pattern: string): void {
    this.#headerRegexps ??= [];
    for (const [known, patterns] of this.#headerRegexps) {
      if (known === name) {
        patterns.push(pattern);
        return;
      }
    }
    this.#headerRegexps.push([name, [pattern]]);
  }

  #hasOneString(name: string, args: readonly Arg[], count: number): boolean {
    if (this.fault !== "") return false;
    if (count === 1 && typeof args[0] === "string") return true;
    this.fault = `invalid route "${this.#id}": ${name} predicate expects 1 string argument`;
    return false;
  }

  #hasTwoStrings(name: string, args: readonly Arg[], count: number): boolean {
    if (count === 2 && typeof args[0] === "string" && typeof args[1] === "string") return true;
    this.fault = `invalid route "${this.#id}": ${name} predicate expects 2 string arguments`;
    return false;
  }
}

/** A call with the first `count` of the arguments; calls without arguments share one empty list. */
export function makeCall(name: string, args: readonly Arg[], count: number): Call {
  return { name, args: count === 0 ? none : args.slice(0, count) };
}
