// What a translation notes of the Services whose endpoints are in its routes, so that other endpoints need no other translation
// (renew-backends.ts).

import type { Backend } from "../eskip/route.ts";
import type { Kind, Service, ServicePort } from "./objects.ts";

/** One question for the endpoints of a port. */
export interface ServiceBackendQuery {
  /** Each kind finds the port in its own way. */
  readonly kind: Extract<Kind, "Ingress" | "RouteGroup">;
  readonly service: Service;
  readonly port: ServicePort;
  /** What the annotation skipper-backend-protocol says, "" for nothing. */
  readonly scheme: string;
  /** False: endpoints of all zones. */
  readonly zoneAware: boolean;
  readonly algorithm: string;
}

/** A question with its answer. */
export interface ServiceUse {
  readonly query: ServiceBackendQuery;
  /** The very object that the routes hold; null: there are no endpoints. */
  readonly backend: Backend | null;
}
