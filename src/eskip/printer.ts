// Writes routes as eskip text (spec eskip 8): for the command, the `/routes` listing, stores and logs. What is written reads back
// to the same route, also where the reference prints text that does not.

import { compareBytes } from "./byte-order.ts";
import { endpointText } from "./endpoint.ts";
import type { Arg, Backend, Call, Route } from "./route.ts";

/** How routes are laid out: on one line each, or with one line per filter and the given indent. */
export interface PrintOptions {
  readonly pretty: boolean;
  readonly indent: string;
}

export const compact: PrintOptions = { pretty: false, indent: "" };
export const pretty: PrintOptions = { pretty: true, indent: "  " };

/** Digits that surely overflow a double: the only text that reads back to infinity. */
const INFINITE = `1${"0".repeat(309)}`;
const escapes = new Map([
  ["\\", "\\\\"],
  ["\x07", "\\a"],
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
  ["\v", "\\v"],
  ['"', '\\"'],
]);

/** Several routes, or the bare expression when it is one route without id. No newline at the end. */
export function printRoutes(routes: readonly Route[], options: PrintOptions = compact): string {
  if (routes.length === 1 && routes[0]!.id === "") return printExpression(routes[0]!, options);
  const separator = options.pretty ? "\n\n" : "\n";
  return routes.map((route) => `${route.id}: ${printExpression(route, options)};`).join(separator);
}

/** Predicates, filters and backend without id and semicolon. */
export function printExpression(route: Route, options: PrintOptions = compact): string {
  return printHead(route, options) + printBackend(route.backend);
}

/** Predicates and filters, and the arrow before the backend. */
export function printHead(route: Route, options: PrintOptions = compact): string {
  const separator = options.pretty ? `\n${options.indent}-> ` : " -> ";
  let text = printPredicates(route);
  for (const filter of route.filters) text += separator + printCall(filter);
  return text + separator;
}

/** All predicates of a route joined by ` && `, `*` when there are none. */
export function printPredicates(route: Route): string {
  const texts: string[] = [];
  if (route.path !== "") texts.push(`Path(${printString(route.path)})`);
  for (const pattern of route.hostRegexps) texts.push(`Host(${printRegexp(pattern)})`);
  for (const pattern of route.pathRegexps) texts.push(`PathRegexp(${printRegexp(pattern)})`);
  if (route.method !== "") texts.push(`Method(${printString(route.method)})`);
  if (route.headers.length > 0 || route.headerRegexps.length > 0) texts.push(...printHeaders(route));
  // `*` as a name comes from JSON only; like `Any` it says nothing.
  for (const predicate of route.predicates) {
    if (predicate.name !== "Any" && predicate.name !== "*") texts.push(printCall(predicate));
  }
  return texts.length === 0 ? "*" : texts.join(" && ");
}

/** Most routes have none. */
function printHeaders({ headers, headerRegexps }: Route): string[] {
  const texts = headers.map(([name, value]) => `Header(${printString(name)}, ${printString(value)})`);
  const patterns = headerRegexps.flatMap(([name, list]) =>
    list.map((pattern) => `HeaderRegexp(${printString(name)}, ${printRegexp(pattern)})`),
  );
  return [...texts.sort(compareBytes), ...patterns.sort(compareBytes)];
}

/** A filter chain as it stands in a route; "" for none. */
export function printFilters(filters: readonly Call[]): string {
  return filters.map(printCall).join(" -> ");
}

/** One filter or predicate, all strings in double quotes. */
export function printCall(call: Call): string {
  return `${call.name}(${printArgs(call.args)})`;
}

export function printArgs(args: readonly Arg[]): string {
  return args.map((arg) => (typeof arg === "number" ? printNumber(arg) : printString(arg))).join(", ");
}

export function printBackend(backend: Backend): string {
  switch (backend.type) {
    case "network":
      return printString(backend.address);
    case "lb": {
      const endpoints = backend.endpoints.map((endpoint) => printString(endpointText(endpoint))).join(", ");
      return backend.algorithm === "" ? `<${endpoints}>` : `<${backend.algorithm}, ${endpoints}>`;
    }
    default:
      return `<${backend.type}>`;
  }
}

/** Digits without exponent that read back to the same double. */
export function printNumber(value: number): string {
  if (Object.is(value, -0)) return "-0";
  if (value < 0) return `-${printNumber(-value)}`;
  if (value === Number.POSITIVE_INFINITY) return INFINITE;
  if (Number.isInteger(value)) return BigInt(value).toString();
  // Fractions are below 2^53, so an exponent can only be negative.
  const text = String(value);
  const e = text.indexOf("e-");
  if (e < 0) return text;
  const digits = text.slice(0, e).replace(".", "");
  return `0.${"0".repeat(Number(text.slice(e + 2)) - 1)}${digits}`;
}

function printString(text: string): string {
  let out = "";
  let copied = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x22 && code !== 0x5c) continue;
    const escaped = escapes.get(text[i]!);
    if (escaped === undefined) continue;
    out += text.slice(copied, i) + escaped;
    copied = i + 1;
  }
  return copied === 0 ? `"${text}"` : `"${out}${text.slice(copied)}"`;
}

/** True for a pattern in which nothing is escaped: nearly all are such, and need not be looked at character by character. */
function isPlainPattern(pattern: string): boolean {
  for (let i = 0; i < pattern.length; i++) {
    const code = pattern.charCodeAt(i);
    if (code < 0x20 || code === 0x2f || code === 0x5c) return false;
  }
  return true;
}

/** Between slashes where that reads back to the same pattern, else as a string: the two mean the same (spec eskip 2.3). */
function printRegexp(pattern: string): string {
  if (pattern === "") return '""';
  if (isPlainPattern(pattern)) {
    return pattern.lastIndexOf("[") > pattern.lastIndexOf("]") ? printString(pattern) : `/${pattern}/`;
  }
  let out = "/";
  let inClass = false;
  for (const c of pattern) {
    if (c === "[") inClass = true;
    else if (c === "]") inClass = false;
    if (c === "/") out += "\\/";
    else if (c === "\\") out += "\\\\";
    else if (c !== '"' && escapes.has(c)) return printString(pattern);
    else out += c;
  }
  return inClass ? printString(pattern) : `${out}/`;
}
