import assert from "node:assert/strict";
import { test } from "node:test";
import { firstForwardedAddress, lastForwardedAddress, withoutPort } from "./client-address.ts";
import { Headers } from "./headers.ts";

test("ports", () => {
  const cases: [text: string, expected: string][] = [
    ["1.2.3.4", "1.2.3.4"],
    ["1.2.3.4:99", "1.2.3.4"],
    ["1.2.3.4:", "1.2.3.4"],
    ["[2001:db8::1]:443", "2001:db8::1"],
    ["[2001:db8::1]", "[2001:db8::1]"],
    ["2001:db8::1", "2001:db8::1"],
    ["::1:80", "::1:80"],
    ["[::1]x:1", "[::1]x:1"],
    ["[[::1]]:1", "[[::1]]:1"],
    ["", ""],
  ];
  for (const [text, expected] of cases) assert.equal(withoutPort(text), expected, text);
});

test("first and last element, else the peer", () => {
  const cases: [lines: string[], first: string, last: string][] = [
    [[], "peer", "peer"],
    [[""], "peer", "peer"],
    [["1.2.3.4"], "1.2.3.4", "1.2.3.4"],
    [["1.2.3.4, 5.6.7.8:1"], "1.2.3.4", "5.6.7.8"],
    [["1.2.3.4 , 5.6.7.8 "], "peer", "5.6.7.8"],
    [["x, [::1]:1"], "peer", "::1"],
    [["1.2.3.4,"], "1.2.3.4", "peer"],
    [["1.2.3.4", "5.6.7.8"], "1.2.3.4", "1.2.3.4"],
    [["", "5.6.7.8"], "peer", "peer"],
  ];
  for (const [lines, first, last] of cases) {
    const headers = new Headers();
    for (const line of lines) headers.append("X-Forwarded-For", line);
    const request = { headers, remoteAddress: "peer" };
    assert.equal(firstForwardedAddress(request), first, lines.join("|"));
    assert.equal(lastForwardedAddress(request), last, lines.join("|"));
  }
});
