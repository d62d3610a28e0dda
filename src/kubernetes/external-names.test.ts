import assert from "node:assert/strict";
import { test } from "node:test";
import { externalNameBackend, isAllowedAddress, isAllowedName, serviceNameBackend } from "./external-names.ts";
import { plainSettings, regexp } from "./settings.fixture.ts";

const limited = { ...plainSettings, allowedExternalNames: [regexp("^good[.]test$"), regexp("^::1$")] };
const closed = { ...plainSettings, allowedExternalNames: [] };

for (const [address, open, allowed] of [
  ["http://good.test", true, true],
  ["https://GOOD.test:8443/x?zone=a", true, true],
  ["http://user@good.test", true, true],
  ["http://[::1]:80", true, true],
  ["http://bad.test", true, false],
  ["http://good.test.bad.test", true, false],
  ["good.test:80", false, false],
  ["//good.test", false, false],
  ["http://good.test:port", false, false],
  ["", false, false],
] as const) {
  test(`${address || "nothing"} is ${open ? "" : "not "}an address, and ${allowed ? "" : "not "}allowed`, () => {
    assert.equal(isAllowedAddress(plainSettings, address), open);
    assert.equal(isAllowedAddress(limited, address), allowed);
    assert.equal(isAllowedAddress(closed, address), false);
  });
}

test("names without a list are all allowed, with an empty one none", () => {
  assert.deepEqual(
    [plainSettings, limited, closed].map((settings) => isAllowedName(settings, "good.test")),
    [true, true, false],
  );
});

test("https is what has the target port 443 as a number", () => {
  const address = (targetPort: number | string) => externalNameBackend("x.test", { name: "", port: 443, targetPort });
  assert.deepEqual(address(443), { type: "network", address: "https://x.test:443" });
  assert.deepEqual(address(8443), { type: "network", address: "http://x.test:8443" });
  assert.deepEqual(address("443"), { type: "network", address: "http://x.test:443" });
  assert.deepEqual(serviceNameBackend("team", "web", { name: "", port: 80, targetPort: 8080 }), {
    type: "network",
    address: "http://web.team.svc.cluster.local:8080",
  });
});
