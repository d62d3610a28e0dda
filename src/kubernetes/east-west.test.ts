import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseDocument, parsePredicates } from "../eskip/parser.ts";
import { printCall, printRoutes } from "../eskip/printer.ts";
import { eastWestCopy, eastWestHost, isInEastWestDomain, isInternalHost, rangePredicates } from "./east-west.ts";
import { metadataOf } from "./objects.fixture.ts";
import { plainSettings } from "./settings.fixture.ts";

const settings = {
  ...plainSettings,
  eastWestDomain: "mesh.test",
  eastWestRangeDomains: ["inside.test", "side.test"],
  eastWestRangePredicates: parsePredicates("In() && Range()").predicates,
};

test("the host of copies is made of name, namespace and domain", () => {
  assert.equal(eastWestHost(metadataOf("shop"), settings), "shop.default.mesh.test");
});

test("a copy is for its host alone, however the route said its own", () => {
  const text = 'kube_r: Host(/^a$/) && Host(/b/) && Path("/x") && Cookie("c", /d/) -> f() -> "http://e.test"';
  const [route] = parseDocument(`${text}; s: * -> <shunt>`).routes;
  const called = { ...route!, predicates: [...route!.predicates, { name: "Host", args: ["^f$"] }] };
  assert.equal(
    printRoutes([eastWestCopy(called, "g.test")]),
    'kubeew_r: Path("/x") && Host(/^(g[.]test[.]?(:[0-9]+)?)$/) && Cookie("c", "d") -> f() -> "http://e.test";',
  );
});

describe("a host", () => {
  for (const [host, inside, added] of [
    ["a.inside.test", true, "In() Range() In() Range()"],
    ["beside.test", true, "In() Range()"],
    ["inside.test", true, "In() Range() In() Range()"],
    ["inside.test.", false, ""],
    ["a.test", false, ""],
    ["", false, ""],
  ] as const) {
    test(`${host || "that is empty"} is ${inside ? "" : "not "}in the range`, () => {
      assert.equal(isInternalHost(settings, host), inside);
      assert.equal(rangePredicates(settings, host).map(printCall).join(" "), added);
    });
  }
  test("is of the old domain by its end, while there is one", () => {
    assert.deepEqual(
      ["a.mesh.test", "notmesh.test", "mesh.test.a"].map((host) => isInEastWestDomain(settings, host)),
      [true, true, false],
    );
    assert.equal(isInEastWestDomain(plainSettings, "a.mesh.test"), false);
  });
});
