// Opening sockets: names with several addresses, one or both families, TLS with the CAs of the system.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import type { LookupAddress, lookup } from "node:dns";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, mock, test } from "node:test";
import tls from "node:tls";
import { type SocketError, socketErrorText } from "./backend-failure.ts";
import { Dialer, type DialOptions } from "./dialer.ts";
import { Resolver } from "./resolver.ts";

const folder = mkdtempSync(join(tmpdir(), "dialer-"));
after(() => rmSync(folder, { recursive: true }));

/** A self-signed certificate for backend.test, which is its own CA. */
function certificate(name: string, type: "ec" | "rsa"): { cert: string; key: string; file: string } {
  const [file, keyFile] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const kind = type === "ec" ? ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"] : ["rsa:2048"];
  const args = ["req", "-x509", "-newkey", ...kind, "-nodes", "-keyout", keyFile, "-out", file, "-days", "2"];
  const names = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:backend.test"];
  execFileSync("openssl", [...args, ...names], { stdio: "ignore" });
  return { cert: readFileSync(file, "utf8"), key: readFileSync(keyFile, "utf8"), file };
}

const trusted = certificate("trusted", "ec");
// Before the first use of the store of the system in this process.
process.env.SSL_CERT_FILE = trusted.file;
process.env.SSL_CERT_DIR = folder;

const defaults: DialOptions = {
  connectTimeoutMs: 5000,
  keepAliveMs: 30_000,
  dualStack: true,
  verifyTls: true,
  clientCerts: [],
  tlsMinVersion: "TLSv1.2",
};

/** A dialer for which every name has these addresses. */
function dialer(addresses: readonly string[], options: Partial<DialOptions> = {}): Dialer {
  const answer = (_name: string, _options: object, found: (error: null, all: LookupAddress[]) => void) =>
    found(
      null,
      addresses.map((address) => ({ address, family: net.isIP(address) })),
    );
  return new Dialer({ ...defaults, ...options }, new Resolver(answer as unknown as typeof lookup));
}

/** The address that was reached, or why none was. */
function reached(socket: net.Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.on("error", (error: SocketError) => resolve(socketErrorText(error)));
    socket.on("connect", () => {
      resolve(socket.remoteAddress!);
      socket.destroy();
    });
  });
}

async function listener(host = "127.0.0.1"): Promise<number> {
  const server = net.createServer((socket) => socket.on("error", () => {})).listen(0, host);
  after(() => server.close());
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

for (const dualStack of [true, false]) {
  const families = dualStack ? "both families" : "-enable-dualstack-backend=false";

  test(`an address that refuses is followed by the next one (${families})`, async () => {
    const port = await listener();
    for (const addresses of [["127.0.0.1"], ["127.0.0.2", "127.0.0.3", "127.0.0.1"], ["::1", "127.0.0.1"]]) {
      const socket = dialer(addresses, { dualStack }).dial("http", "backend.test", port);
      assert.equal(await reached(socket), "127.0.0.1", addresses.join());
    }
  });

  test(`when all refuse each says why (${families})`, async () => {
    const port = await listener();
    const socket = dialer(["127.0.0.2", "127.0.0.3"], { dualStack }).dial("http", "backend.test", port);
    const refusals = [2, 3].map((n) => `connect ECONNREFUSED 127.0.0.${n}:${port}`);
    assert.equal(await reached(socket), refusals.join(", "));
  });
}

const probes: [keepAliveMs: number, expected: { keepAlive: boolean; seconds: number }][] = [
  [30_000, { keepAlive: true, seconds: 30 }],
  [1500, { keepAlive: true, seconds: 2 }],
  [1, { keepAlive: true, seconds: 1 }],
  [-1, { keepAlive: false, seconds: 0 }],
];

for (const [keepAliveMs, expected] of probes) {
  test(`keep-alive probes after ${keepAliveMs} ms: whole seconds, at least one; negative: none`, () => {
    const connect = mock.method(net, "connect", () => null);
    try {
      dialer([], { keepAliveMs }).dial("http", "backend.test", 80);
    } finally {
      connect.mock.restore();
    }
    const { keepAlive, keepAliveInitialDelay } = connect.mock.calls[0]!
      .arguments[0] as unknown as net.TcpNetConnectOpts;
    assert.equal(keepAlive, expected.keepAlive);
    if (keepAlive) assert.equal(keepAliveInitialDelay, expected.seconds * 1000);
  });
}

/** A server that says whose certificate and which server name it got; the port. */
async function tlsBackend(pair: { cert: string; key: string }): Promise<number> {
  const server = tls.createServer({ ...pair, requestCert: true, rejectUnauthorized: false }, (socket) => {
    socket.on("error", () => {});
    socket.end(`${socket.getPeerCertificate().subject?.CN ?? "nobody"} asks ${socket.servername || "no name"}`);
  });
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  after(() => server.close());
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** What such a server said, or why there was no connection. */
function said(name: string, port: number, options: Partial<DialOptions> | Dialer = {}): Promise<string> {
  const from = options instanceof Dialer ? options : dialer(["127.0.0.1"], options);
  const socket = from.dial("https", name, port);
  return new Promise((resolve) => {
    socket.on("error", (error: SocketError) => resolve(socketErrorText(error)));
    socket.on("data", (data: Buffer) => resolve(data.toString()));
    socket.on("close", () => resolve("closed, saying nothing"));
  });
}

test("certificates are checked against the CAs of the system and the host of the address", async () => {
  const port = await tlsBackend(trusted);
  assert.equal(await said("backend.test", port), "nobody asks backend.test");
  assert.match(await said("other.test", port), /is not in the cert's altnames/);
  assert.match(await said("127.0.0.1", port), /is not in the cert's altnames|is not in the cert's list/);
});

test("an unknown CA is refused, without advice about flags of Node", async () => {
  const port = await tlsBackend(certificate("unknown", "ec"));
  assert.equal(await said("backend.test", port), "self-signed certificate");
});

test("-insecure checks nothing; an address is no server name", async () => {
  const port = await tlsBackend(certificate("unchecked", "ec"));
  assert.equal(await said("other.test", port, { verifyTls: false }), "nobody asks other.test");
  assert.equal(await said("127.0.0.1", port, { verifyTls: false }), "nobody asks no name");
});

test("client certificates are offered: the first of each kind of key", async () => {
  const first = certificate("first", "ec");
  const second = certificate("second", "ec");
  const rsa = certificate("rsa", "rsa");
  const port = await tlsBackend(trusted);
  assert.equal(await said("backend.test", port, { clientCerts: [first, second] }), "first asks backend.test");
  assert.equal(await said("backend.test", port, { clientCerts: [rsa] }), "rsa asks backend.test");
  assert.match(await said("backend.test", port, { clientCerts: [rsa, first] }), /^(first|rsa) asks backend\.test$/);
});

test("a replaced client certificate is offered by the connections that follow", async () => {
  const port = await tlsBackend(trusted);
  const all = dialer(["127.0.0.1"], { clientCerts: [certificate("before", "ec")] });
  assert.equal(await said("backend.test", port, all), "before asks backend.test");
  all.replaceClientCerts([certificate("after", "ec")]);
  assert.equal(await said("backend.test", port, all), "after asks backend.test");
});

test("-tls-min-version holds for backends", async () => {
  const server = tls.createServer({ ...trusted, maxVersion: "TLSv1.2" }).listen(0, "127.0.0.1");
  server.on("tlsClientError", () => {});
  after(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  assert.match(await said("backend.test", port, { tlsMinVersion: "TLSv1.3" }), /version/);
});
