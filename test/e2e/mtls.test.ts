// Client certificates from the handshake to the filters that look at them: with each -tls-client-auth, by Node's client and by
// openssl s_client, and for sessions that are taken up again.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import tls from "node:tls";
import { issueCertificate, type TestCertificate } from "../support/certificates.ts";
import { type Backend, RunningProxy, startBackend } from "./running-proxy.ts";

const folder = mkdtempSync(path.join(tmpdir(), "mtls-"));
const signs = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"];
const client = "extendedKeyUsage=clientAuth";

const server = issueCertificate({ subject: "/CN=proxy.test", extensions: ["subjectAltName=DNS:proxy.test"] });
const root = issueCertificate({ subject: "/C=DE/O=My Org, Inc./CN=My CA", extensions: signs });
const middle = issueCertificate({ subject: "/O=My Org/CN=Issuing", extensions: signs, issuer: root });
const names = "subjectAltName=DNS:App.svc.example,IP:10.0.5.10,IP:2001:db8::5,URI:spiffe://svc.example/app";
const own = issueCertificate({ subject: "/O=Me/CN=Müller, Hans", extensions: [client, names], issuer: root });
const below = issueCertificate({ subject: "/CN=below", extensions: [client], issuer: middle });
const expired = issueCertificate({
  subject: "/CN=expired",
  extensions: [client],
  issuer: root,
  notBefore: "2019-01-01",
  notAfter: "2020-01-01",
});
const forServers = issueCertificate({
  subject: "/CN=servers",
  extensions: ["extendedKeyUsage=serverAuth"],
  issuer: root,
});
const stranger = issueCertificate({ subject: "/CN=stranger", extensions: [client] });

/** What a client presents: its own certificate, then those of its issuers. */
const presented = {
  own: { cert: own.cert, key: own.key },
  below: { cert: below.cert + middle.cert, key: below.key },
  alone: { cert: below.cert, key: below.key },
  expired: { cert: expired.cert, key: expired.key },
  servers: { cert: forServers.cert, key: forServers.key },
  stranger: { cert: stranger.cert, key: stranger.key },
} satisfies Record<string, TestCertificate>;
type Client = keyof typeof presented | "none";

const file = (name: string) => path.join(folder, name);
let backend: Backend;
const proxies = new Map<string, RunningProxy>();

before(async () => {
  mkdirSync(file("empty"));
  writeFileSync(file("server.pem"), server.cert);
  writeFileSync(file("server.key"), server.key);
  writeFileSync(file("ca.pem"), root.cert);
  backend = await startBackend(({ headers }, response) => {
    response.end(JSON.stringify(headers["x-forwarded-tls-client-cert"] ?? null));
  });
});
after(async () => {
  for (const proxy of proxies.values()) await proxy.stop();
  await backend.close();
  rmSync(folder, { recursive: true });
});

/** One for each -tls-client-auth, started when it is first asked for. */
async function proxyWith(clientAuth: string): Promise<RunningProxy> {
  const known = proxies.get(clientAuth);
  if (known !== undefined) return known;
  const proxy = await RunningProxy.startIn(
    // The system trusts the root too, which is what the policies that verify go by.
    { SSL_CERT_FILE: file("ca.pem"), SSL_CERT_DIR: file("empty") },
    `authn: Path("/authn") -> mtlsAuthn() -> status(204) -> <shunt>;
     cn: Path("/cn") -> mtlsCN("x", "Müller, Hans") -> status(204) -> <shunt>;
     issuer: Path("/issuer") -> mtlsIssuerDN("CN=My CA,O=My Org\\\\, Inc.,C=DE") -> status(204) -> <shunt>;
     dns: Path("/dns") -> mtlsSanDNS("*.SVC.example") -> status(204) -> <shunt>;
     ip: Path("/ip") -> mtlsSanIP("2001:db8:0::5") -> status(204) -> <shunt>;
     cidr: Path("/cidr") -> mtlsSanCIDR("10.0.0.0/8") -> status(204) -> <shunt>;
     uri: Path("/uri") -> mtlsSanURI("spiffe://svc.example/a*") -> status(204) -> <shunt>;
     both: Path("/both") -> mtlsAuthn() -> mtlsCN("other") -> setResponseHeader("X-Seen", "no") -> status(204) -> <shunt>;
     pass: Path("/pass") -> tlsPassClientCertificates() -> "http://127.0.0.1:${backend.port}";
     drop: Path("/drop") -> dropRequestHeader("X-Forwarded-Tls-Client-Cert") -> tlsPassClientCertificates() -> "http://127.0.0.1:${backend.port}";`,
    "-workers=1",
    `-tls-cert=${file("server.pem")}`,
    `-tls-key=${file("server.key")}`,
    `-tls-client-auth=${clientAuth}`,
    `-mtls-authn-ca=${file("ca.pem")}`,
  );
  proxies.set(clientAuth, proxy);
  return proxy;
}

interface Answer {
  /** 0: there was no answer. */
  readonly status: number;
  readonly text: string;
}

function read(text: string): Answer {
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), text };
}

function head(target: string, more = ""): string {
  return `GET ${target} HTTP/1.1\r\nHost: proxy.test\r\n${more}Connection: close\r\n\r\n`;
}

/** One request by Node's client. `session`: one to take up again. */
async function ask(
  port: number,
  who: Client,
  request: string,
  options: tls.ConnectionOptions = {},
): Promise<Answer & { readonly session: Buffer | undefined; readonly reused: boolean }> {
  const certificate = who === "none" ? {} : presented[who];
  const socket = tls.connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...certificate, ...options });
  let text = "";
  let session: Buffer | undefined;
  socket.on("session", (given: Buffer) => {
    session = given;
  });
  socket.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  socket.on("error", () => {});
  socket.write(request);
  // `once` would reject with the error of a handshake that fails.
  await new Promise((resolve) => socket.on("close", resolve));
  return { ...read(text), session, reused: socket.isSessionReused() };
}

