import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { literalHosts } from "../util/host-pattern.ts";
import { CompiledRegexp, compileRegexp } from "../util/regexp.ts";
import { HostKeys, hostKeyLength } from "./host-keys.ts";
import { routeOf } from "./table.fixture.ts";

function keysOf(predicates: string): readonly string[] | null {
  return new HostKeys().ofRoute(routeOf("r", `${predicates} -> <shunt>`));
}

test("keys of host predicates", () => {
  const table: readonly (readonly [string, readonly string[] | null])[] = [
    ['Host("^(a[.]test[.]?(:[0-9]+)?|b[.]test)$")', ["a.test", "b.test"]],
    ['Host("^([^.]+[.]example[.]org[.]?(:[0-9]+)?)$")', [".example.org"]],
    ['Host("a") && Host("^b[.]test$")', ["b.test"]],
    ['HostAny("a.test", "a.test:80", "a.test.")', ["a.test"]],
    ['HostAny("")', [""]],
    ['Host("test$")', null],
    ['HostAny("\u00fc.test")', null],
    ["*", null],
  ];
  for (const [predicates, keys] of table) assert.deepEqual(keysOf(predicates), keys, predicates);
});

test("the form of ingress controllers gives the same keys as the thorough way", () => {
  const part = fc.constantFrom("a", "b-", "[.]", "[.]", "1", "\\.", ".", "[", "]", "|", "(", "Z");
  const end = fc.constantFrom("[.]?(:[0-9]+)?", "[.]?(:[0-9]+)?", "");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), end, (parts, ending) => {
      const pattern = `^(${parts.join("")}${ending})$`;
      const hosts = literalHosts(pattern);
      const wanted = hosts?.map(({ name, wildcard }) => {
        const key = name.slice(0, hostKeyLength(name));
        return wildcard ? `.${key}` : key;
      });
      const keys = new HostKeys().ofPattern(pattern);
      assert.deepEqual(keys, wanted === undefined ? null : [...new Set(wanted)], pattern);
    }),
    { numRuns: 20_000 },
  );
});

test("what a key leaves out of a host: ports and dots at the end", () => {
  const table: readonly (readonly [string, string])[] = [
    ["a.test:80", "a.test"],
    ["a.test.", "a.test"],
    ["a.test.:80", "a.test"],
    ["a.test:80.:", "a.test"],
    ["a8", "a8"],
    [":80", ""],
    ["", ""],
    ["[::1]:80", "[::1]"],
  ];
  for (const [host, key] of table) assert.equal(host.slice(0, hostKeyLength(host)), key, host);
});

test("a route is found by every host that its pattern matches", () => {
  const label = fc.constantFrom("a", "b", "x1", "1");
  const name = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join("[.]"));
  const start = fc.constantFrom("", "[^.]+[.]");
  const end = fc.constantFrom("", "[.]?", "[.]?(:[0-9]+)?", "(:[0-9]+)?");
  const one = fc.tuple(start, name, end).map((parts) => parts.join(""));
  const pattern = fc.array(one, { minLength: 1, maxLength: 3 }).map((list) => `^(${list.join("|")})$`);
  const host = fc
    .array(fc.constantFrom("a", "b", ".", ".", ":", "8", "x1"), { maxLength: 9 })
    .map((list) => list.join(""));
  let matched = 0;
  fc.assert(
    fc.property(pattern, fc.array(host, { minLength: 20, maxLength: 40 }), (text, hosts) => {
      const keys = new HostKeys().ofPattern(text);
      const regexp = compileRegexp(text);
      assert.ok(keys !== null && regexp instanceof CompiledRegexp);
      for (const subject of hosts) {
        if (!regexp.test(subject)) continue;
        matched++;
        const end = hostKeyLength(subject);
        const dot = subject.indexOf(".");
        assert.ok(
          keys.includes(subject.slice(0, end)) || (dot > 0 && dot < end && keys.includes(subject.slice(dot, end))),
          `${text} ${subject}`,
        );
      }
    }),
    { numRuns: 3000 },
  );
  assert.ok(matched > 200, `${matched} matches`);
});
