// Hot path: 129 MB of routes in about 1.5 s. Guarded by parser.bench.ts.
// Reads eskip text (spec eskip 3 and 4) straight into routes: no tree in between, one callback per route. Used by every source of
// routes, the flags that take filters or predicates, and the command. Errors are returned, nothing throws on input.

import { LB_SCHEME_ERROR, parseEndpoint, schemesMix } from "./endpoint.ts";
import * as token from "./lexer.ts";
import { Lexer } from "./lexer.ts";
import { ParseError } from "./parse-error.ts";
import type { Arg, Call, LbEndpoint, Route } from "./route.ts";
import { dynamicBackend, forwardBackend, loopbackBackend, shuntBackend } from "./route.ts";
import { makeCall, RouteBuilder } from "./route-builder.ts";
import { suggest } from "./suggest.ts";
import { trimSpace } from "./trim-space.ts";
import { checkUrl } from "./url.ts";

const none: readonly never[] = Object.freeze([]);

const EXPECT_DOCUMENT = 'a route id, a predicate or "*"';
const EXPECT_ROUTE_ID = "a route id";
const EXPECT_PREDICATE = 'a predicate or "*"';
const EXPECT_AFTER_PREDICATE = '"->" or "&&"';
const EXPECT_FILTER = "a filter";
const EXPECT_FILTER_OR_BACKEND =
  'a filter, a backend address in quotes, "<shunt>", "<loopback>", "<dynamic>", "<forward>" or "<" with endpoints';
const EXPECT_ARGUMENT = "a number, a string or a regular expression";

/** A document of routes, read one after the other. */
class Parser {
  error: ParseError | null = null;
  readonly #bytes: Uint8Array;
  readonly #lexer: Lexer;
  #kind: number;
  /** Id of the last `id:`, null before the first. */
  #lastId: string | null = null;
  /** The first error that is not one of syntax; a syntax error anywhere in the document goes before it. */
  #semantic: ParseError | null = null;

  /** The arguments of the call being read; the list is used again for each. */
  readonly #args: Arg[] = [];
  #argCount = 0;

