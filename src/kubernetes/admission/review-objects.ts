// The objects under review, decoded as far as their checks read them: a RouteGroup whole, of an Ingress its annotations.

import { DecodeFault, metadataOf, routeGroupOf } from "../decode.ts";
import type { Ingress, RouteGroup } from "../objects.ts";
import { JsonFields } from "../typed-fields.ts";

export function decodeIngress(json: unknown): Ingress | DecodeFault {
  const fields = new JsonFields();
  const ingress: Ingress = {
    kind: "Ingress",
    metadata: metadataOf(fields, fields.whole(json, "object"), "default"),
    ingressClassName: "",
    defaultBackend: null,
    rules: [],
    tls: [],
    addresses: [],
  };
  return json === null ? missing : fields.fault === "" ? ingress : new DecodeFault(fields.fault);
}

export function decodeRouteGroup(json: unknown): RouteGroup | DecodeFault {
  const fields = new JsonFields();
  const group = routeGroupOf(fields, fields.whole(json, "object"));
  return json === null ? missing : fields.fault === "" ? group : new DecodeFault(fields.fault);
}

const missing = new DecodeFault("object: expected an object, got null");
