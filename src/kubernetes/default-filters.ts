// Filters that the operator gives to all routes of a Service (spec kubernetes 7.7).

import { parseFilters } from "../eskip/parser.ts";
import type { Call } from "../eskip/route.ts";
import type { TranslationSettings } from "./settings.ts";
import type { ClusterView } from "./translation.ts";

export interface DefaultFilters {
  readonly filters: readonly Call[];
  /** Why the text cannot be used, "" when it can. */
  readonly error: string;
}

const noFilters: DefaultFilters = { filters: Object.freeze([]), error: "" };

export function defaultFilters(
  view: ClusterView,
  settings: TranslationSettings,
  namespace: string,
  service: string,
): DefaultFilters {
  const text = settings.hasDefaultFilters ? view.defaultFilters(namespace, service) : undefined;
  if (text === undefined) return noFilters;
  const { filters, error } = parseFilters(text);
  return error === null
    ? { filters, error: "" }
    : { filters: noFilters.filters, error: `[eskip] default filters: ${error.message}` };
}
