import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RE2JS } from "re2js";
import { literalHosts, matchLiteralHosts } from "./host-pattern.ts";
import { CompiledRegexp } from "./regexp.ts";

const plain = { wildcard: false, strictLabel: false, optionalDot: false, optionalPort: false };

test("recognises lists of hosts", () => {
  const cases: [pattern: string, expected: ReturnType<typeof literalHosts>][] = [
    ["^a[.]b$", [{ ...plain, name: "a.b" }]],
    ["^(a\\.b)$", [{ ...plain, name: "a.b" }]],
    ["^(?:a-1[.]B_c)$", [{ ...plain, name: "a-1.B_c" }]],
    [
      "^(a[.]b[.]?(:[0-9]+)?|c[.]d[.]?(:[0-9]+)?)$",
      [
        { ...plain, name: "a.b", optionalDot: true, optionalPort: true },
        { ...plain, name: "c.d", optionalDot: true, optionalPort: true },
      ],
    ],
    ["^a[.]b(?::[0-9]+)?$", [{ ...plain, name: "a.b", optionalPort: true }]],
    ["^localhost\\.?$", [{ ...plain, name: "localhost", optionalDot: true }]],
    ["^[^.]+[.]example[.]org$", [{ ...plain, name: "example.org", wildcard: true }]],
    [
      "^([a-z0-9-]+[.]example[.]org[.]?(:[0-9]+)?)$",
      [{ name: "example.org", wildcard: true, strictLabel: true, optionalDot: true, optionalPort: true }],
    ],
  ];
  for (const [pattern, expected] of cases) assert.deepEqual(literalHosts(pattern), expected, pattern);
});

test("leaves everything else to the regexp", () => {
  const others = [
    "",
    "a",
    "^a",
    "a$",
    "^$",
    "^()$",
    "^a|b$",
    "^(a|)$",
    "^(a.b)$",
    "(?i)^a$",
    "^(?i:a)$",
    "^(a)(b)$",
    "^a+$",
    "^(a|b)?$",
    "^[.]?$",
    "^(:[0-9]+)?$",
    "^[^.]+$",
    "^[^.]+[.]$",
    "^[^.]+a$",
    "^a[^.]+[.]b$",
    "^a\\$",
    "^a\\\\.?$",
    "^a[.]?[.]?$",
    "^a b$",
    "^\u00e9$",
    "^(*[.]example[.]org)$",
    "^a[.]b(:[0-9]+)$",
    "^(a|(b))$",
    "^(a\\)$",
  ];
  for (const pattern of others) assert.equal(literalHosts(pattern), null, pattern);
});

const label = fc.constantFrom("a", "b", "ab", "a-b", "A");
const name = fc
  .array(label, { minLength: 1, maxLength: 3 })
  .chain((labels) => fc.constantFrom(labels.join("[.]"), labels.join("\\.")));
const host = fc
  .tuple(
    fc.constantFrom("", "", "[^.]+[.]", "[a-z0-9-]+[.]"),
    name,
    fc.constantFrom("", "[.]?", "\\.?"),
    fc.constantFrom("", "(:[0-9]+)?"),
  )
  .map((parts) => parts.join(""));
const pattern = fc.oneof(
  host.map((one) => `^${one}$`),
  fc.array(host, { minLength: 1, maxLength: 3 }).map((hosts) => `^(${hosts.join("|")})$`),
);
const subject = fc
  .array(fc.constantFrom("a", "b", "A", ".", ".", "-", ":", "1", ":80", "a.b", "\n", "\xc3\xa9", "\xff"), {
    maxLength: 6,
  })
  .map((c) => c.join(""));

test("says the same as the regexp", () => {
  fc.assert(
    fc.property(pattern, fc.array(subject, { minLength: 1, maxLength: 8 }), (text, subjects) => {
      const hosts = literalHosts(text);
      assert.ok(hosts !== null, text);
      const regexp = new CompiledRegexp(text, null, null, RE2JS.compile(text));
      const names = hosts.flatMap((one) => [
        one.name,
        `${one.name}.`,
        `${one.name}:80`,
        `${one.name}.:8`,
        `x.${one.name}`,
        `x.y.${one.name}`,
        `X.${one.name}.`,
      ]);
      for (const bytes of [...subjects, ...names]) {
        assert.equal(matchLiteralHosts(hosts, bytes), regexp.test(bytes), `${text} on ${JSON.stringify(bytes)}`);
      }
    }),
    { numRuns: 1000 },
  );
});
