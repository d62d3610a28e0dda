// Ids of routes from Kubernetes (spec kubernetes 7.12). They are lossy: names that differ in other characters than letters, digits and
// `_` may give the same id; composition.ts decides between them.

/** Each character that an id cannot have becomes one `_`. */
function byCharacter(text: string): string {
  return text.replace(/[^0-9A-Za-z_]/gu, "_");
}

/** The same for each byte of its UTF-8 form. */
function byByte(text: string): string {
  return Buffer.from(text, "utf8")
    .toString("latin1")
    .replace(/[^0-9A-Za-z_]/g, "_");
}

export const REDIRECT_ID = "kube__redirect";
export const HEALTHY_ID = "kube__healthz_up";
export const UNHEALTHY_ID = "kube__healthz_down";
export const REDIRECT_SUFFIX = "_https_redirect";
export const NO_REDIRECT_SUFFIX = "_disable_https_redirect";

export function ingressPathId(namespace: string, name: string, host: string, path: string, service: string): string {
  return `kube_${[namespace, name, host, path, service].map(byCharacter).join("__")}`;
}

export function ingressDefaultId(namespace: string, name: string): string {
  return `kube_${byCharacter(namespace)}__${byCharacter(name)}______`;
}

export function ingressDefaultExternalId(namespace: string, name: string, externalName: string): string {
  return `kube_${byCharacter(namespace)}__${byCharacter(name)}__default____${byCharacter(externalName)}`;
}

/** `id` is that of the route in the annotation, `index` its place there. */
export function ingressExtraId(
  namespace: string,
  name: string,
  host: string,
  path: string,
  id: string,
  index: number,
): string {
  return ingressPathId(namespace, `${name}_${id}_${index}`, host + path, "", "");
}

export function ingressCatchAllId(host: string): string {
  return `kube___catchall__${byCharacter(host)}____`;
}

/** `method` "" for all. */
export function routeGroupId(
  namespace: string,
  name: string,
  method: string,
  routeIndex: number,
  backendIndex: number,
  internal: boolean,
): string {
  const space = (internal ? "internal_" : "") + byByte(namespace);
  const of = method === "" ? "all" : byByte(method.toLowerCase());
  return `kube_rg__${space}__${byByte(name)}__${of}__${routeIndex}_${backendIndex}`;
}

export function routeGroupCatchAllId(host: string, internal: boolean): string {
  return `kube_rg__${internal ? "internal_" : ""}__${byByte(host)}__catchall__0_0`;
}

/** The id of the copy of a route for the old east-west host. */
export function eastWestId(id: string): string {
  return id.replace(/^kube/, "kubeew");
}
