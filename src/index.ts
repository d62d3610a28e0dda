// The public face of the package `skipper-proxy`: what a program needs to run the proxy, to work with routes, and to write filters,
// predicates and data clients. Nothing inside of the product imports it. What stands here is kept stable between major versions.

export { type RunningSkipper, startSkipper } from "./app/skipper.ts";
export { defaultOptions, type Options } from "./config/options.ts";
export { canonicalRoute, copyRoute, routeListsEqual, routesEqual } from "./eskip/canonical.ts";
export type { InvalidReason, RouteProblem } from "./eskip/diagnostics.ts";
export { endpointText, parseEndpoint } from "./eskip/endpoint.ts";
export { type InvalidRoute, invalidRoutesToJson, routesFromJson, routesToJson } from "./eskip/json.ts";
export type { ParseError } from "./eskip/parse-error.ts";
export { parseDocumentOrThrow, parseFiltersOrThrow, parsePredicatesOrThrow } from "./eskip/parse-or-throw.ts";
export { parseDocument, parseFilters, parsePredicates } from "./eskip/parser.ts";
export {
  compact,
  type PrintOptions,
  pretty,
  printCall,
  printExpression,
  printFilters,
  printPredicates,
  printRoutes,
} from "./eskip/printer.ts";
export {
  type Arg,
  type Backend,
  type Call,
  dynamicBackend,
  forwardBackend,
  type LbEndpoint,
  loopbackBackend,
  makeRoute,
  type Route,
  shuntBackend,
} from "./eskip/route.ts";
export { routeIdOrRandom } from "./eskip/route-id.ts";
export { Headers } from "./http/headers.ts";
export type { Logger } from "./observability/log.ts";
/** The kinds of arguments that the shipped filters and predicates use: `argKinds.duration`, `argKinds.oneOf("a", "b")`. */
export * as argKinds from "./spec/arg-kinds.ts";
export { type ArgKind, type ArgSpec, type ArgValues, one, optional, Refused, rest } from "./spec/args.ts";
export type {
  AccessLogDecision,
  Body,
  BodyTransform,
  FilterContext,
  FilterRequest,
  FilterResponse,
} from "./spec/context.ts";
export {
  type DataClient,
  type DataClientHost,
  defineDataClient,
  type RouteText,
  type RouteTransaction,
} from "./spec/data-client.ts";
export type { FilterEnv } from "./spec/env.ts";
export { defineFilter, type Filter, type FilterExample, type FilterSpec } from "./spec/filter.ts";
export {
  definePredicate,
  type PredicateEnv,
  type PredicateRequest,
  type PredicateSpec,
  type PredicateTest,
} from "./spec/predicate.ts";
export type { PreProcessor } from "./spec/processor.ts";
export type { Template } from "./spec/template.ts";
export { type CompiledRegexp, compileRegexp, RegexpError } from "./util/regexp.ts";
