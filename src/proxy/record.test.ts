import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccessLogRecord } from "../observability/access-log.ts";
import { toByteString } from "../util/bytes.ts";
import type { Exchange } from "./exchange.ts";
import { record } from "./record.ts";

/** What the access log gets of an upgrade whose filters left this in the state bag. */
function logged(bag: ReadonlyMap<string, unknown> | null): Partial<AccessLogRecord> {
  let seen: Partial<AccessLogRecord> = {};
  const accessLog = {
    wants: () => true,
    write: (line: AccessLogRecord) => {
      seen = { ...line };
    },
  };
  const headers = { get: () => undefined };
  const request = { headers, target: "/", protocol: "HTTP/1.1" };
  // Only what a line is made of.
  record.tunnel({ proxy: { accessLog }, ctx: { request, stateBagOrNull: bag } } as unknown as Exchange);
  return seen;
}

test("what filters leave for the access log comes into its line", () => {
  const additional = new Map<string, unknown>([
    ["tenant", "a"],
    ["score", 3],
  ]);
  const bag = new Map<string, unknown>([
    ["auth-user", "jane"],
    ["statebag:access_log:additional", additional],
  ]);
  const line = logged(bag);
  assert.equal(line.authUser, toByteString("jane"));
  assert.deepEqual(line.additional, { tenant: "a", score: 3 });
});

test("without a state bag, or with other things in it, there is nothing more", () => {
  for (const bag of [
    null,
    new Map<string, unknown>([
      ["auth-user", 1],
      ["statebag:access_log:additional", "x"],
    ]),
  ]) {
    const line = logged(bag);
    assert.equal(line.authUser, "");
    assert.equal(line.additional, null);
  }
});
