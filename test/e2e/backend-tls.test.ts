// TLS to backends: whom the proxy trusts, what it shows of itself, and what it says when it fails (spec proxy 2 and 12).

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { RunningProxy, until } from "./running-proxy.ts";

const folder = mkdtempSync(join(tmpdir(), "backend-tls-"));
const at = (name: string) => join(folder, name);
const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** A certificate of our own authority. */
function certify(name: string, san: string): void {
  openssl("req", ...newKey, "-keyout", at(`${name}.key`), "-out", at(`${name}.csr`), "-subj", `/CN=${name}`);
  writeFileSync(at("extensions"), `subjectAltName=${san}`);
  const from = ["-CA", at("ca.crt"), "-CAkey", at("ca.key"), "-CAcreateserial", "-days", "2"];
  openssl("x509", "-req", "-in", at(`${name}.csr`), ...from, "-extfile", at("extensions"), "-out", at(`${name}.crt`));
}

openssl("req", "-x509", ...newKey, "-days", "2", "-keyout", at("ca.key"), "-out", at("ca.crt"), "-subj", "/CN=own");
certify("backend", "IP:127.0.0.1,DNS:localhost");
certify("other", "DNS:other.test");
certify("client", "DNS:client.test");

/** Answers with the server name that was asked for, the peer's name and the protocol that was agreed on. */
function backend(name: string) {
  const options = { cert: readFileSync(at(`${name}.crt`)), key: readFileSync(at(`${name}.key`)) };
  const asked = { ca: readFileSync(at("ca.crt")), requestCert: true, rejectUnauthorized: false };
  return createServer({ ...options, ...asked, ALPNProtocols: ["h2", "http/1.1"] }, ({ socket }, response) => {
    const { servername, alpnProtocol } = socket as TLSSocket & { servername?: string | false };
    const peer = (socket as TLSSocket).getPeerCertificate().subject?.CN ?? "nobody";
    response.end([servername || "none", peer, alpnProtocol || "none"].join(" "));
  });
}

const servers = [backend("backend"), backend("other")] as const;
let routes = "";

before(async () => {
  for (const server of servers) await once(server.listen(0), "listening");
  const [right, wrong] = servers.map((server) => (server.address() as AddressInfo).port);
  routes = `address: Path("/address") -> "https://127.0.0.1:${right}";
    name: Path("/name") -> setRequestHeader("Host", "other.test") -> "https://localhost:${right}";
    wrong: Path("/wrong") -> "https://localhost:${wrong}"`;
});

after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true });
});

const trusted = { SSL_CERT_FILE: at("ca.crt") };

async function answers(proxy: RunningProxy): Promise<string[]> {
  const all: string[] = [];
  for (const path of ["address", "name", "wrong"]) {
    const response = await fetch(`http://127.0.0.1:${proxy.port}/${path}`);
    all.push(response.ok ? await response.text() : String(response.status));
  }
  return all;
}

const rows: readonly (readonly [string, Record<string, string>, string[], string[]])[] = [
  ["an authority of the system", trusted, [], ["none nobody none", "localhost nobody none", "500"]],
  ["an unknown authority", {}, [], ["500", "500", "500"]],
  ["-insecure", {}, ["-insecure"], ["none nobody none", "localhost nobody none", "localhost nobody none"]],
  [
    "a certificate of the proxy",
    trusted,
    [`-client-tls-cert=${at("client.crt")}`, `-client-tls-key=${at("client.key")}`],
    ["none client none", "localhost client none", "500"],
  ],
];

for (const [name, env, flags, expected] of rows) {
  test(name, async () => {
    const proxy = await RunningProxy.startIn(env, routes, ...flags, "-workers=1");
    try {
      assert.deepEqual(await answers(proxy), expected);
      const failures = expected.filter((one) => one === "500").length;
      const lines = () => proxy.log.match(/dialing failed false: .*, remote host/g) ?? [];
      await until("a log line for each failure", () => lines().length === failures);
      assert.doesNotMatch(lines().join("\n"), /Node|OpenSSL|\.c:\d/i);
    } finally {
      await proxy.stop();
    }
  });
}

for (const [framing, head] of [
  ["a length", "Content-Length: 5\r\nConnection: close"],
  ["the end of the connection", "Connection: close"],
] as const) {
  test(`an answer framed by ${framing} and closed at once is whole after a filter that waits`, async () => {
    const options = { cert: readFileSync(at("backend.crt")), key: readFileSync(at("backend.key")) };
    const closing = createTlsServer(options, (socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(`HTTP/1.1 200 OK\r\n${head}\r\n\r\nhello`));
    });
    await once(closing.listen(0, "127.0.0.1"), "listening");
    const { port } = closing.address() as AddressInfo;
    const route = `r: * -> uniformResponseLatency("100ms", "1ms") -> "https://127.0.0.1:${port}"`;
    const proxy = await RunningProxy.startIn({}, route, "-insecure", "-workers=1");
    try {
      const response = await fetch(`http://127.0.0.1:${proxy.port}/`);
      assert.deepEqual([response.status, await response.text()], [200, "hello"]);
    } finally {
      await proxy.stop();
      closing.close();
    }
  });
}
