// What filters before this one did to the Host header (spec filters 6.1 and 6.4).

import type { FilterContext } from "../spec/context.ts";

/** The Host header that a filter set, undefined when there is only the one of the client: the host rule sets both together. */
export function hostSetByFilter(ctx: FilterContext): string | undefined {
  const host = ctx.request.headers.get("Host");
  return host !== undefined && host === ctx.outgoingHost ? host : undefined;
}