/** The same by openssl. */
async function askOpenssl(port: number, who: Client, request: string): Promise<Answer> {
  const args = ["s_client", "-connect", `127.0.0.1:${port}`, "-quiet", "-ign_eof"];
  if (who !== "none") {
    const [leaf, ...rest] = presented[who].cert.split(/(?<=-----END CERTIFICATE-----\n)/);
    writeFileSync(file(`${who}.crt`), leaf!);
    writeFileSync(file(`${who}.key`), presented[who].key);
    writeFileSync(file(`${who}.chain`), rest.join(""));
    args.push("-cert", file(`${who}.crt`), "-key", file(`${who}.key`));
    if (rest.join("") !== "") args.push("-cert_chain", file(`${who}.chain`));
  }
  const child = spawn("openssl", args, { stdio: ["pipe", "pipe", "ignore"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  child.stdin.on("error", () => {});
  child.stdin.write(request);
  await once(child, "close");
  return read(text);
}

/** Statuses of /authn; 0: the handshake fails. */
const policies: Readonly<Record<string, Readonly<Record<Client, number>>>> = {
  NoClientCert: { none: 401, own: 401, below: 401, alone: 401, expired: 401, servers: 401, stranger: 401 },
  RequestClientCert: { none: 401, own: 204, below: 204, alone: 403, expired: 403, servers: 403, stranger: 403 },
  RequireAnyClientCert: { none: 0, own: 204, below: 204, alone: 403, expired: 403, servers: 403, stranger: 403 },
  VerifyClientCertIfGiven: { none: 401, own: 204, below: 204, alone: 0, expired: 0, servers: 0, stranger: 0 },
  RequireAndVerifyClientCert: { none: 0, own: 204, below: 204, alone: 0, expired: 0, servers: 0, stranger: 0 },
};

for (const [policy, expected] of Object.entries(policies)) {
  test(`mtlsAuthn() with -tls-client-auth=${policy}`, async () => {
    const { port } = await proxyWith(policy);
    const seen: Record<string, number> = {};
    for (const who of Object.keys(expected) as Client[]) seen[who] = (await ask(port, who, head("/authn"))).status;
    assert.deepEqual(seen, expected);
    for (const who of ["none", "own", "below", "stranger"] as const) {
      assert.equal((await askOpenssl(port, who, head("/authn"))).status, expected[who], `openssl, ${who}`);
    }
  });
}

test("each filter looks at the client's own certificate", async () => {
  const { port } = await proxyWith("RequestClientCert");
  for (const target of ["/cn", "/issuer", "/dns", "/ip", "/cidr", "/uri"]) {
    for (const [who, status] of [
      ["own", 204],
      ["stranger", 403],
      ["below", 403],
      ["none", 401],
    ] as const) {
      assert.equal((await ask(port, who, head(target))).status, status, `${target} ${who}`);
    }
  }
});

test("a refusal names the host, has no body, and stops the filters behind it", async () => {
  const { port } = await proxyWith("RequestClientCert");
  for (const [who, status] of [
    ["none", 401],
    ["own", 403],
  ] as const) {
    const answer = await ask(port, who, head("/both"));
    assert.equal(answer.status, status);
    assert.match(answer.text, /\r\nWWW-Authenticate: proxy\.test\r\n/i);
    assert.doesNotMatch(answer.text, /X-Seen/);
    assert.match(answer.text, /\r\n\r\n(0\r\n\r\n)?$/);
  }
});

test("a session that is taken up again has the certificates of its handshake, intermediates too", async () => {
  const { port } = await proxyWith("RequestClientCert");
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    for (const who of ["own", "below"] as const) {
      const first = await ask(port, who, head("/authn"), { maxVersion });
      assert.equal(first.status, 204);
      const again = await ask(port, who, head("/authn"), {
        maxVersion,
        ...(first.session && { session: first.session }),
      });
      assert.equal(again.status, 204, `${who}, ${maxVersion}, reused: ${again.reused}`);
    }
  }
});

test("many requests of one connection, and each with its answer", async () => {
  const { port } = await proxyWith("RequestClientCert");
  const keep = (target: string) => `GET ${target} HTTP/1.1\r\nHost: proxy.test\r\n\r\n`;
  const { text } = await ask(port, "own", keep("/authn") + keep("/both") + keep("/cn") + head("/authn"));
  assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 204", "HTTP/1.1 403", "HTTP/1.1 204", "HTTP/1.1 204"]);
});

test("tlsPassClientCertificates() tells the backend the chain; without one the header stays as the client sent it", async () => {
  const { port } = await proxyWith("RequestClientCert");
  const base64 = (...certificates: TestCertificate[]) =>
    certificates.map(({ cert }) => new X509Certificate(cert).raw.toString("base64")).join(",");
  const forged = "X-Forwarded-Tls-Client-Cert: forged\r\n";
  for (const [who, target, expected] of [
    ["own", "/pass", base64(own)],
    ["below", "/pass", base64(below, middle)],
    ["none", "/pass", "forged"],
    ["none", "/drop", null],
    ["own", "/drop", base64(own)],
  ] as const) {
    const { text } = await ask(port, who, head(target, forged));
    assert.ok(
      text.endsWith(`${JSON.stringify(expected)}`) || text.includes(JSON.stringify(expected)),
      `${target} ${who}`,
    );
  }
});
