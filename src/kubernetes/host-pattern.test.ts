import assert from "node:assert/strict";
import { test } from "node:test";
import { compileRegexp, RegexpError } from "../util/regexp.ts";
import { hostPattern } from "./host-pattern.ts";

for (const [hosts, pattern] of [
  [["a.example.org"], "^(a[.]example[.]org[.]?(:[0-9]+)?)$"],
  [["a.test", "b.test"], "^(a[.]test[.]?(:[0-9]+)?|b[.]test[.]?(:[0-9]+)?)$"],
  [["*.test"], "^([^.]+[.]test[.]?(:[0-9]+)?)$"],
  [[""], "^([.]?(:[0-9]+)?)$"],
] as const) {
  test(`${JSON.stringify(hosts)} is ${pattern}`, () => assert.equal(hostPattern(hosts), pattern));
}

const matches = (hosts: readonly string[], subject: string): boolean => {
  const compiled = compileRegexp(hostPattern(hosts));
  assert.ok(!(compiled instanceof RegexpError));
  return compiled.test(subject);
};

for (const [host, subject, expected] of [
  ["shop.test", "shop.test", true],
  ["shop.test", "shop.test.", true],
  ["shop.test", "shop.test.:8080", true],
  ["shop.test", "shopxtest", false],
  ["shop.test", "a.shop.test", false],
  ["*.shop.test", "a.shop.test:80", true],
  ["*.shop.test", "shop.test", false],
  ["*.shop.test", ".shop.test", false],
  ["*.shop.test", "a.b.shop.test", false],
] as const) {
  test(`${host} ${expected ? "takes" : "does not take"} ${subject}`, () => {
    assert.equal(matches([host], subject), expected);
  });
}

test("the pattern is one that the routing table files under its names", () => {
  const compiled = compileRegexp(hostPattern(["a.test", "*.b.test"]));
  assert.ok(!(compiled instanceof RegexpError));
  assert.deepEqual(
    compiled.hosts?.map(({ name, wildcard }) => [name, wildcard]),
    [
      ["a.test", false],
      ["b.test", true],
    ],
  );
});
