// The ids of generated routes (spec kubernetes 7.12). They stand in logs, metrics and dashboards, so they never change; they lose
// characters, so two objects may have equal ones (contested-ids.ts decides). They are joined in one step: a text that is put together
// piece by piece stays a chain of pieces in memory.

/** Every character outside of `[0-9A-Za-z_]` as one `_`. */
function wordOf(text: string): string {
  return text.replace(/[^0-9A-Za-z_]/gu, "_");
}

/** The same with one `_` for each byte of its UTF-8. */
function bytesWordOf(text: string): string {
  return text.replace(/[^0-9A-Za-z_]/gu, (character) => "_".repeat(Buffer.byteLength(character)));
}

/** A route of an Ingress; `target` is the Service or the external name, and what the route does not have is "". */
export function ingressRouteId(namespace: string, name: string, host: string, path: string, target: string): string {
  return [`kube_${wordOf(namespace)}`, wordOf(name), wordOf(host), wordOf(path), wordOf(target)].join("__");
}

/** The default backend of an Ingress that is an external name. */
export function defaultExternalRouteId(namespace: string, name: string, externalName: string): string {
  return ingressRouteId(namespace, name, "default", "", externalName);
}

/** A route of the annotation skipper-routes for one host and path; `id` is "" when it has none. */
export function extraRouteId(
  namespace: string,
  name: string,
  { id, index }: { readonly id: string; readonly index: number },
  host: string,
  path: string,
): string {
  return ingressRouteId(namespace, `${name}_${id}_${index}`, host + path, "", "");
}

export function ingressCatchAllId(host: string): string {
  return `kube___catchall__${wordOf(host)}____`;
}

/** A route of a RouteGroup by its places in the spec; `method` is "" when the route takes all. */
export function routeGroupRouteId(
  { namespace, name, internal }: { readonly namespace: string; readonly name: string; readonly internal: boolean },
  method: string,
  routeIndex: number,
  backendIndex: number,
): string {
  const space = (internal ? "internal_" : "") + bytesWordOf(namespace);
  const methodWord = method === "" ? "all" : bytesWordOf(method.toLowerCase());
  return ["kube_rg", space, bytesWordOf(name), methodWord, `${routeIndex}_${backendIndex}`].join("__");
}

export function routeGroupCatchAllId(host: string, internal: boolean): string {
  return `kube_rg__${internal ? "internal_" : ""}__${bytesWordOf(host)}__catchall__0_0`;
}

/** Of the copy for the old east-west host. */
export function eastWestId(id: string): string {
  return id.replace(/^kube/, "kubeew");
}

export function redirectId(id: string): string {
  return [id, "_https_redirect"].join("");
}

export function disabledRedirectId(id: string): string {
  return [id, "_disable_https_redirect"].join("");
}
