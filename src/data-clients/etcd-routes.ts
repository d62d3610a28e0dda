// The route behind a value in etcd: one expression, or a document of one definition whose id counts for nothing (spec
// route-sources 5).

import { parseDocument } from "../eskip/parser.ts";
import type { Route } from "../eskip/route.ts";
import type { EtcdEntry } from "./etcd-client.ts";

/** The route of an entry under the id of its key, or why it is none. */
export function readEtcdEntry(entry: EtcdEntry): { readonly route: Route } | { readonly error: string } {
  const { routes, error } = parseDocument(entry.expression);
  if (error !== null) return { error: error.message };
  const [route] = routes;
  if (route === undefined || routes.length > 1) return { error: "invalid route entry: multiple route expressions" };
  return { route: { ...route, id: entry.id } };
}
