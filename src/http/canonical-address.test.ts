import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalAddress, canonicalClientAddress } from "./canonical-address.ts";
import { Headers } from "./headers.ts";

test("one text for each address (RFC 5952)", () => {
  const cases: [text: string, expected: string | undefined][] = [
    ["1.2.3.4", "1.2.3.4"],
    ["01.2.3.4", undefined],
    ["", undefined],
    ["x", undefined],
    ["2001:DB8:0:0::1", "2001:db8::1"],
    ["2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"],
    ["::", "::"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["1:0:0:0:0:0:0:0", "1::"],
    ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["1:0:0:2:3:0:0:4", "1::2:3:0:0:4"],
    ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["::ffff:255.2.3.4", "::ffff:255.2.3.4"],
    ["::FFFF:102:304", "::ffff:1.2.3.4"],
    ["FE80::1%eth0", "fe80::1%eth0"],
  ];
  for (const [text, expected] of cases) assert.equal(canonicalAddress(text), expected, text);
});

test("the client: the first forwarded address, else the peer", () => {
  const cases: [lines: string[], expected: string][] = [
    [[], "peer"],
    [[""], "peer"],
    [["", "1.2.3.4"], "peer"],
    [["1.2.3.4"], "1.2.3.4"],
    [[" 1.2.3.4:99 , 5.6.7.8"], "1.2.3.4"],
    [["[2001:DB8::1]:443"], "2001:db8::1"],
    [["[2001:DB8::1]"], "2001:db8::1"],
    [["unknown, 5.6.7.8"], "peer"],
  ];
  for (const [lines, expected] of cases) {
    const headers = new Headers();
    for (const line of lines) headers.append("X-Forwarded-For", line);
    assert.equal(canonicalClientAddress({ headers, remoteAddress: "peer" }), expected, lines.join("|"));
  }
});
