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

/** The route itself when no pre-processor changes it, else what takes its place. */
export function preProcess(processors: readonly PreProcessor[], route: Route): Route | readonly Route[] {
  let current: Route | readonly Route[] = route;
  for (const processor of processors) current = isList(current) ? current.flatMap(processor) : processor(current);
  return current;
}

function isList(value: Route | readonly Route[]): value is readonly Route[] {
  return Array.isArray(value);
}
