// Slow start of new endpoints (spec resilience 7.1): what the filters fadeIn and endpointCreated of a route ask for, and the share
// that an endpoint of some age gets. Used by load-balancer.ts.

export interface FadeIn {
  /** Above 0. */
  readonly durationMs: number;
  readonly exponent: number;
  /** When endpoints were made, by their `host:port`; ms since 1970. */
  readonly created: readonly { readonly endpoint: string; readonly atMs: number }[];
}

/** A filter of a route with its checked arguments. */
export interface CheckedFilter {
  readonly name: string;
  readonly values: readonly unknown[];
}

/** What the filters of a route ask for, null for nothing: the last fadeIn counts, and 0 or less switches it off. */
export function readFadeIn(filters: readonly CheckedFilter[]): FadeIn | null {
  let durationMs = 0;
  let exponent = 1;
  const created: { endpoint: string; atMs: number }[] = [];
  for (const { name, values } of filters) {
    if (name === "fadeIn") {
      durationMs = values[0] as number;
      exponent = (values[1] as number | undefined) ?? 1;
    } else if (name === "endpointCreated") {
      created.push({ endpoint: values[0] as string, atMs: values[1] as number });
    }
  }
  return durationMs > 0 ? { durationMs, exponent, created } : null;
}

/** The part of its requests that an endpoint of this age gets, 0 to 1. */
export function fadeInShare(fadeIn: FadeIn, ageMs: number): number {
  if (ageMs >= fadeIn.durationMs) return 1;
  return ageMs <= 0 ? 0 : (ageMs / fadeIn.durationMs) ** fadeIn.exponent;
}
