import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import tls from "node:tls";
import { type CidrSet, parseCidrSet } from "../util/cidr.ts";
import type { Intake } from "./accepted-connection.ts";
import { startProxy } from "./proxy.fixture.ts";
import { type ClientAuth, type ServerCertificate, ServerCertificates } from "./server-certificates.ts";

const folder = mkdtempSync(join(tmpdir(), "accepted-"));
after(() => rmSync(folder, { recursive: true }));

/** A self-signed certificate for the names. */
function certificate(name: string, type: "ec" | "rsa", ...names: string[]): ServerCertificate {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const kind = type === "ec" ? ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"] : ["rsa:2048"];
  const san = `subjectAltName=${names.map((n) => `DNS:${n}`).join()}`;
  const args = ["req", "-x509", "-newkey", ...kind, "-nodes", "-keyout", key, "-out", cert, "-days", "2"];
  execFileSync("openssl", [...args, "-subj", `/CN=${name}`, "-addext", san], { stdio: "ignore" });
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

const first = certificate("first", "ec", "first.test");
const wild = certificate("wild", "ec", "*.a.test", "both.test");
const rsa = certificate("rsa", "rsa", "both.test");
const other = certificate("other", "ec", "first.test");

function tlsIntake(clientAuth: ClientAuth, certificates: readonly ServerCertificate[], proxied = false): Intake {
  const all = (text: string) => parseCidrSet([text]) as CidrSet;
  return {
    proxyProtocol: proxied ? { deny: all("9.9.9.9"), skip: all("9.9.9.8"), allow: all("127.0.0.0/8") } : null,
    tls: {
      certificates: new ServerCertificates({
        certificates,
        minVersion: "TLSv1.2",
        secureCiphers: false,
        clientAuth,
        ticketKeys: new Uint8Array(48),
      }),
      clientAuth,
      keyLog: null,
    },
  };
}

const request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/** All that the server sends until it closes; `pieces` leave one by one. */
function exchange(port: number, pieces: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: "127.0.0.1", noDelay: true }, async () => {
      for (const piece of pieces) {
        socket.write(piece, "latin1");
        await new Promise((done) => setImmediate(done));
      }
    });
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
  });
}

/** The name of the certificate that the server shows, and the answer; or why there was none. */
function secureExchange(port: number, options: tls.ConnectionOptions, before = ""): Promise<string> {
  return new Promise((resolve) => {
    const raw = net.connect({ port, host: "127.0.0.1" }, () => {
      if (before !== "") raw.write(before, "latin1");
      let text = "";
      const socket = tls.connect({ socket: raw, rejectUnauthorized: false, ...options }, () => {
        text = `${socket.getPeerCertificate().subject.CN} `;
        socket.write(request);
      });
      socket.on("data", (chunk) => {
        text += chunk.toString("latin1");
      });
      socket.on("error", () => {
        text = "refused";
      });
      socket.on("close", () => resolve(/^refused|^\S+ HTTP\/1\.1 404/.exec(text)?.[0] ?? "refused"));
    });
  });
}

test("a PROXY header may come in any pieces, before HTTP and before TLS", async () => {
  const header = "PROXY TCP4 1.2.3.4 5.6.7.8 1111 80\r\n";
  const plain = await startProxy({ ...tlsIntake("NoClientCert", [first], true), tls: null });
  for (const pieces of [[header + request], [header, request], [...(header + request)]]) {
    assert.match(await exchange(plain.port, pieces), /^HTTP\/1\.1 404/);
    assert.equal(plain.seen.pop(), "1.2.3.4 404");
  }
  assert.match(await exchange(plain.port, [...request]), /^HTTP\/1\.1 404/);
  assert.equal(plain.seen.pop(), "127.0.0.1 404");
  assert.equal(await exchange(plain.port, ["PROXY TCP4 1.2.3.4\r\n", request]), "");
  const secure = await startProxy(tlsIntake("NoClientCert", [first], true));
  assert.equal(await secureExchange(secure.port, {}, header), "first HTTP/1.1 404");
  assert.equal(secure.seen.pop(), "1.2.3.4 404");
});

test("bytes that do not become a PROXY header within a second belong to HTTP", async () => {
  const intake = { ...tlsIntake("NoClientCert", [first], true), tls: null };
  const plain = await startProxy(intake, { readHeaderTimeoutMs: 100 });
  const before = performance.now();
  assert.match(await exchange(plain.port, ["PROXY TCP4 1.2.3.4"]), /^HTTP\/1\.1 400/);
  assert.ok(performance.now() - before >= 900);
});

const names: [servername: string | undefined, expected: string][] = [
  ["first.test", "first"],
  ["FIRST.test", "first"],
  ["x.a.test", "wild"],
  ["x.y.a.test", "first"],
  ["a.test", "first"],
  ["both.test", "wild"],
  ["unknown.test", "first"],
  [undefined, "first"],
];

test("the first certificate whose names fit is shown, else the first of all", async () => {
  const { port } = await startProxy(tlsIntake("NoClientCert", [first, wild, rsa]));
  for (const [servername, expected] of names) {
    const options = servername === undefined ? {} : { servername };
    assert.equal(await secureExchange(port, options), `${expected} HTTP/1.1 404`, String(servername));
  }
  const onlyRsa = { servername: "both.test", sigalgs: "rsa_pss_rsae_sha256", maxVersion: "TLSv1.3" as const };
  assert.equal(await secureExchange(port, onlyRsa), "rsa HTTP/1.1 404");
});

