// What the skipper command shows to Route Servers: a client certificate to a routesrv command with -enable-mtls, a token to one behind
// a proxy that checks it; both from files that are replaced.

import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { issueCertificate, makeCertificate } from "../support/certificates.ts";
import { endpointsAt, ingress, service } from "../support/kubernetes-objects.ts";
import { RunningProxy, until } from "./running-proxy.ts";
import { PLAIN, ServedCluster } from "./running-route-server.ts";
import { sees } from "./steady-traffic.ts";

let cluster: ServedCluster;
let proxies: RunningProxy[] = [];
let folder = "";
beforeEach(async () => {
  cluster = await ServedCluster.open();
  folder = mkdtempSync(join(tmpdir(), "route-credentials-"));
});
afterEach(async () => {
  for (const proxy of proxies) await proxy.stop();
  proxies = [];
  await cluster.close();
  rmSync(folder, { recursive: true });
});

/** Writes a file as a mounted Secret is replaced: in one step. */
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
  return path;
}

async function startProxy(url: string, ...flags: readonly string[]): Promise<RunningProxy> {
  const proxy = await RunningProxy.start(
    "",
    `-routes-urls=${url}`,
    "-source-poll-timeout=3000",
    "-routes-urls-wait=0s",
    ...flags,
  );
  proxies.push(proxy);
  return proxy;
}

/** One more Ingress, to a backend that is not there: a route that the proxy has answers 502. */
function putApp(name: string): void {
  const ports = [{ name: "main", port: 80, targetPort: 1 }];
  cluster.api.put(
    service("web", 80, { ports }),
    endpointsAt("web", 1, ["127.0.0.1"]),
    ingress(name, `${name}.test`, "web"),
  );
}

const follows = (proxy: RunningProxy, name: string) => {
  putApp(name);
  return sees(proxy, `${name}.test`, 502);
};

describe("a client certificate", () => {
  const authority = issueCertificate({
    subject: "/CN=authority",
    extensions: ["basicConstraints=critical,CA:TRUE", "keyUsage=keyCertSign"],
  });
  const issued = (name: string) =>
    issueCertificate({ subject: `/CN=${name}`, extensions: ["subjectAltName=IP:127.0.0.1"], issuer: authority });
  const server = issued("routes.test");
  const known = issued("proxy.test");
  const stranger = makeCertificate("2024-01-01", "stranger.test");

  test("opens a server with -enable-mtls and a filter for names; another one, or none, does not", async () => {
    putApp("a");
    const running = await cluster.start(
      ...PLAIN,
      "-enable-mtls",
      `-tls-cert=${file("cert", server.cert)}`,
      `-tls-key=${file("key", server.key)}`,
      `-mtls-authn-ca=${file("ca", authority.cert)}`,
      '-route-server-filters=mtlsCN("proxy.test")',
    );
    await until("the table is there", () => running.log.includes("routes initialized"));
    const url = `https://127.0.0.1:${running.port}/routes`;
    const ca = `-routes-urls-ca=${join(folder, "ca")}`;
    const pair = (name: string, { cert, key }: { cert: string; key: string }) => [
      `-routes-urls-client-cert=${file(`${name}.cert`, cert)}`,
      `-routes-urls-client-key=${file(`${name}.key`, key)}`,
    ];
    for (const [flags, reason] of [
      [[], /error while loading routes from url .*self-signed certificate in certificate chain/],
      [[ca], /error while loading routes from url /],
      [[ca, ...pair("stranger", stranger)], /error while loading routes from url /],
      [[ca, ...pair("other", issued("other.test"))], /status code: 403, with the certificate of .*other\.cert/],
      [[ca, ...pair("torn", { ...known, key: stranger.key })], /failed to load X509 keypair from .*torn\.cert/],
    ] as const) {
      await assert.rejects(startProxy(url, ...flags), reason);
    }
    const proxy = await startProxy(url, ca, ...pair("known", known));
    await follows(proxy, "b");
    // One that is refused tells which one counts from now on.
    pair("known", issued("other.test"));
    await until("the new certificate is shown", () => proxy.log.includes("status code: 403, with the certificate of "));
    pair("known", issued("proxy.test"));
    await follows(proxy, "c");
  });
});

describe("a token", () => {
  test("is shown, from the file as it is now, and a refused one is told", async () => {
    const server = await cluster.startOn(["a"]);
    const gate = await RunningProxy.start(
      `ok: Header("Authorization", "Bearer good") -> "${server.url}"; no: * -> status(401) -> <shunt>`,
    );
    proxies.push(gate);
    const url = `http://127.0.0.1:${gate.port}/routes`;
    const token = `-routes-urls-token-file=${file("token", "bad\n")}`;
    await assert.rejects(startProxy(url), /status code: 401\W/);
    await assert.rejects(startProxy(url, token), new RegExp(`status code: 401, with the token of ${folder}/token\\W`));
    await assert.rejects(startProxy(url, `-routes-urls-token-file=${folder}/none`), /none: no such file or directory/);
    file("token", "good\n");
    const proxy = await startProxy(url, token);
    await follows(proxy, "b");
    file("token", "bad");
    await until("it is refused", () => proxy.log.includes("status code: 401, with the token of "));
    file("token", "two\nlines");
    await until("it is told", () => proxy.log.includes("expected a token in one line"));
    file("token", "good");
    await follows(proxy, "c");
    assert.ok(!proxy.log.includes("good"));
  });

  test("is not shown to another server that this one leads to", async () => {
    const seen: (string | undefined)[] = [];
    const listen = async (answer: Parameters<typeof createServer>[1]) => {
      const server = createServer(answer);
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return { server, port: (server.address() as AddressInfo).port };
    };
    const last = await listen((request, response) => {
      seen.push(request.headers.authorization);
      response.end("a: * -> <shunt>;");
    });
    const first = await listen((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(302, { location: `http://127.0.0.1:${last.port}/` }).end();
    });
    try {
      await startProxy(`http://127.0.0.1:${first.port}/`, `-routes-urls-token-file=${file("token", "good")}`);
      assert.deepEqual(seen.slice(0, 2), ["Bearer good", undefined]);
    } finally {
      for (const { server } of [first, last]) {
        server.close();
        server.closeAllConnections();
      }
    }
  });
});
