// Pre-processors change route definitions before they are checked (spec route-sources 4.1). They look at one route at a time, so
// that one changed route costs one call: a table of 800,000 is never processed as a whole.

import type { Route } from "../eskip/route.ts";

/** Gives the route itself when nothing changes, else what takes its place: one route or several (a clone and its original). */
export type PreProcessor = (route: Route) => Route | readonly Route[];
