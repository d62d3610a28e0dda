import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseWebhookFlags } from "./webhook-flags.ts";

const files = ["-tls-cert-file=c.pem", "-tls-key-file", "k.pem"];
const environment = { CERT_FILE: "env.crt", KEY_FILE: "env.key" };
const plain = { debug: false, certFile: "", keyFile: "", address: ":9080" };
const secure = { debug: false, certFile: "c.pem", keyFile: "k.pem", address: ":9443" };

describe("settings", () => {
  for (const [name, argv, env, settings] of [
    ["none: plain HTTP", [], {}, plain],
    ["an address without files", ["-address=:8000"], {}, { ...plain, address: ":8000" }],
    ["files", files, {}, secure],
    ["files and an address", [...files, "--address", "127.0.0.1:1"], {}, { ...secure, address: "127.0.0.1:1" }],
    ["files of the environment", [], environment, { ...secure, certFile: "env.crt", keyFile: "env.key" }],
    ["flags before the environment", files, environment, secure],
    ["an empty flag against the environment", ["-tls-cert-file=", "-tls-key-file="], environment, plain],
    ["debug", ["-debug"], {}, { ...plain, debug: true }],
  ] as const) {
    test(name, () => assert.deepEqual(parseWebhookFlags(argv, env), { type: "run", settings }));
  }
});

describe("refused", () => {
  const both = "Config parse error: both of TLS cert & key must be provided or neither (for testing )";
  for (const [name, argv, env, message] of [
    ["a certificate without key", ["-tls-cert-file=c"], {}, both],
    ["a key without certificate", ["-tls-key-file=k"], {}, both],
    ["half an environment", [], { KEY_FILE: "k" }, both],
    ["arguments", ["-debug", "a", "b"], {}, "Config parse error: invalid arguments: [a b]"],
  ] as const) {
    test(name, () => assert.deepEqual(parseWebhookFlags(argv, env), { type: "fatal", message }));
  }

  test("an unknown flag, with the usage", () => {
    const config = parseWebhookFlags(["-nope"], {});
    assert.ok(config.type === "exit");
    assert.equal(config.code, 2);
    assert.match(config.text, /^flag provided but not defined: -nope\nUsage of webhook:\n {2}-address string\n/);
  });

  test("-help is no failure", () => {
    const config = parseWebhookFlags(["-help"], {});
    assert.ok(config.type === "exit");
    assert.equal(config.code, 0);
    assert.match(config.text, /-address string\n {4}\t.*\(default ":9443"\)/);
  });
});
