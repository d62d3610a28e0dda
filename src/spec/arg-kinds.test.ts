import assert from "node:assert/strict";
import { test } from "node:test";
import * as kinds from "./arg-kinds.ts";
import { type ArgKind, Refused } from "./args.ts";

function isKind(value: unknown): value is ArgKind<unknown> {
  return typeof value === "object" && value !== null && "accepts" in value;
}

const all: ArgKind<unknown>[] = [
  ...(Object.values(kinds) as unknown[]).filter(isKind),
  kinds.numberBetween(0, 1),
  kinds.intBetween(1, 5),
  kinds.intBetween(2, Number.POSITIVE_INFINITY),
  kinds.oneOf("a", "b"),
];

test("each kind keeps to its lists", () => {
  for (const kind of all) {
    assert.ok(kind.accepts.length > 0, kind.kind);
    for (const value of kind.accepts) assert.ok(!(kind.parse(value) instanceof Refused), `${kind.kind}: ${value}`);
    for (const value of kind.refuses) assert.ok(kind.parse(value) instanceof Refused, `${kind.kind}: ${value}`);
  }
});

test("values", () => {
  const cases: [kind: ArgKind<unknown>, value: string | number, expected: unknown][] = [
    [kinds.string, "\u00e9", "\u00e9"],
    [kinds.bytes, "\u00e9", "\xc3\xa9"],
    [kinds.int, 418.9, 418],
    [kinds.int, -1.9, -1],
    [kinds.int, -0.5, 0],
    [kinds.intBetween(1, 5), 5.9, 5],
    [kinds.duration, "1m30s", 90_000],
    [kinds.durationOrMs, 1.9, 1],
    [kinds.durationOrMs, "1.5ms", 1.5],
    [kinds.status, 404.7, 404],
    [kinds.headerName, "x-flow-id", "X-Flow-Id"],
    [kinds.timeRfc3339, "1970-01-01T00:00:01Z", 1000],
  ];
  for (const [kind, value, expected] of cases)
    assert.ok(Object.is(kind.parse(value), expected), `${kind.kind}: ${value}`);
});

test("a refusal gives the reason", () => {
  const refused = kinds.regexp.parse("[a");
  assert.ok(refused instanceof Refused);
  assert.equal(refused.message, "error parsing regexp: missing closing ]: `[a`");
});
