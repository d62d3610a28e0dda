import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { bindFailure, checkFree } from "./bind.ts";

for (const [host, shown, elsewhere] of [
  ["127.0.0.1", "127.0.0.1", "127.0.0.2"],
  ["::1", "[::1]", "127.0.0.1"],
] as const) {
  for (const reusePort of [false, true]) {
    test(`an address that another socket listens on is refused: ${host} (${reusePort ? "shared" : "its own"})`, async () => {
      const other = createServer().listen({ port: 0, host, reusePort });
      await once(other, "listening");
      const { port } = other.address() as AddressInfo;
      const message = `listen tcp ${shown}:${port}: bind: address already in use`;
      await assert.rejects(checkFree({ host, port }), { message });
      await assert.rejects(checkFree({ host: "", port }), {
        message: `listen tcp :${port}: bind: address already in use`,
      });
      await checkFree({ host: elsewhere, port });
      const closed = once(other, "close");
      other.close();
      await closed;
      await checkFree({ host, port });
      await checkFree({ host, port });
    });
  }
}

test("any port will do when none is asked for", () => checkFree({ host: "127.0.0.1", port: 0 }));

const failures: [{ host: string; port: number }, string, string][] = [
  [{ host: "", port: 80 }, "EACCES", "listen tcp :80: bind: permission denied"],
  [{ host: "192.0.2.1", port: 1 }, "EADDRNOTAVAIL", "listen tcp 192.0.2.1:1: bind: cannot assign requested address"],
  [{ host: "::1", port: 9 }, "EADDRINUSE", "listen tcp [::1]:9: bind: address already in use"],
];

for (const [address, code, message] of failures) {
  test(`said as: ${message}`, () => {
    assert.equal(bindFailure(address, Object.assign(new Error("of node"), { code })), message);
  });
}
