import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseReview, ReviewFault, reviewAnswer } from "./review.ts";

const request = {
  uid: "u-1",
  kind: { group: "zalando.org", version: "v1", kind: "RouteGroup" },
  resource: { group: "zalando.org", version: "v1", resource: "routegroups" },
  subResource: "status",
  name: "shop",
  namespace: "team",
  operation: "UPDATE",
  userInfo: { username: "jane", groups: ["a"] },
  object: { metadata: { name: "shop" } },
};

function parse(fields: unknown): ReturnType<typeof parseReview> {
  return parseReview(JSON.stringify({ kind: "AdmissionReview", request: fields }));
}

test("a review is read", () => {
  assert.deepEqual(parse(request), {
    uid: "u-1",
    operation: "UPDATE",
    kind: "RouteGroup",
    group: "zalando.org",
    version: "v1",
    resource: "routegroups",
    subResource: "status",
    namespace: "team",
    name: "shop",
    user: "jane",
    object: request.object,
  });
});

describe("the name in logs is", () => {
  for (const [what, fields, name] of [
    ["that of the request", { ...request, name: "a" }, "a"],
    ["else that of the object", { ...request, name: "" }, "shop"],
    ["else the begin of one to be made", { object: { metadata: { generateName: "web-" } } }, "web-<generated>"],
    ["else unknown", { object: { metadata: { name: 3 } } }, "<unknown>"],
    ["unknown without an object", {}, "<unknown>"],
  ] as const) {
    test(what, () => {
      const parsed = parse(fields);
      assert.ok(!(parsed instanceof ReviewFault));
      assert.equal(parsed.name, name);
    });
  }
});

describe("no review", () => {
  for (const [body, message] of [
    ["{", /^Failed to parse request: ./],
    ["[]", "Failed to parse request: the body: expected an object, got a list"],
    ["null", "Missing review request"],
    ["{}", "Missing review request"],
    ['{"request":null}', "Missing review request"],
    ['{"request":"x"}', "Failed to parse request: request: expected an object, got a string"],
    ['{"request":{"uid":1}}', "Failed to parse request: request.uid: expected a string, got a number"],
    [
      '{"request":{"userInfo":{"username":[]}}}',
      "Failed to parse request: request.userInfo.username: expected a string, got a list",
    ],
  ] as const) {
    test(body, () => {
      const fault = parseReview(body);
      assert.ok(fault instanceof ReviewFault);
      if (typeof message === "string") assert.equal(fault.message, message);
      else assert.match(fault.message, message);
    });
  }
});

test("answers", () => {
  assert.equal(
    reviewAnswer("u", []),
    '{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":"u","allowed":true}}',
  );
  assert.equal(
    reviewAnswer("u", ['a "b"', "c"]),
    '{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":"u","allowed":false,"status":{"message":"a \\"b\\"\\nc"}}}',
  );
});
