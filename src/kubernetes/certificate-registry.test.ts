import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { makeCertificate } from "../../test/support/certificates.ts";
import { CertificateRegistry } from "./certificate-registry.ts";
import type { Secret } from "./objects.ts";

const old = makeCertificate("2024-01-01", "a.test", "b.test");
const recent = makeCertificate("2024-06-01", "a.test");

const base64 = (text: string) => Buffer.from(text).toString("base64");

function secret(
  name: string,
  certificate: string | null,
  privateKey: string | null,
  type = "kubernetes.io/tls",
): Secret {
  const metadata = {
    namespace: "default",
    name,
    uid: "",
    resourceVersion: "1",
    creationTimestamp: "",
    annotations: new Map(),
    labels: new Map(),
  };
  return { kind: "Secret", metadata, type, certificate, privateKey };
}

const of = (name: string, { cert, key }: typeof old, type?: string) => secret(name, base64(cert), base64(key), type);

let logged: string[];
let registry: CertificateRegistry;

beforeEach(() => {
  logged = [];
  const none = () => {};
  registry = new CertificateRegistry({ debug: none, info: (line) => void logged.push(line), warn: none, error: none });
});

const offer = (hosts: readonly string[], secret: Secret) => registry.offer([{ hosts, secret }]);

describe("of several certificates for a host", () => {
  test("the one that became valid last stays", () => {
    offer(["a.test", "b.test"], of("old", old));
    assert.deepEqual(logged, ["adding certificate to registry - a.test", "adding certificate to registry - b.test"]);
    const [pair] = registry.takeChange()!.certificates;
    assert.deepEqual({ cert: pair!.cert, key: pair!.key }, old);

    offer(["A.test"], of("recent", recent));
    assert.equal(logged.at(-1), "updating certificate in registry - a.test");
    const change = registry.takeChange()!;
    assert.deepEqual(change.hosts, [["a.test", change.certificates[0]!.id]]);
    assert.deepEqual(change.removed, [], "b.test still has the old one");

    offer(["a.test"], of("old", old));
    assert.equal(registry.takeChange(), null);
    assert.equal(logged.length, 3);
  });

  test("one that no host has any more is removed; a new worker gets the rest", () => {
    offer(["a.test"], of("old", old));
    const { id } = registry.takeChange()!.certificates[0]!;
    offer(["a.test"], of("recent", recent));
    assert.deepEqual(registry.takeChange()!.removed, [id]);
    const everything = registry.everything();
    assert.deepEqual(
      everything.certificates.map(({ cert }) => cert),
      [recent.cert],
    );
    assert.deepEqual(
      everything.hosts.map(([host]) => host),
      ["a.test"],
    );
  });

  test("one that came and went between two changes is not told", () => {
    offer(["a.test"], of("old", old));
    offer(["a.test"], of("recent", recent));
    const change = registry.takeChange()!;
    assert.deepEqual([change.certificates.length, change.removed], [1, []]);
  });
});

describe("secrets that cannot be used", () => {
  const cert = base64(old.cert);
  const key = base64(old.key);
  const missing = "secret must contain tls.crt and tls.key in data field";
  for (const [title, bad, reason] of [
    ["without certificate", secret("s", null, key), missing],
    ["without key", secret("s", cert, null), missing],
    ["certificate that is no base64", secret("s", "!", key), "failed to decode tls.crt from secret s"],
    ["without padding", secret("s", cert.replace(/=*$/, "A"), key), "failed to decode tls.crt from secret s"],
    ["key that is no base64", secret("s", cert, "-_=="), "failed to decode tls.key from secret s"],
    [
      "key of another certificate",
      secret("s", cert, base64(recent.key)),
      "failed to create tls certificate from secret s",
    ],
    ["no PEM", secret("s", base64("x"), key), "failed to create tls certificate from secret s"],
    ["empty", secret("s", "", ""), "failed to create tls certificate from secret s"],
    ["of another type", of("s", old, "Opaque"), "secret s is not of type kubernetes.io/tls"],
  ] as const) {
    test(title, () => {
      const message = `Failed to generate TLS certificate from secret: ${reason}`;
      assert.deepEqual(offer(["a.test"], bad), [{ level: "error", message, bare: false }]);
      assert.equal(registry.takeChange(), null);
    });
  }

  test("line feeds in the data are fine", () => {
    const folded = cert.replace(/.{76}/g, "$&\r\n");
    assert.deepEqual(offer(["a.test"], secret("s", folded, key)), []);
    assert.notEqual(registry.takeChange(), null);
  });
});
