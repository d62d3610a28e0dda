// The plain twin of composition.ts for its tests: composes all translations from nothing, as the spec says it (kubernetes 5, 7.10 to
// 7.12), without a thought for cost.

import { printExpression } from "../eskip/printer.ts";
import type { Route } from "../eskip/route.ts";
import { ingressCatchAlls } from "./catch-all.ts";
import { fixedRoutes } from "./fixed-routes.ts";
import type { TranslationSettings } from "./settings.ts";
import type { IngressHostPart, Translation } from "./translation.ts";

export interface ReferenceComposition {
  /** Expressions by id. */
  readonly routes: ReadonlyMap<string, string>;
  /** `id: first, ignored`, named by what makes them, where the routes differ. */
  readonly conflicts: ReadonlySet<string>;
}

type Made = readonly [maker: string, route: Route];

/** `translations` by `Ingress namespace/name` and `RouteGroup namespace/name`. */
export function composeFromNothing(
  settings: TranslationSettings,
  translations: ReadonlyMap<string, Translation>,
): ReferenceComposition {
  const keys = [...translations.keys()].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
  const ingresses = keys.filter((key) => key.startsWith("Ingress "));
  const groups = keys.filter((key) => !key.startsWith("Ingress "));
  const routesOf = (key: string): Made[] => {
    const { routes, hosts } = translations.get(key)!;
    return [...routes, ...hosts.flatMap((part) => part.routes)].map((route) => [key, route]);
  };
  const parts = Map.groupBy(
    ingresses.flatMap((key) => translations.get(key)!.hosts),
    ({ host }) => host,
  );
  const catchAlls = [...parts].flatMap(([host, ofHost]): Made[] => {
    if (!settings.catchAll) return [];
    return catchAllsOf(host, ofHost).map((route) => [`host ${host}`, route]);
  });
  const fixed = fixedRoutes(settings).map((route): Made => ["", route]);
  return firstOfEach([...ingresses.flatMap(routesOf), ...catchAlls, ...groups.flatMap(routesOf), ...fixed]);
}

function placeOf(key: string): string {
  return key.replace(/^\w+ /, "").replace("/", "\0");
}

function catchAllsOf(host: string, parts: readonly IngressHostPart[]): Route[] {
  const first = parts[0]!.routes[0];
  if (first === undefined || parts.some((part) => part.catchesAll)) return [];
  const codes = parts.map(({ redirect }) => redirect).filter((redirect) => typeof redirect === "number");
  const isDisabled = parts.some(({ redirect }) => redirect === "disabled");
  return ingressCatchAlls(host, first.hostRegexps, { code: codes.at(-1) ?? 0, isDisabled });
}

function firstOfEach(made: readonly Made[]): ReferenceComposition {
  const firsts = new Map<string, Made>();
  const conflicts = new Set<string>();
  for (const one of made) {
    const [maker, route] = one;
    const first = firsts.get(route.id);
    if (first === undefined) firsts.set(route.id, one);
    else if (printExpression(first[1]) !== printExpression(route)) {
      conflicts.add(`${route.id}: ${first[0]}, ${maker}`);
    }
  }
  return { routes: new Map([...firsts].map(([id, [, route]]) => [id, printExpression(route)])), conflicts };
}
