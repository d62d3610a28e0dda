// What filters before this one did to the Host header (spec filters 6.1 and 6.4). The client's own Host line is not among the headers
// (spec matching 2.2), so a Host that is there was put there, by a filter of this route or of one before a loopback.

import type { FilterContext } from "../spec/context.ts";

/** The Host header that a filter set, undefined when there is none. */
export function hostSetByFilter(ctx: FilterContext): string | undefined {
  return ctx.request.headers.get("Host");
}