  readonly #builder = new RouteBuilder();
  #endpointFault = "";
  /** First byte of the backend and offset behind it. */
  #backendStart = 0;
  #routeEnd = 0;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#lexer = new Lexer(bytes, start, end);
    this.#kind = this.#lexer.next();
  }

  document(onRoute: (route: Route, start: number, end: number) => void): ParseError | null {
    this.#definitions(onRoute);
    return this.error ?? this.#semantic;
  }

  /** One route expression without id and nothing behind it; null when there is an error. */
  expression(id: string): Route | null {
    if (!this.#route(id, "", 0)) return null;
    if (this.#kind !== token.END) this.#fail("the end of the route", true);
    this.error ??= this.#semantic;
    return this.error === null ? this.#builder.build() : null;
  }

  filters(): readonly Call[] {
    const list: Call[] = [];
    if (this.#kind === token.END) return list;
    let mayEnd = true;
    for (;;) {
      if (this.#kind !== token.SYMBOL) return this.#failCalls(EXPECT_FILTER, mayEnd);
      const call = this.#call();
      if (call === null) return none;
      list.push(call);
      if (this.#kind === token.END) return list;
      if (this.#kind !== token.ARROW) return this.#failCalls('"->"', true);
      this.#advance();
      mayEnd = false;
    }
  }

  predicates(): readonly Call[] {
    const list: Call[] = [];
    if (this.#kind === token.END) return list;
    let mayEnd = true;
    for (;;) {
      if (this.#kind === token.WILDCARD) this.#advance();
      else {
        if (this.#kind !== token.SYMBOL) return this.#failCalls(EXPECT_PREDICATE, mayEnd);
        const call = this.#call();
        if (call === null) return none;
        list.push(call);
      }
      if (this.#kind === token.END) return list;
      if (this.#kind !== token.AND) return this.#failCalls('"&&"', true);
      this.#advance();
      mayEnd = false;
    }
  }

  #definitions(onRoute: (route: Route, start: number, end: number) => void): void {
    const lexer = this.#lexer;
    let first = true;
    for (;;) {
      while (this.#kind === token.SEMICOLON) {
        first = false;
        this.#advance();
      }
      if (this.#kind === token.END) return;
      if (this.#kind !== token.SYMBOL) {
        if (!first) {
          this.#fail(EXPECT_ROUTE_ID, true);
          return;
        }
        this.#single(onRoute, "", lexer.start, EXPECT_DOCUMENT);
        return;
      }
      const nameStart = lexer.start;
      const name = lexer.uniqueName();
      this.#advance();
      if (this.#kind !== token.COLON) {
        if (first && this.#kind === token.OPEN) this.#single(onRoute, name, nameStart, "");
        else this.#fail(first ? '":" behind the route id, or "(" behind the predicate name' : '":"', false);
        return;
      }
      first = false;
      this.#lastId = name;
      this.#advance();
      const start = lexer.start;
      if (!this.#route(name, "", 0)) return;
      this.#emit(onRoute, start);
      if (this.#kind !== token.SEMICOLON && this.#kind !== token.END) {
        this.#fail('";" or the end of the document', true);
        return;
      }
    }
  }

  /** A document that is one route without id. */
  #single(
    onRoute: (route: Route, start: number, end: number) => void,
    name: string,
    start: number,
    expected: string,
  ): void {
    if (expected !== "" && this.#kind !== token.WILDCARD) {
      this.#fail(expected, true);
      return;
    }
    if (!this.#route("", name, start)) return;
    this.#emit(onRoute, start);
    if (this.#kind !== token.END) this.#fail("the end of the document (a route without id stands alone)", true);
  }

  #emit(onRoute: (route: Route, start: number, end: number) => void, start: number): void {
    if (this.#semantic === null) onRoute(this.#builder.build(), start, this.#routeEnd);
  }

  /** Reads an expression; when `name` is not empty it has been read already and the current token is its parenthesis. */
  #route(id: string, name: string, nameStart: number): boolean {
    const builder = this.#builder;
    builder.begin(id);
    this.#endpointFault = "";
    if (!this.#routePredicates(name, nameStart)) return false;
    if (this.#kind !== token.ARROW) return this.#fail(EXPECT_AFTER_PREDICATE, false);
    this.#advance();
    while (this.#kind === token.SYMBOL) {
      const call = this.#call();
      if (call === null) return false;
      builder.addFilter(call);
      if (this.#kind !== token.ARROW) return this.#fail('"->"', false);
      this.#advance();
    }
    if (!this.#readBackend()) return false;
    if (this.#semantic === null) {
      if (this.#endpointFault !== "") this.#refuse(id, this.#backendStart, this.#endpointFault);
      else if (builder.fault !== "") this.#refuse(id, builder.faultPosition, builder.fault);
    }
    return true;
  }

  #routePredicates(readName: string, readStart: number): boolean {
    const lexer = this.#lexer;
    let name = readName;
    let start = readStart;
    for (;;) {
      if (name === "") {
        if (this.#kind === token.WILDCARD) {
          this.#advance();
          if (this.#kind !== token.AND) return true;
          this.#advance();
          continue;
        }
        if (this.#kind !== token.SYMBOL) return this.#fail(EXPECT_PREDICATE, false);
        start = lexer.start;
        name = lexer.name();
        this.#advance();
      }
      if (!this.#readArgs()) return false;
      this.#builder.addPredicate(name, this.#args, this.#argCount, start);
      name = "";
      if (this.#kind !== token.AND) return true;
      this.#advance();
    }
  }

  /** Reads `name(args)`, the current token being the name. */
  #call(): Call | null {
    const name = this.#lexer.name();
    this.#advance();
    return this.#readArgs() ? makeCall(name, this.#args, this.#argCount) : null;
  }

  /** Reads `(args)` into `#args`. One comma in front is tolerated. */
  #readArgs(): boolean {
    const lexer = this.#lexer;
    if (this.#kind !== token.OPEN) return this.#fail('"("', false);
    let count = 0;
    let kind = this.#advance();
    const leadingComma = kind === token.COMMA;
    if (leadingComma) kind = this.#advance();
    else if (kind === token.CLOSE) {
      this.#argCount = 0;
      this.#advance();
      return true;
    }
    for (;;) {
      if (kind === token.STRING || kind === token.REGEXP) this.#args[count++] = lexer.value();
      else if (kind === token.NUMBER) this.#args[count++] = lexer.numberValue();
      else {
        // Where a number may stand, one that ends in its dot is named as that.
        const mayClose = count === 0 && !leadingComma;
        return this.#fail(mayClose ? `${EXPECT_ARGUMENT}, or ")"` : EXPECT_ARGUMENT, lexer.badNumber);
      }
      kind = this.#advance();
      if (kind === token.CLOSE) {
        this.#argCount = count;
        this.#advance();
        return true;
      }
      if (kind !== token.COMMA) return this.#fail('"," or ")"', false);
      kind = this.#advance();
    }
  }

  #readBackend(): boolean {
    const lexer = this.#lexer;
    this.#backendStart = lexer.start;
    switch (this.#kind) {
      case token.STRING:
        this.#builder.backend = { type: "network", address: lexer.value() };
        break;
      case token.SHUNT:
        this.#builder.backend = shuntBackend;
        break;
      case token.LOOPBACK:
        this.#builder.backend = loopbackBackend;
        break;
      case token.DYNAMIC:
        this.#builder.backend = dynamicBackend;
        break;
      case token.FORWARD:
        this.#builder.backend = forwardBackend;
        break;
      case token.LESS:
        if (!this.#readLb()) return false;
        break;
      default:
        return this.#fail(EXPECT_FILTER_OR_BACKEND, false);
    }
    this.#routeEnd = lexer.pos;
    this.#advance();
    return true;
  }

  /** Reads `<algorithm, "a", "b">` up to the closing bracket, which stays the current token. */
  #readLb(): boolean {
    const lexer = this.#lexer;
    let algorithm = "";
    if (this.#advance() === token.SYMBOL) {
      algorithm = lexer.name();
      if (this.#advance() !== token.COMMA) return this.#fail(expectedBehind(algorithm), false);
      this.#advance();
    } else if (this.#kind !== token.STRING) return this.#fail("an algorithm or an endpoint in quotes", false);
    const endpoints: LbEndpoint[] = [];
    let error = "";
    let before = "";
    for (;;) {
      if (this.#kind !== token.STRING) return this.#fail("an endpoint in quotes", false);
      const address = lexer.value();
      if (error === "") {
        error = checkUrl(address);
        if (error === "" && endpoints.length > 0 && schemesMix(before, address)) error = LB_SCHEME_ERROR;
      }
      before = address;
      endpoints.push(parseEndpoint(address));
      if (this.#advance() === token.GREATER) break;
      if (this.#kind !== token.COMMA) return this.#fail('"," or ">"', false);
      this.#advance();
    }
    this.#endpointFault = error;
    this.#builder.backend = { type: "lb", algorithm, endpoints };
    return true;
  }

  #refuse(id: string, position: number, message: string): void {
    this.#semantic = ParseError.semantic(this.#bytes, position, id, message);
  }

  #advance(): number {
    return (this.#kind = this.#lexer.next());
  }

  #failCalls(expected: string, mayEnd: boolean): readonly Call[] {
    this.#fail(expected, mayEnd);
    return none;
  }

  /** Records a syntax error at the current token. `mayEnd`: the text could have ended before it (spec eskip 6). */
  #fail(expected: string, mayEnd: boolean): false {
    const lexer = this.#lexer;
    let reason: ParseError["reason"] = "syntax error";
    let position = lexer.pos;
    if (this.#kind === token.BAD) {
      position = lexer.badPosition;
      if (mayEnd) reason = lexer.badReason;
    }
    const { place, got } = lexer.offence();
    const fault = { reason, position, place, token: lexer.tokenText(), routeId: this.#lastId, expected, got };
    this.error = ParseError.syntax(this.#bytes, fault);
    return false;
  }
}

/** `<` and a word may begin a list of endpoints, but perhaps it was meant to be a keyword. */
function expectedBehind(algorithm: string): string {
  const keywords = ["shunt", "loopback", "dynamic", "forward"];
  const meant = keywords.includes(algorithm) ? algorithm : suggest(algorithm, keywords);
  return `"," behind the algorithm${meant === "" ? "" : ` (or "<${meant}>")`}`;
}

/**
 * Reads a document and calls `onRoute` for each route in order; `start` and `end` are the byte offsets of the expression behind
 * `id:`, without semicolon. Returns the first error or null; routes in front of an error have been handed over by then, so a caller
 * that needs all or nothing keeps them back. `bytes` is UTF-8 and may be a view on shared memory.
 */
export function parseRoutes(
  bytes: Uint8Array,
  onRoute: (route: Route, start: number, end: number) => void,
): ParseError | null {
  return new Parser(bytes, 0, bytes.length).document(onRoute);
}

/** Reads a whole document, all or nothing (spec eskip 1). */
export function parseDocument(text: string | Uint8Array): { routes: Route[]; error: ParseError | null } {
  const routes: Route[] = [];
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  const error = parseRoutes(bytes, (route) => routes.push(route));
  return error === null ? { routes, error } : { routes: [], error };
}

/** Reads a filters-only document (spec eskip 7). Positions in errors refer to the trimmed text. */
export function parseFilters(text: string): { filters: readonly Call[]; error: ParseError | null } {
  const parser = callParser(text);
  const filters = parser.filters();
  return { filters, error: parser.error };
}

/** Reads a predicates-only document (spec eskip 7): `*` is dropped, all others stay as they are written. */
export function parsePredicates(text: string): { predicates: readonly Call[]; error: ParseError | null } {
  const parser = callParser(text);
  const predicates = parser.predicates();
  return { predicates, error: parser.error };
}

/** Reads one route expression without id; for values of stores. */
export function parseExpression(
  bytes: Uint8Array,
  start: number,
  end: number,
  id: string,
): { route: Route | null; error: ParseError | null } {
  const parser = new Parser(bytes, start, end);
  const route = parser.expression(id);
  return { route, error: parser.error };
}

/** Reads an expression that `parseRoutes` has accepted before; anything else is a fault of the program and throws. */
export function parseRouteExpression(bytes: Uint8Array, start: number, end: number, id: string): Route {
  const { route, error } = parseExpression(bytes, start, end, id);
  if (route === null) throw new Error(`stored text of route ${id} does not parse: ${error?.message}`);
  return route;
}

function callParser(text: string): Parser {
  const bytes = Buffer.from(trimSpace(text));
  return new Parser(bytes, 0, bytes.length);
}