test("replaced certificates are shown at the next handshake; bad ones are refused as a whole", async () => {
  const intake = tlsIntake("NoClientCert", [first]);
  const { port } = await startProxy(intake);
  assert.equal(await secureExchange(port, {}), "first HTTP/1.1 404");
  assert.equal(await secureExchange(port, { servername: "first.test" }), "first HTTP/1.1 404");
  intake.tls!.certificates.replace([other]);
  assert.equal(await secureExchange(port, {}), "other HTTP/1.1 404");
  assert.equal(await secureExchange(port, { servername: "first.test" }), "other HTTP/1.1 404");
  assert.throws(() => intake.tls!.certificates.replace([{ cert: first.cert, key: other.key }]));
  assert.equal(await secureExchange(port, {}), "other HTTP/1.1 404");
});

test("the certificates of hosts come first, and change one by one", async () => {
  const intake = tlsIntake("NoClientCert", [first]);
  const { port } = await startProxy(intake);
  const shown = async (servername: string) => (await secureExchange(port, { servername })).split(" ")[0];
  const { certificates } = intake.tls!;
  certificates.changeHosts({
    certificates: [
      { id: "1", ...other },
      { id: "2", ...wild },
    ],
    hosts: [
      ["first.test", "1"],
      ["*.wide.test", "2"],
    ],
    removed: [],
  });
  assert.equal(await shown("FIRST.test"), "other");
  assert.equal(await shown("x.wide.test"), "wild");
  assert.equal(await shown("x.y.wide.test"), "first");
  assert.equal(await shown("wide.test"), "first");
  certificates.changeHosts({ certificates: [{ id: "3", ...rsa }], hosts: [["first.test", "3"]], removed: ["1"] });
  assert.equal(await shown("first.test"), "rsa");
  assert.equal(await shown("x.wide.test"), "wild");
});

test("without a certificate for the name and without one for all, the handshake fails and the listener goes on", async () => {
  const intake = tlsIntake("NoClientCert", []);
  const { port, logged } = await startProxy(intake);
  assert.equal(await secureExchange(port, { servername: "first.test" }), "refused");
  assert.equal(await secureExchange(port, {}), "refused");
  assert.match(logged[0]!, /^error http: TLS handshake error from \S+: no certificate for "first\.test"$/);
  intake.tls!.certificates.changeHosts({
    certificates: [{ id: "1", ...first }],
    hosts: [["first.test", "1"]],
    removed: [],
  });
  assert.equal(await secureExchange(port, { servername: "first.test" }), "first HTTP/1.1 404");
});

test("what is asked of client certificates", async () => {
  const rows: [ClientAuth, none: boolean, unknown: boolean][] = [
    ["NoClientCert", true, true],
    ["RequestClientCert", true, true],
    ["RequireAnyClientCert", false, true],
    ["VerifyClientCertIfGiven", true, false],
    ["RequireAndVerifyClientCert", false, false],
  ];
  for (const [clientAuth, none, unknown] of rows) {
    const { port } = await startProxy(tlsIntake(clientAuth, [first]));
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      const text = (served: boolean) => (served ? "first HTTP/1.1 404" : "refused");
      assert.equal(await secureExchange(port, { maxVersion }), text(none), `${clientAuth}, none`);
      assert.equal(await secureExchange(port, { maxVersion, ...other }), text(unknown), `${clientAuth}, unknown`);
    }
  }
});

test("plain HTTP on the TLS port is told so, and logged", async () => {
  const { port, logged } = await startProxy(tlsIntake("NoClientCert", [first]));
  const expected = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
  assert.equal(await exchange(port, [request]), expected);
  assert.equal(await exchange(port, [...request]), expected);
  assert.match(
    logged.join("\n"),
    /^error http: TLS handshake error from 127\.0\.0\.1:\d+: client sent an HTTP request/,
  );
  logged.length = 0;
  assert.equal(await exchange(port, ["hello\r\n"]), "");
  assert.match(logged.join(), /^error http: TLS handshake error from .*: first record does not look like/);
});

test("a peer that only looks whether the port is open is no error; one that stops in the handshake is let go", async () => {
  const patient = await startProxy(tlsIntake("NoClientCert", [first]));
  const leave = (bytes: string) =>
    new Promise<void>((resolve) => {
      const socket = net.connect(patient.port, "127.0.0.1", () => socket.end(bytes, "latin1"));
      socket.resume();
      socket.on("close", () => resolve());
    });
  await leave("");
  await leave("\x16\x03\x01");
  const quick = await startProxy(tlsIntake("NoClientCert", [first]), { readHeaderTimeoutMs: 100 });
  assert.equal(await exchange(quick.port, ["\x16\x03\x01"]), "");
  assert.deepEqual(
    [...patient.logged, ...quick.logged].map((line) => line.replace(/from \S+/, "from peer")),
    [
      "debug http: TLS handshake error from peer EOF",
      "debug http: TLS handshake error from peer EOF",
      "error http: TLS handshake error from peer i/o timeout",
    ],
  );
});
