import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { failureText } from "./replica-failures.ts";

const failure = (url: string, address: string, reason: string) => ({ replica: { url, address }, reason });
const URL_1 = "http://rs-1/routes";

describe("the text of failures", () => {
  for (const [title, failures, text] of [
    [
      "is the reason, when there is one",
      [failure(URL_1, "", `Get "${URL_1}": connection refused`)],
      `Get "${URL_1}": connection refused`,
    ],
    [
      "names every replica with its reason",
      [
        failure(URL_1, "10.0.0.1", `Get "${URL_1}": connection refused`),
        failure(URL_1, "10.0.0.2", `failed to download remote file ${URL_1}, status code: 404`),
        failure("http://rs-2/routes", "", "timeout"),
      ],
      `${URL_1} at 10.0.0.1: connection refused; ${URL_1} at 10.0.0.2: failed to download remote file ${URL_1}, status code: 404; http://rs-2/routes: timeout`,
    ],
    [
      "has the begin of a long reason",
      [failure(URL_1, "", "x".repeat(10_000)), failure("http://rs-2/routes", "", "timeout")],
      `${URL_1}: ${"x".repeat(200)}...; http://rs-2/routes: timeout`,
    ],
  ] as const) {
    test(title, () => assert.equal(failureText(failures), text));
  }

  test("stays short, whatever the number of replicas", () => {
    const failures = Array.from({ length: 200 }, (_, i) => failure(`http://rs-${i}/routes`, "", "y".repeat(300)));
    const text = failureText(failures);
    assert.ok(text.length < 1500, String(text.length));
    const named = text.match(/http:/g)!.length;
    assert.ok(text.endsWith(`; and ${200 - named} more`), text.slice(-40));
  });
});
