// What the annotations of an Ingress say about its routes (spec kubernetes 6), read once for all of them.

import { parseDocument, parseFilters, parsePredicates } from "../eskip/parser.ts";
import type { Call, Route } from "../eskip/route.ts";
import { annotation } from "./annotations.ts";
import type { Ingress } from "./objects.ts";
import type { PathMode, TranslationSettings } from "./settings.ts";
import type { Problem } from "./translation.ts";

export interface IngressAnnotations {
  /** Of ratelimit and skipper-filter. */
  readonly filters: readonly Call[];
  readonly predicates: readonly Call[];
  readonly extraRoutes: readonly Route[];
  readonly pathMode: PathMode;
  /** By Service name. */
  readonly weights: ReadonlyMap<string, number>;
  readonly algorithm: string;
  readonly forward: boolean;
  /** null: as the flags say. */
  readonly redirect: boolean | null;
  readonly redirectCode: number;
  /** The annotations look at X-Forwarded-Proto themselves: no redirects are added. */
  readonly hasOwnRedirect: boolean;
}

const PATH_MODES: readonly string[] = ["kubernetes-ingress", "path-regexp", "path-prefix"] satisfies PathMode[];
const OWN_REDIRECT = 'Header("X-Forwarded-Proto"';

/** `ingress` is valid (validate-ingress.ts). */
export function readIngressAnnotations(
  { metadata }: Ingress,
  settings: TranslationSettings,
): { readonly annotations: IngressAnnotations; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const error = (message: string, bare = false) => void problems.push({ level: "error", message, bare });
  const predicateText = annotation(metadata, "predicate");
  const routesText = annotation(metadata, "routes");
  const redirectText = annotation(metadata, "redirect");
  return {
    annotations: {
      filters: readFilters(annotation(metadata, "ratelimit"), annotation(metadata, "filter"), error),
      predicates: predicateText === "" ? [] : parsePredicates(predicateText).predicates,
      extraRoutes: routesText === "" ? [] : parseDocument(routesText).routes,
      pathMode: readPathMode(annotation(metadata, "pathMode"), settings.pathMode, error),
      weights: readWeights(annotation(metadata, "weights"), error),
      algorithm: annotation(metadata, "loadBalancer") || settings.defaultLbAlgorithm,
      forward: annotation(metadata, "backend") === "forward" && settings.forwardBackendUrl !== "",
      redirect: redirectText === "true" ? true : redirectText === "false" ? false : null,
      redirectCode: readRedirectCode(annotation(metadata, "redirectCode"), error) ?? settings.httpsRedirectCode,
      hasOwnRedirect: predicateText.includes(OWN_REDIRECT) || routesText.includes(OWN_REDIRECT),
    },
    problems,
  };
}

type Tell = (message: string, bare?: boolean) => void;

function readFilters(ratelimit: string, filter: string, error: Tell): readonly Call[] {
  const text = ratelimit === "" ? filter : filter === "" ? ratelimit : `${ratelimit} -> ${filter}`;
  if (text === "") return [];
  const parsed = parseFilters(text);
  if (parsed.error === null) return parsed.filters;
  error(`Cannot parse annotation filters: ${parsed.error.message}`);
  return [];
}

function readPathMode(text: string, usual: PathMode, error: Tell): PathMode {
  if (text === "" || PATH_MODES.includes(text)) return text === "" ? usual : (text as PathMode);
  error(`Failed to get path mode: invalid path mode string: ${text}`);
  return usual;
}

function readWeights(text: string, error: Tell): ReadonlyMap<string, number> {
  if (text === "") return new Map();
  try {
    const weights = JSON.parse(text) as unknown;
    const entries = typeof weights === "object" && weights !== null ? Object.entries(weights) : null;
    const wrong =
      entries === null ? "expected an object" : entries.find(([, weight]) => typeof weight !== "number")?.[0];
    if (wrong === undefined) return new Map(entries as [string, number][]);
    error(
      `Error while parsing backend-weights annotation: ${entries === null ? wrong : `weight of ${wrong} is no number`}`,
    );
  } catch (cause) {
    error(`Error while parsing backend-weights annotation: ${(cause as Error).message}`);
  }
  return new Map();
}

/** Shared with RouteGroups, for which only what is wrong with it counts. null: none, or not valid. */
export function readRedirectCode(text: string, error: Tell): number | null {
  if (text === "") return null;
  const code = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (code >= 300 && code <= 399) return code;
  error(`invalid redirect code annotation:${text}: expected an integer from 300 to 399`, true);
  return null;
}
