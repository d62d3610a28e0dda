// What the annotations of an Ingress say about all of its routes (spec kubernetes 6), read once for each translation. The Ingress has
// passed validate-ingress.ts, so the annotations that it checks do parse.

import { parseDocument, parseFilters, parsePredicates } from "../eskip/parser.ts";
import type { Call, Route } from "../eskip/route.ts";
import { annotation, annotationOf, type CommonOptions, readCommonOptions } from "./annotations.ts";
import type { Metadata } from "./objects.ts";
import { mentionsProto } from "./redirects.ts";
import type { PathMode, TranslationSettings } from "./settings.ts";
import type { IngressHostPart, Problem } from "./translation.ts";

export interface IngressOptions extends CommonOptions {
  readonly pathMode: PathMode;
  readonly filters: readonly Call[];
  readonly predicates: readonly Call[];
  /** Of the annotation skipper-routes, as written. */
  readonly extraRoutes: readonly Route[];
  readonly lbAlgorithm: string;
  /** Where all routes go; "" when they go to their own backends. */
  readonly forwardUrl: string;
  readonly weights: ReadonlyMap<string, number>;
  /** What path routes do about redirects, and what extra routes say of their host. */
  readonly pathRedirect: IngressHostPart["redirect"];
  readonly hostRedirect: IngressHostPart["redirect"];
}

export function readIngressOptions(
  metadata: Metadata,
  settings: TranslationSettings,
  problems: Problem[],
): IngressOptions {
  const common = readCommonOptions(metadata, settings, problems);
  const predicateText = annotationOf(metadata, annotation.predicates);
  const routesText = annotationOf(metadata, annotation.routes);
  const hostRedirect = redirectOf(common, settings);
  return {
    ...common,
    pathMode: readPathMode(metadata, settings, problems),
    filters: readFilters(metadata, problems),
    predicates: predicateText === "" ? none : parsePredicates(predicateText).predicates,
    extraRoutes: routesText === "" ? none : parseDocument(routesText).routes,
    lbAlgorithm: metadata.annotations.get(annotation.lbAlgorithm) ?? settings.defaultLbAlgorithm,
    forwardUrl: annotationOf(metadata, annotation.backend) === "forward" ? settings.forwardBackendUrl : "",
    weights: readWeights(metadata, problems),
    pathRedirect: mentionsProto(predicateText, routesText) ? null : hostRedirect,
    hostRedirect,
  };
}

const none: readonly never[] = Object.freeze([]);
const pathModes: readonly string[] = ["kubernetes-ingress", "path-regexp", "path-prefix"] satisfies PathMode[];

function redirectOf(
  { redirect, redirectCode }: CommonOptions,
  settings: TranslationSettings,
): number | "disabled" | null {
  if (redirect === false) return "disabled";
  return redirect === true || settings.httpsRedirect ? redirectCode : null;
}

function readPathMode(metadata: Metadata, settings: TranslationSettings, problems: Problem[]): PathMode {
  const mode = annotationOf(metadata, annotation.pathMode);
  if (mode === "") return settings.pathMode;
  if (pathModes.includes(mode)) return mode as PathMode;
  problems.push({ level: "error", message: `Failed to get path mode: invalid path mode string: ${mode}`, bare: false });
  return settings.pathMode;
}

/** The deprecated rate limits stand in front of the other filters, and are parsed together with them. */
function readFilters(metadata: Metadata, problems: Problem[]): readonly Call[] {
  const texts = [annotationOf(metadata, annotation.ratelimit), annotationOf(metadata, annotation.filters)];
  // On a line of its own, or a comment behind the rate limits would end in silence what follows.
  const text = texts.filter((one) => one !== "").join("\n-> ");
  if (text === "") return none;
  const { filters, error } = parseFilters(text);
  if (error === null) return filters;
  problems.push({ level: "error", message: `Cannot parse annotation filters: ${error.message}`, bare: false });
  return none;
}

/** Weights by Service; an annotation that cannot be read counts as none. */
function readWeights(metadata: Metadata, problems: Problem[]): ReadonlyMap<string, number> {
  const text = annotationOf(metadata, annotation.weights);
  if (text === "") return noWeights;
  const weights = new Map<string, number>();
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || Array.isArray(value)) {
      throw new SyntaxError(`expected an object of numbers, got ${JSON.stringify(value)}`);
    }
    for (const [service, weight] of Object.entries(value ?? {})) {
      if (typeof weight === "number") weights.set(service, weight);
      else if (weight !== null) {
        throw new SyntaxError(`weight of ${service}: expected a number, got ${JSON.stringify(weight)}`);
      }
    }
    return weights;
  } catch (cause) {
    const message = `Error while parsing backend-weights annotation: ${(cause as Error).message}`;
    problems.push({ level: "error", message, bare: false });
    return noWeights;
  }
}

const noWeights: ReadonlyMap<string, number> = new Map();
