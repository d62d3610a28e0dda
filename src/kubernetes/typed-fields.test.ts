import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { JsonFields } from "./typed-fields.ts";

function reader(json: unknown): [JsonFields, Readonly<Record<string, unknown>> | null] {
  const fields = new JsonFields();
  return [fields, fields.whole(json, "the document")];
}

describe("a field is found", () => {
  test("by its name", () => {
    const [fields, root] = reader({ name: "a", NAME: "b" });
    assert.equal(fields.text(root, "name"), "a");
  });
  test("by its name in another case, when there is no exact one", () => {
    const [fields, root] = reader({ serviceport: 80, BackendName: "x" });
    assert.deepEqual([fields.integer(root, "servicePort"), fields.text(root, "backendName")], [80, "x"]);
  });
  test("not in what objects inherit", () => {
    const [fields, root] = reader({});
    assert.deepEqual([fields.text(root, "constructor"), fields.part(root, "__proto__")], ["", null]);
  });
});

test("null and what is absent are empty", () => {
  const [fields, root] = reader({ a: null, list: [null, "x", null], parts: [null, { b: 1 }], map: { k: null } });
  assert.equal(fields.text(root, "a"), "");
  assert.equal(fields.integer(root, "a"), 0);
  assert.equal(fields.integerOrText(root, "a"), null);
  assert.equal(fields.flag(root, "none"), null);
  assert.equal(fields.time(root, "a"), "");
  assert.equal(fields.part(root, "a"), null);
  assert.ok(fields.isAbsent(root, "a"));
  assert.deepEqual(fields.texts(root, "a"), []);
  assert.deepEqual(fields.texts(root, "list"), ["", "x", ""]);
  assert.deepEqual(fields.parts(root, "parts"), [{ b: 1 }]);
  assert.deepEqual(fields.partsOrNull(root, "parts"), [null, { b: 1 }]);
  assert.deepEqual([...fields.textMap(root, "map")], [["k", ""]]);
  assert.equal(fields.text(null, "a"), "");
  assert.equal(fields.fault, "");
});

describe("a wrong type", () => {
  type Read = (fields: JsonFields, root: Readonly<Record<string, unknown>> | null) => unknown;
  const cases: readonly (readonly [unknown, Read, string])[] = [
    [[], () => {}, "the document: expected an object, got a list"],
    [{ a: 1 }, (f, r) => f.text(r, "a"), "a: expected a string, got a number"],
    [{ a: { b: [] } }, (f, r) => f.text(f.part(r, "a"), "b"), "a.b: expected a string, got a list"],
    [{ a: "1" }, (f, r) => f.integer(r, "a"), "a: expected an integer, got a string"],
    [{ a: 1.5 }, (f, r) => f.integerOrText(r, "a"), "a: expected an integer or a string, got a number"],
    [{ a: "true" }, (f, r) => f.flag(r, "a"), "a: expected true or false, got a string"],
    [{ a: {} }, (f, r) => f.texts(r, "a"), "a: expected a list, got an object"],
    [{ a: ["x", 2] }, (f, r) => f.texts(r, "a"), "a[1]: expected a string, got a number"],
    [{ a: [{}, "x"] }, (f, r) => f.parts(r, "a"), "a[1]: expected an object, got a string"],
    [
      { a: [{}, { b: { "x/y": 1 } }] },
      (f, r) => f.textMap(f.parts(r, "a")[1]!, "b"),
      'a[1].b["x/y"]: expected a string, got a number',
    ],
    [{ a: "soon" }, (f, r) => f.time(r, "a"), "a: expected a time of RFC 3339, got soon"],
  ];
  for (const [json, read, fault] of cases) {
    test(fault, () => {
      const [fields, root] = reader(json);
      read(fields, root);
      assert.equal(fields.fault, fault);
    });
  }
  test("the first is kept", () => {
    const [fields, root] = reader({ a: 1, b: 2 });
    fields.text(root, "b");
    fields.text(root, "a");
    assert.equal(fields.fault, "b: expected a string, got a number");
  });
});
