// The pre-processors in their order (spec route-sources 4.1), and how a route runs through them.

import type { Call, Route } from "../../eskip/route.ts";
import type { Logger } from "../../observability/log.ts";
import type { PreProcessor } from "../../spec/processor.ts";
import { type ChangeRule, cloneRoutes, editRoutes } from "./change-rule.ts";
import { defaultFilters, forwardTo, lastOnly } from "./filter-rules.ts";

/** The options that steer pre-processing, named as in Options. */
export interface PreProcessingSettings {
  readonly defaultFiltersPrepend: readonly Call[];
  readonly defaultFiltersAppend: readonly Call[];
  readonly cloneRoute: readonly ChangeRule[];
  readonly editRoute: readonly ChangeRule[];
  readonly forwardBackendUrl: string;
}

/** `custom` are the pre-processors of an embedding program. */
export function buildPreProcessors(
  settings: PreProcessingSettings,
  log: Logger,
  custom: readonly PreProcessor[] = [],
): PreProcessor[] {
  return [
    defaultFilters(settings.defaultFiltersPrepend, settings.defaultFiltersAppend),
    ...settings.cloneRoute.map((rule, i) => cloneRoutes(rule, i, log)),
    ...settings.editRoute.map((rule) => editRoutes(rule, log)),
    lastOnly("fifo"),
    lastOnly("lifo"),
    ...custom,
    lastOnly("admissionControl"),
    forwardTo(settings.forwardBackendUrl),
  ];
}

/** The route itself when no pre-processor changes it, else what takes its place; what one of them adds comes last. */
export function preProcess(processors: readonly PreProcessor[], route: Route): Route | readonly Route[] {
  let current: Route | readonly Route[] = route;
  for (const processor of processors) current = isList(current) ? processAll(processor, current) : processor(current);
  return current;
}

function processAll(processor: PreProcessor, routes: readonly Route[]): readonly Route[] {
  const added: Route[] = [];
  const result = routes.flatMap((route) => {
    const made = processor(route);
    if (!isList(made)) return made;
    added.push(...made.slice(1));
    return made.slice(0, 1);
  });
  return [...result, ...added];
}

function isList(value: Route | readonly Route[]): value is readonly Route[] {
  return Array.isArray(value);
}
