// Rules that every filter declaration keeps: the list is complete and sorted, examples are valid routes, arguments that a kind
// refuses are refused and those that it accepts are accepted.

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { argsProblem, callProblem } from "../../test/support/fake-context.ts";
import { parseDocument } from "../eskip/parser.ts";
import type { Arg } from "../eskip/route.ts";
import type { FilterSpec } from "../spec/filter.ts";
import { filterSpecs } from "./index.ts";

const folder = import.meta.dirname;

test("every declaration stands in the list once, sorted by name", () => {
  const declared: string[] = [];
  for (const file of globSync("**/*.ts", { cwd: folder })) {
    const text = readFileSync(`${folder}/${file}`, "utf8");
    for (const match of text.matchAll(/= defineFilter\(\{\s*name: "(\w+)"/g)) declared.push(match[1]!);
  }
  const listed = filterSpecs.map((spec) => spec.name);
  assert.deepEqual(
    listed,
    [...listed].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
  );
  assert.deepEqual([...listed].sort(), declared.sort());
});

for (const spec of filterSpecs) {
  test(`${spec.name}: texts and examples`, () => {
    assert.match(spec.summary, /^[A-Z].*\.$/);
    if (spec.details !== "") assert.match(spec.details, /\.$/);
    assert.ok(spec.examples.length > 0, "an example");
    for (const example of spec.examples) {
      const { routes, error } = parseDocument(`example: ${example.route};`);
      assert.equal(error, null, example.route);
      const calls = routes[0]!.filters;
      assert.ok(
        calls.some((call) => call.name === spec.name),
        "the example uses the filter",
      );
      for (const call of calls) assert.equal(callProblem(call), "", `${example.route}: ${call.name}`);
    }
  });

  test(`${spec.name}: wrong arguments`, () => {
    if (spec.anyArgs) {
      assert.equal(argsProblem(spec, []), "");
      assert.equal(argsProblem(spec, ["x", 1]), "");
      return;
    }
    const right = exampleArgs(spec);
    const max = spec.args.some((arg) => arg.occurs === "rest") ? Number.POSITIVE_INFINITY : spec.args.length;
    const min = spec.args.reduce((sum, arg) => sum + arg.min, 0);
    if (min > 0) assert.notEqual(argsProblem(spec, right.slice(0, min - 1)), "", "too few");
    if (max !== Number.POSITIVE_INFINITY) {
      const tooMany = [...right];
      while (tooMany.length <= max) tooMany.push("x");
      assert.match(argsProblem(spec, tooMany), /^expected .*argument/, "too many");
    }
    for (const [i, arg] of spec.args.entries()) {
      for (const bad of arg.kind.refuses) {
        const args = right.slice();
        while (args.length <= i) args.push(spec.args[args.length]!.kind.accepts[0]!);
        args[i] = bad;
        assert.match(
          argsProblem(spec, args),
          new RegExp(`^argument ${i + 1} "${arg.name}": expected `),
          JSON.stringify(bad),
        );
      }
    }
  });
}

/** The arguments of the filter in its first example: they are right. */
function exampleArgs(spec: FilterSpec): readonly Arg[] {
  const { routes } = parseDocument(`example: ${spec.examples[0]!.route};`);
  return routes[0]!.filters.find((call) => call.name === spec.name)!.args;
}
