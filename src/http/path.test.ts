import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodePath, encodePath, isValidEncoding, outgoingPath, outgoingTarget, patchPath } from "./path.ts";

const byteString = (max: number) =>
  fc
    .array(fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0x25, 0x2f, 0x32, 0x46, 0x3b)), { maxLength: max })
    .map((a) => String.fromCharCode(...a));

test("percent-decoding", () => {
  const rows = [
    ["/a/b", "/a/b"],
    ["/a%2Fb", "/a/b"],
    ["/%61%6a+", "/aj+"],
    ["/%00%C3%a4", "/\0\xc3\xa4"],
    ["/%25%32%46", "/%2F"],
    ["/%2525", "/%25"],
  ] as const;
  for (const [raw, path] of rows) assert.equal(decodePath(raw), path);
});

test("encoding keeps the characters of spec filters 3.6 and decodes back", () => {
  assert.equal(encodePath("/azAZ09-_.~$&+,/:;=@"), "/azAZ09-_.~$&+,/:;=@");
  assert.equal(encodePath("/!'()*[] %\"#?\\\xe4\0"), "/%21%27%28%29%2A%5B%5D%20%25%22%23%3F%5C%E4%00");
  fc.assert(
    fc.property(byteString(20), (path) => {
      const encoded = encodePath(path);
      assert.equal(decodePath(encoded), path);
      assert.ok(isValidEncoding(encoded));
    }),
  );
});

test("a path as received goes on while it is a valid encoding (spec matching 2.4, proxy 9)", () => {
  const unchanged = ["/", "//a/../b", "/a%2Fb", "/%61", "/a%2fb", "/!'()*[]", "/a/./b"];
  for (const raw of unchanged) assert.equal(outgoingPath(decodePath(raw), raw, false), raw);
  const encodedAnew = [
    ['/"<>\\', "/%22%3C%3E%5C"],
    ["/a|b!", "/a%7Cb%21"],
    ["/a%2Fb{", "/a/b%7B"],
    ["", "/"],
    ["*", "/*"],
  ] as const;
  for (const [raw, sent] of encodedAnew) assert.equal(outgoingPath(decodePath(raw), raw, false), sent, raw);
  assert.equal(outgoingPath("/new path", "/old", false), "/new%20path");
  assert.equal(outgoingPath("*", "/old", false), "/*");
  assert.equal(outgoingPath("/*", "/old", false), "/%2A");
  assert.equal(outgoingPath("no/slash", "/old", false), "/no/slash");
});

test("queries go on as received", () => {
  assert.equal(outgoingTarget("/a", "/a", true, "", false), "/a?");
  assert.equal(outgoingTarget("/a", "/a", true, "x=%zz", false), "/a?x=%zz");
  assert.equal(outgoingTarget("", "", true, "x", false), "/?x");
  assert.equal(outgoingTarget("/a", "/a", false, "", false), "/a");
});

test("reserved characters stay escaped when the path is patched (spec matching 9)", () => {
  const rows = [
    ["/foo%2Fbar/%41", "/foo%2Fbar/A"],
    ["/a%2fb", "/a%2fb"],
    ["/%3B%2F%3F%3A%40%26%3D%2B%24%2C", "/%3B%2F%3F%3A%40%26%3D%2B%24%2C"],
    ["/%20%25%2E%41", "/ %.A"],
    ["/e%3Ff", "/e?f"],
    ["/e%3ff", "/e%3ff"],
    ["/e!%3Ff", "/e!%3Ff"],
    ["/plain", "/plain"],
    ["/..%2Fx", "/..%2Fx"],
    ["/%2e%2e/x", "/../x"],
  ] as const;
  for (const [raw, patched] of rows) {
    assert.equal(patchPath(decodePath(raw), raw), patched, raw);
    assert.equal(outgoingPath(patched, raw, true), raw, `${raw} goes on as received`);
  }
  assert.equal(patchPath("/changed", "/foo%2Fbar"), "/changed");
  assert.equal(
    outgoingPath("/x/foo%2Fbar%2525 y", "/foo%2Fbar", true),
    "/x/foo%2Fbar%252525%20y",
    "a changed path keeps reserved escapes",
  );
  assert.equal(outgoingPath("/x%2Fy", "/foo", false), "/x%252Fy", "without patch an escape is text");
});
