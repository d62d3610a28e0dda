// The filters that -default-filters-dir gives to the routes of a Service (spec kubernetes 7.7).

import { parseFilters } from "../eskip/parser.ts";
import type { Call } from "../eskip/route.ts";
import type { ClusterView } from "./translation.ts";

export interface DefaultFilters {
  readonly filters: readonly Call[];
  /** What is wrong with the file, "" when nothing is. */
  readonly fault: string;
}

const none: DefaultFilters = { filters: [], fault: "" };

export function defaultFilters(view: ClusterView, namespace: string, service: string): DefaultFilters {
  const text = view.defaultFilters(namespace, service);
  if (text === undefined) return none;
  const { filters, error } = parseFilters(text);
  return error === null ? { filters, fault: "" } : { filters: [], fault: `[eskip] default filters: ${error.message}` };
}
