// The one check of a route against the filters and predicates that a process knows (spec matching 13, route-sources 6): used by
// the routing table, the eskip command and the webhook. Texts are those of the spec; nothing is created.

import type { InvalidReason, RouteProblem } from "../eskip/diagnostics.ts";
import { LB_ALGORITHMS } from "../eskip/lb-algorithms.ts";
import { printCall } from "../eskip/printer.ts";
import type { Call, Route } from "../eskip/route.ts";
import { suggest } from "../eskip/suggest.ts";
import { checkUrl, schemeOf, splitBackendAddress } from "../eskip/url.ts";
import { type AnyArgSpec, type ArgError, checkArgs, Refused } from "../spec/args.ts";
import type { Registry } from "../spec/registry.ts";
import { compileRegexp, RegexpError } from "../util/regexp.ts";
import { HostKeys } from "./host-keys.ts";
import { isLiteralPath, parsePathPattern, treePredicate } from "./path-pattern.ts";

/** What is wrong with a route, and how it is told. */
export interface RouteCheckProblem extends RouteProblem {
  /** What was expected and what was got, when the text of the spec does not say it; else "". */
  readonly detail: string;
  /** False for load balanced routes that cannot be used: they are logged, but neither listed as invalid nor counted (6.2). */
  readonly listed: boolean;
}

/** The first problem of a route, null when it can be used. `position` is the number that texts about patterns show; `hosts` a memo of the caller. */
export function checkRoute(
  route: Route,
  registry: Registry,
  position = 0,
  hosts = new HostKeys(),
  ignoreTrailingSlash = false,
): RouteCheckProblem | null {
  return (
    checkNetworkBackend(route) ??
    checkFilters(route, registry) ??
    (route.predicates.length === 0 ? null : checkPredicates(route, registry)) ??
    checkLbBackend(route) ??
    checkPatterns(route, position, hosts, ignoreTrailingSlash)
  );
}

/** The first problem of a route whose predicates and filters are known to be good. */
export function checkBackend(route: Route): RouteCheckProblem | null {
  return checkNetworkBackend(route) ?? checkLbBackend(route);
}

function problem(reason: InvalidReason, text: string, detail = ""): RouteCheckProblem {
  return { reason, text, detail, listed: true };
}

/** A name that is not known. What it was probably meant to be is looked for only when somebody asks: that takes its time. */
class UnknownName implements RouteCheckProblem {
  readonly reason: InvalidReason;
  readonly text: string;
  readonly listed = true;
  readonly #kind: "filter" | "predicate";
  readonly #name: string;
  readonly #registry: Registry;

  constructor(kind: "filter" | "predicate", name: string, text: string, registry: Registry) {
    this.reason = `unknown_${kind}`;
    this.text = text;
    this.#kind = kind;
    this.#name = name;
    this.#registry = registry;
  }

