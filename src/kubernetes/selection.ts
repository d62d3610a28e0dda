// Which objects are ours, by their class (spec kubernetes 5). The patterns are not anchored: that of `skipper` also takes `my-skipper`.

import { toByteString } from "../util/bytes.ts";
import type { CompiledRegexp } from "../util/regexp.ts";
import { annotation, annotationOf } from "./annotations.ts";
import type { Ingress, RouteGroup } from "./objects.ts";
import type { TranslationSettings } from "./settings.ts";

export function isSelectedIngress(ingress: Ingress, { ingressClass }: TranslationSettings): boolean {
  return (
    isOurs(annotationOf(ingress.metadata, annotation.ingressClass), ingressClass) &&
    isOurs(ingress.ingressClassName, ingressClass)
  );
}

export function isSelectedRouteGroup(group: RouteGroup, { routeGroupClass }: TranslationSettings): boolean {
  return isOurs(annotationOf(group.metadata, annotation.routeGroupClass), routeGroupClass);
}

/** An object without class is everybody's. */
function isOurs(name: string, pattern: CompiledRegexp): boolean {
  return name === "" || pattern.test(toByteString(name));
}
