// The translation of an object of which only the endpoints changed: its routes with other backends. Next to all changes of a cluster are
// such, and they cost a fraction of a translation.

import { printBackend } from "../eskip/printer.ts";
import type { Backend, Route } from "../eskip/route.ts";
import { serviceBackend } from "./service-backend.ts";
import type { TranslationSettings } from "./settings.ts";
import type { ClusterView, Translation } from "./translation.ts";

/**
 * What translating the object again would give, when nothing but endpoints is another since `former`. null: more than backends
 * depends on the change, as filters do on whether there are endpoints at all, one, or several.
 */
export function renewBackends(
  former: Translation,
  view: ClusterView,
  settings: TranslationSettings,
): Translation | null {
  const renewed = new Map<Backend, Backend>();
  const services = [];
  for (const use of former.services) {
    const backend = serviceBackend(view, settings, use.query);
    if (backend?.type !== use.backend?.type) return null;
    if (backend === null || use.backend === null || printBackend(backend) === printBackend(use.backend)) {
      services.push(use);
    } else {
      renewed.set(use.backend, backend);
      services.push({ query: use.query, backend });
    }
  }
  const renew = (route: Route): Route => {
    const backend = renewed.get(route.backend);
    return backend === undefined ? route : { ...route, backend };
  };
  return {
    ...former,
    routes: former.routes.map(renew),
    hosts: former.hosts.map((part) => ({ ...part, routes: part.routes.map(renew) })),
    services,
  };
}