  get detail(): string {
    const { filters, predicates } = this.#registry;
    const known = this.#kind === "filter" ? filters : predicates;
    const other = this.#kind === "filter" ? predicates : filters;
    for (const { name } of other) {
      if (name === this.#name) return this.#kind === "filter" ? "put it in front of the arrow" : "it is a filter";
    }
    const near = suggest(
      this.#name,
      Array.from<{ readonly name: string }, string>(known, ({ name }) => name),
    );
    return near === "" ? "" : `did you mean "${near}"?`;
  }
}

function checkNetworkBackend(route: Route): RouteCheckProblem | null {
  const { backend } = route;
  if (backend.type !== "network" || backend.address === "" || isPlainAddress(backend.address)) return null;
  const split = splitBackendAddress(backend.address);
  return "error" in split ? problem("failed_backend_split", `failed_backend_split: ${split.error}`) : null;
}

/**
 * True for `http://` or `https://`, a host of letters, digits, dots and dashes, and perhaps a port: nearly all addresses are such,
 * and are told from others in a fraction of the time that splitting takes (table.bench.ts).
 */
function isPlainAddress(address: string): boolean {
  const hostStart = address.startsWith("http://") ? 7 : address.startsWith("https://") ? 8 : address.length;
  let i = hostStart;
  for (; i < address.length && address.charCodeAt(i) !== COLON; i++)
    if (!isHostChar(address.charCodeAt(i))) return false;
  if (i === hostStart) return false;
  for (i++; i < address.length; i++) if (!isDigit(address.charCodeAt(i))) return false;
  return true;
}

const COLON = 0x3a;

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

function isHostChar(c: number): boolean {
  return (c >= 0x61 && c <= 0x7a) || isDigit(c) || c === 0x2e || c === 0x2d || (c >= 0x41 && c <= 0x5a);
}

function checkFilters(route: Route, registry: Registry): RouteCheckProblem | null {
  for (const call of route.filters) {
    const spec = registry.filter(call.name);
    if (spec === undefined) {
      const text = isPredicateName(call.name, registry)
        ? `unknown_filter: trying to use ${JSON.stringify(call.name)} as filter, but it is only available as predicate`
        : `unknown_filter: filter ${JSON.stringify(call.name)} not found`;
      return new UnknownName("filter", call.name, text, registry);
    }
    const fault = checkCall(spec, call);
    if (fault === null) continue;
    const cause = fault.message || "invalid filter parameters";
    const text = `invalid_filter_params: failed to create filter ${printCall(call)}: ${cause}`;
    return problem("invalid_filter_params", text, fault.detail);
  }
  return null;
}

function isPredicateName(name: string, registry: Registry): boolean {
  return registry.predicate(name) !== undefined || CLASSIC.has(name) || name === "PathSubtree" || name === "Weight";
}

/** The predicates with slots, and how many strings they take. */
const CLASSIC: ReadonlyMap<string, number> = new Map([
  ["Path", 1],
  ["Host", 1],
  ["PathRegexp", 1],
  ["Method", 1],
  ["Header", 2],
  ["HeaderRegexp", 2],
]);

function checkPredicates(route: Route, registry: Registry): RouteCheckProblem | null {
  for (const call of route.predicates) {
    const strings = CLASSIC.get(call.name);
    const fault = strings === undefined ? null : checkClassic(call, strings);
    if (fault !== null) return fault;
  }
  let trees = route.path === "" ? 0 : 1;
  for (const call of route.predicates) {
    if (call.name === "Path" || call.name === "PathSubtree") trees++;
    else if (!CLASSIC.has(call.name)) {
      const fault = checkPredicate(call, registry);
      if (fault !== null) return fault;
    }
  }
  if (trees > 1) {
    return problem("other", `multiple tree predicates (Path, PathSubtree) in the route: ${route.id}`);
  }
  for (const call of route.predicates) {
    if (call.name === "PathSubtree" && (call.args.length !== 1 || typeof call.args[0] !== "string")) {
      return problem("other", "invalid predicate parameters", `${printCall(call)}: expected 1 string`);
    }
  }
  return null;
}

function checkClassic(call: Call, strings: number): RouteCheckProblem | null {
  if (call.args.length !== strings) {
    return problem(
      "other",
      `invalid length of predicate args in ${call.name}, ${call.args.length} instead of ${strings}`,
    );
  }
  if (call.args.every((value) => typeof value === "string")) return null;
  return problem("other", `expected argument of type string, ${call.name}`);
}

function checkPredicate(call: Call, registry: Registry): RouteCheckProblem | null {
  // The star needs no declaration; `Any` is dropped by the eskip parser and unknown elsewhere.
  if (call.name === "*") return null;
  const spec = call.name === "Any" ? undefined : registry.predicate(call.name);
  if (spec === undefined) {
    const text = `unknown_predicate: predicate ${JSON.stringify(call.name)} not found`;
    return new UnknownName("predicate", call.name, text, registry);
  }
  const fault = checkCall(spec, call);
  if (fault === null) return null;
  const cause = predicateCause(call.name, fault);
  const text =
    call.name === "Weight"
      ? "invalid_predicate_params: invalid argument for the Weight predicate"
      : `invalid_predicate_params: failed to create predicate ${printCall(call)}: ${cause}`;
  const detail = fault.detail === "" && cause !== fault.message ? fault.message : fault.detail;
  return problem("invalid_predicate_params", text, detail);
}

const BAD_PARAMETERS = "invalid predicate parameters";

/** What the spec says of a wrong number of arguments, where it is not the general text. */
const COUNT_CAUSES: ReadonlyMap<string, string> = new Map([
  ["ClientIP", "invalid arguments"],
  ["Methods", "at least one method should be specified"],
  ["Source", "invalid arguments"],
  ["SourceFromLast", "invalid arguments"],
  ["TrafficSegment", `${BAD_PARAMETERS}: invalid number of arguments, expects two arguments`],
]);

/** The cause in the words of the spec; what a rule between arguments says beyond them is detail. */
function predicateCause(name: string, fault: Fault): string {
  if (fault.about === "count") return COUNT_CAUSES.get(name) ?? BAD_PARAMETERS;
  if (fault.about === "rule" && !fault.message.startsWith(BAD_PARAMETERS)) return BAD_PARAMETERS;
  return fault.message || BAD_PARAMETERS;
}

interface Declaration {
  readonly args: readonly AnyArgSpec[];
  readonly anyArgs: boolean;
  check(values: readonly unknown[]): string;
}

/** What is wrong with the arguments of a call. */
interface Fault {
  readonly about: "count" | "argument" | "rule";
  /** What the kind of the argument, or the rule between arguments, says; "" for nothing. */
  readonly message: string;
  /** What the declaration expected and what it got, "" when the message says it. */
  readonly detail: string;
}

function checkCall(spec: Declaration, call: Call): Fault | null {
  if (spec.anyArgs) return null;
  const checked = checkArgs(spec.args, call.args);
  if ("error" in checked) {
    const { index, message } = checked.error;
    return {
      about: index < 0 ? "count" : "argument",
      message: refusal(spec.args, call, checked.error),
      detail: message,
    };
  }
  const message = spec.check(checked.values);
  return message === "" ? null : { about: "rule", message, detail: "" };
}

/** What the kind of a refused argument says about it, "" when it says nothing. */
function refusal(specs: readonly AnyArgSpec[], call: Call, error: ArgError): string {
  if (error.index < 0) return "";
  const spec = specs[Math.min(error.index, specs.length - 1)]!;
  const refused = spec.kind.parse(call.args[error.index]!);
  return refused instanceof Refused ? refused.message : "";
}

/** Spec route-sources 6.2: such a route vanishes with a log line only. */
function checkLbBackend(route: Route): RouteCheckProblem | null {
  const { backend } = route;
  if (backend.type !== "lb") return null;
  if (backend.endpoints.length === 0)
    return lbProblem(`failed to post-process LB route: ${route.id}, no endpoints defined`);
  for (const { address } of backend.endpoints) {
    const fault = isPlainAddress(address) ? "" : endpointFault(address);
    if (fault !== "") return lbProblem(`failed to parse LB endpoints for route ${route.id}: ${fault}`);
  }
  if (backend.algorithm === "" || LB_ALGORITHMS.has(backend.algorithm)) return null;
  const quoted = JSON.stringify(backend.algorithm);
  const near = suggest(backend.algorithm, LB_ALGORITHMS);
  return lbProblem(
    `failed to set LB algorithm implementation for route ${route.id}: unsupported algorithm ${quoted}`,
    near === "" ? "" : `did you mean "${near}"?`,
  );
}

function endpointFault(address: string): string {
  const fault = checkUrl(address);
  if (fault !== "") return fault;
  if (schemeOf(address) === "") return `parse ${JSON.stringify(address)}: missing scheme`;
  const split = splitBackendAddress(address);
  return "error" in split ? split.error : "";
}

function lbProblem(text: string, detail = ""): RouteCheckProblem {
  return { reason: "other", text, detail, listed: false };
}

function checkPatterns(
  route: Route,
  position: number,
  hosts: HostKeys,
  ignoreTrailingSlash: boolean,
): RouteCheckProblem | null {
  const tree = treePredicate(route);
  if (!isLiteralPath(tree.path)) {
    const pattern = parsePathPattern(tree.path, tree.subtree, ignoreTrailingSlash);
    if (pattern.problem !== "") return matcherProblem(route, position, pattern.problem);
  }
  for (const host of route.hostRegexps) {
    const error = hosts.ofPattern(host) === null ? regexpError(host) : "";
    if (error !== "") return matcherProblem(route, position, error);
  }
  for (const path of route.pathRegexps) {
    const error = regexpError(path);
    if (error !== "") return matcherProblem(route, position, error);
  }
  for (const [, patterns] of route.headerRegexps) {
    for (const header of patterns) {
      const error = regexpError(header);
      if (error !== "") return matcherProblem(route, position, error);
    }
  }
  for (const call of route.predicates) {
    const isPattern = call.name === "Host" || call.name === "PathRegexp" || call.name === "HeaderRegexp";
    const error = isPattern ? regexpError(String(call.args[call.args.length - 1])) : "";
    if (error !== "") return matcherProblem(route, position, error);
  }
  return null;
}

function regexpError(pattern: string): string {
  const compiled = compileRegexp(pattern);
  return compiled instanceof RegexpError ? compiled.message : "";
}

function matcherProblem(route: Route, position: number, text: string): RouteCheckProblem {
  return problem("invalid_matcher", `${route.id} [${position}]: ${text}`);
}
