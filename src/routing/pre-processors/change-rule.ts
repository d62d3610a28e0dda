// The rules of -edit-route and -clone-route (spec route-sources 4.3): a regular expression is replaced in the text of each predicate
// and filter of a route in canonical form, and the changed text is parsed again.

import { canonicalRoute } from "../../eskip/canonical.ts";
import { parseFilters, parsePredicates } from "../../eskip/parser.ts";
import { printCall } from "../../eskip/printer.ts";
import type { Call, Route } from "../../eskip/route.ts";
import type { Logger } from "../../observability/log.ts";
import type { PreProcessor } from "../../spec/processor.ts";
import { fromByteString, toByteString } from "../../util/bytes.ts";
import { type CompiledRegexp, compileRegexp, RegexpError } from "../../util/regexp.ts";
import { parseExpansion } from "../../util/regexp-expansion.ts";
import { cloneId } from "./clone-id.ts";

/** `pattern` is one that compiles: options are checked where they are read. */
export interface ChangeRule {
  readonly pattern: string;
  readonly replacement: string;
}

/** Logs at most this many texts that a rule made unusable. */
const maxLogged = 100;

/** Replaces every route that the rule changes by its changed form. */
export function editRoutes(rule: ChangeRule, log: Logger): PreProcessor {
  const change = changer(rule, log);
  return (route) => change(route) ?? route;
}

/** Adds a changed copy of every route that the rule changes; `number` is the place of the rule among the clone rules. */
export function cloneRoutes(rule: ChangeRule, number: number, log: Logger): PreProcessor {
  const change = changer(rule, log);
  return (route) => {
    const changed = change(route);
    return changed === null ? route : [route, { ...changed, id: cloneId(route.id, number) }];
  };
}

type Change = (route: Route) => Route | null;

function changer(rule: ChangeRule, log: Logger): Change {
  const regexp = compileRegexp(rule.pattern);
  if (regexp instanceof RegexpError) throw new Error(regexp.message);
  const expansion = parseExpansion(rule.replacement);
  let logged = 0;

  const replace = (
    call: Call,
    kind: string,
    parse: (text: string) => { calls: readonly Call[]; problem: string },
  ): Call => {
    const text = printCall(call);
    const changed = replaceText(regexp, text, expansion);
    if (changed === text) return call;
    const { calls, problem } = parse(changed);
    const first = calls[0];
    if (problem === "" && first !== undefined) return first;
    if (logged++ < maxLogged) log.error(`Failed to parse ${kind}: ${problem === "" ? `no ${kind} left` : problem}`);
    return call;
  };
  const changeAll = (calls: readonly Call[], kind: string, parse: Parameters<typeof replace>[2]): readonly Call[] => {
    const changed = calls.map((call) => replace(call, kind, parse));
    return changed.some((call, i) => call !== calls[i]) ? changed : calls;
  };

  return (route) => {
    const canonical = canonicalRoute(route);
    const predicates = changeAll(canonical.predicates, "predicate", readPredicates);
    const filters = changeAll(canonical.filters, "filter", readFilters);
    if (predicates === canonical.predicates && filters === canonical.filters) return null;
    return { ...canonical, predicates, filters };
  };
}

function replaceText(regexp: CompiledRegexp, text: string, expansion: ReturnType<typeof parseExpansion>): string {
  const bytes = toByteString(text);
  return regexp.test(bytes) ? fromByteString(regexp.replaceAll(bytes, expansion)) : text;
}

function readPredicates(text: string): { calls: readonly Call[]; problem: string } {
  const { predicates, error } = parsePredicates(text);
  return { calls: predicates, problem: error?.message ?? "" };
}

function readFilters(text: string): { calls: readonly Call[]; problem: string } {
  const { filters, error } = parseFilters(text);
  return { calls: filters, problem: error?.message ?? "" };
}
