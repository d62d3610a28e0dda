import assert from "node:assert/strict";
import { test } from "node:test";
import { parseServerAddresses } from "./server-address.ts";

const PLAIN = { port: 6379, database: 0, username: "", password: "", tls: false };

for (const [text, want] of [
  ["redis://cache.test", { ...PLAIN, name: "cache.test:6379/0", host: "cache.test" }],
  ["valkey://Cache.Test:7000/3", { ...PLAIN, name: "cache.test:7000/3", host: "cache.test", port: 7000, database: 3 }],
  ["rediss://10.0.0.1:1/", { ...PLAIN, name: "10.0.0.1:1/0", host: "10.0.0.1", port: 1, tls: true }],
  ["valkeys://[::1]:6380", { ...PLAIN, name: "[::1]:6380/0", host: "::1", port: 6380, tls: true }],
  ["redis://:p%40ss%2C@c", { ...PLAIN, name: "c:6379/0", host: "c", password: "p@ss," }],
  [" redis://user:pass@c ", { ...PLAIN, name: "c:6379/0", host: "c", username: "user", password: "pass" }],
] as const) {
  test(`${text} is a server`, () => assert.deepEqual(parseServerAddresses([text]), [want]));
}

for (const [text, reason] of [
  ["", "not a URL"],
  ["secret", "not a URL"],
  ["secret:6379", "unknown scheme"],
  ["http://:secret@c", "unknown scheme"],
  ["redis:secret", "no host"],
  ["redis://:secret@", "not a URL"],
  ["redis://c:0", "port 0"],
  ["redis://:secret:6379@c:port", "not a URL"],
  ["redis://:secret@c:70000", "not a URL"],
  ["redis://:secret@c/one", "the path is no number of a database"],
  ["redis://:secret@c/0/1", "the path is no number of a database"],
  ["redis://c?password=secret", "a query or fragment has no meaning"],
  ["redis://:secret%@c", "a wrong percent code in user or password"],
  ["redis://secret@c", "a user without password"],
] as const) {
  test(`${JSON.stringify(text)} is refused, and its text not repeated`, () => {
    const parsed = parseServerAddresses(["redis://a", text]);
    assert.ok("error" in parsed);
    assert.ok(parsed.error.startsWith(`address 2: ${reason}; expected redis://`), parsed.error);
    assert.ok(!parsed.error.includes("secret"), parsed.error);
  });
}

test("a server stands there once, whatever else is said of it", () => {
  assert.deepEqual(parseServerAddresses(["redis://A:6379", "rediss://:secret@a/0"]), {
    error: "a:6379/0 stands there twice",
  });
});

test("a long list is a mistake", () => {
  const urls = Array.from({ length: 65 }, (_, i) => `redis://c${i}`);
  assert.deepEqual(parseServerAddresses(urls), { error: "65 addresses; 64 are the most" });
});
