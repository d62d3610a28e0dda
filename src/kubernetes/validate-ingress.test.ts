import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ingressOf } from "./objects.fixture.ts";
import { validateIngress } from "./validate-ingress.ts";

const prefix = "zalando.org/skipper-";

describe("an Ingress is valid with", () => {
  for (const [name, annotations] of Object.entries<Record<string, string>>({
    "no annotations": {},
    "empty ones": { filter: "", predicate: "", routes: "", loadbalancer: "" },
    "filters whose names and arguments nobody knows": { filter: 'nope(1) -> setPath("a", "b")' },
    "predicates that a document would refuse": { predicate: 'Path(1) && Path("/a") && Header("X")' },
    "several routes": { routes: 'a: Path("/a") -> <shunt>; b: Path("/b") -> <shunt>' },
    "one route without id": { routes: "* -> <shunt>" },
    "an algorithm": { loadbalancer: "consistentHash" },
    "annotations that are read elsewhere": { "backend-protocol": "://", "ingress-redirect": "maybe" },
  })) {
    test(name, () => assert.deepEqual(validateIngress(annotated(annotations)), []));
  }
});

describe("an Ingress is refused for", () => {
  const refused: [Record<string, string>, string][] = [
    [
      { filter: "f( -> g()" },
      'invalid "zalando.org/skipper-filter" annotation: parse failed after token ->, position 5',
    ],
    [{ predicate: "P() -> f()" }, 'invalid "zalando.org/skipper-predicate" annotation: parse failed after token ->'],
    [{ routes: "r: -> <shunt>" }, 'invalid "zalando.org/skipper-routes" annotation: parse failed after token ->, last'],
    [
      { routes: 'r1: Header("X") -> <shunt>' },
      'invalid "zalando.org/skipper-routes" annotation: invalid route "r1": Header predicate expects 2 string arguments',
    ],
    [{ loadbalancer: "best" }, 'invalid "zalando.org/skipper-loadbalancer" annotation: unsupported algorithm'],
  ];
  for (const [annotations, message] of refused) {
    test(Object.entries(annotations).flat().join(" "), () => {
      const messages = validateIngress(annotated(annotations));
      assert.deepEqual(
        messages.map((text) => text.slice(0, message.length)),
        [message],
      );
    });
  }

  test("each annotation, in the order filter, predicate, routes, load balancer", () => {
    const faults = validateIngress(annotated({ loadbalancer: "x", routes: "x", predicate: "x", filter: "x" }));
    const names = faults.map((message) => /^invalid "zalando.org\/skipper-(\w+)" annotation: /.exec(message)?.[1]);
    assert.deepEqual(names, ["filter", "predicate", "routes", "loadbalancer"]);
  });
});

function annotated(annotations: Readonly<Record<string, string>>) {
  const named = Object.entries(annotations).map(([name, text]) => [prefix + name, text] as const);
  return ingressOf("web", Object.fromEntries(named));
}
