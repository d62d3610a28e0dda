import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ingressOf, routeGroupOf } from "./objects.fixture.ts";
import { isSelectedIngress, isSelectedRouteGroup } from "./selection.ts";
import { plainSettings, regexp } from "./settings.fixture.ts";

const anchored = { ...plainSettings, ingressClass: regexp("^skipper$"), routeGroupClass: regexp("^skipper$") };

describe("an Ingress", () => {
  for (const [annotation, className, byDefault, byAnchored] of [
    [undefined, "", true, true],
    ["", "", true, true],
    ["skipper", "skipper", true, true],
    ["my-skipper-2", "", true, false],
    ["", "my-skipper-2", true, false],
    ["nginx", "", false, false],
    ["skipper", "nginx", false, false],
    ["nginx", "skipper", false, false],
  ] as const) {
    test(`with annotation ${annotation} and class name ${className || "none"}`, () => {
      const annotations = annotation === undefined ? {} : { "kubernetes.io/ingress.class": annotation };
      const ingress = { ...ingressOf("web", annotations), ingressClassName: className };
      assert.equal(isSelectedIngress(ingress, plainSettings), byDefault);
      assert.equal(isSelectedIngress(ingress, anchored), byAnchored);
    });
  }
});

describe("a RouteGroup", () => {
  for (const [annotation, expected] of [
    [undefined, true],
    ["", true],
    ["skipper-internal", true],
    ["nginx", false],
  ] as const) {
    test(`with annotation ${annotation}`, () => {
      const group = routeGroupOf("web", null);
      const annotations = new Map(annotation === undefined ? [] : [["zalando.org/routegroup.class", annotation]]);
      const annotated = { ...group, metadata: { ...group.metadata, annotations } };
      assert.equal(isSelectedRouteGroup(annotated, plainSettings), expected);
    });
  }
});
