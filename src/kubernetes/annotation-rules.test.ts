import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDocument, parseFilters, parsePredicates } from "../eskip/parser.ts";
import { printRoutes } from "../eskip/printer.ts";
import { annotationItems, applyAnnotationItems } from "./annotation-rules.ts";
import { metadataOf } from "./objects.fixture.ts";

const rules = {
  predicates: [
    { key: "oven", value: "hot", items: parsePredicates("A() && B()").predicates },
    { key: "oven", value: "cold", items: parsePredicates("C()").predicates },
    { key: "shelf", value: "", items: parsePredicates("D()").predicates },
  ],
  filters: [
    { key: "shelf", value: "top", items: parseFilters("f()").filters },
    { key: "oven", value: "hot", items: parseFilters("g() -> h()").filters },
  ],
};
const [route] = parseDocument('r: Path("/x") -> own() -> <shunt>; s: * -> <shunt>').routes;

for (const [annotations, expected] of [
  [{ oven: "hot", shelf: "top" }, 'Path("/x") && A() && B() -> own() -> f() -> g() -> h() -> <shunt>'],
  [{ oven: "cold" }, 'Path("/x") && C() -> own() -> <shunt>'],
  [{ shelf: "" }, 'Path("/x") && D() -> own() -> <shunt>'],
  [{ oven: "Hot" }, 'Path("/x") -> own() -> <shunt>'],
] as const) {
  test(JSON.stringify(annotations), () => {
    const items = annotationItems(metadataOf("shop", annotations), rules);
    assert.equal(printRoutes([applyAnnotationItems(route!, items)]), `r: ${expected};`);
  });
}

test("a route to which nothing is added stays the same object", () => {
  assert.equal(applyAnnotationItems(route!, annotationItems(metadataOf("shop"), rules)), route);
});
