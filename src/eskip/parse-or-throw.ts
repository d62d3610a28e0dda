// For programs that have routes in their own text, where a mistake is one of the program: the parser that throws. Whoever reads the
// input of somebody else uses parser.ts, which returns what is wrong.

import type { ParseError } from "./parse-error.ts";
import { parseDocument, parseFilters, parsePredicates } from "./parser.ts";
import type { Call, Route } from "./route.ts";

/** The routes of a document. Throws an Error that tells place and reason, with the ParseError as its `cause`. */
export function parseDocumentOrThrow(text: string | Uint8Array): Route[] {
  const { routes, error } = parseDocument(text);
  throwIf(error);
  return routes;
}

/** A filters-only document; throws as `parseDocumentOrThrow` does. */
export function parseFiltersOrThrow(text: string): readonly Call[] {
  const { filters, error } = parseFilters(text);
  throwIf(error);
  return filters;
}

/** A predicates-only document; throws as `parseDocumentOrThrow` does. */
export function parsePredicatesOrThrow(text: string): readonly Call[] {
  const { predicates, error } = parsePredicates(text);
  throwIf(error);
  return predicates;
}

function throwIf(error: ParseError | null): void {
  if (error !== null) throw new Error(`${error.message} (${error.explanation})`, { cause: error });
}
