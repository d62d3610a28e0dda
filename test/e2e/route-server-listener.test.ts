// The main listener of the routesrv command: filters in front of every answer (spec routesrv 6), TLS with client certificates (7).

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { makeCertificate, type TestCertificate } from "../support/certificates.ts";
import { until } from "./running-proxy.ts";
import { PLAIN, RouteServerProcess, ServedCluster } from "./running-route-server.ts";

let cluster: ServedCluster;
beforeEach(async () => {
  cluster = await ServedCluster.open();
});
afterEach(() => cluster.close());

/** Starts without waiting for what a filter may hide. */
async function startWith(filters: string, ...flags: readonly string[]): Promise<RouteServerProcess> {
  cluster.putApps("a");
  const server = await cluster.start(...PLAIN, `-route-server-filters=${filters}`, ...flags);
  await until("the table is there", async () => (await server.ask("/health")).status === 204);
  return server;
}

describe("filters", () => {
  test("answer in place of the listener, everywhere but for the health check", async () => {
    const server = await startWith(
      'status(401) -> inlineContent("blocked")',
      '-route-server-filters=setResponseHeader("X-A", "1")',
    );
    for (const path of ["/routes", "/routes/z", "/none", "/health/"]) {
      const { status, text, headers } = await server.ask(path);
      assert.deepEqual([status, text, headers["x-a"]], [401, "blocked", undefined], path);
    }
    assert.equal((await server.ask("/health")).status, 204);
  });

  test("change the request before it is answered, and add to the response", async () => {
    const server = await startWith(
      'setPath("/routes") -> dropRequestHeader("Accept-Encoding") -> setResponseHeader("X-Team", "a") -> setQuery("x", "y")',
    );
    const { status, headers, text } = await server.ask("/anything", { headers: { "Accept-Encoding": "gzip" } });
    assert.equal(status, 200);
    assert.equal(headers["x-team"], "a");
    assert.equal(headers["content-encoding"], undefined);
    assert.match(text, /^kube_default__a/);
  });

  test("queue requests", async () => {
    const server = await startWith('fifo(1, 0, "1s") -> latency(1000)');
    const answers = await Promise.all([server.ask("/routes"), server.ask("/routes")]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 503]);
    assert.equal((await server.ask("/routes")).status, 200);
  });

  for (const [title, filters, line] of [
    ["of unknown names", "nope()", 'failed to get filter for routeserver \\"nope\\"'],
    ["that need a proxy", "auditLog()", 'failed to get filter for routeserver \\"auditLog\\"'],
    ["of unknown authorities", "mtlsAuthn()", 'failed to get filter for routeserver \\"mtlsAuthn\\"'],
    ["with wrong arguments", "status()", 'failed to create filter \\"status\\" for routeserver: '],
  ] as const) {
    test(`${title} stop the start`, async () => {
      const log = await RouteServerProcess.fails(...cluster.apiFlags, `-route-server-filters=${filters}`);
      assert.ok(log.includes(`level=fatal msg="failed to create filter chain: ${line}`), log);
    });
  }
});

describe("TLS", () => {
  const own = makeCertificate("2024-01-01", "routes.test");
  const known = makeCertificate("2024-01-01", "proxy.test");
  const stranger = makeCertificate("2024-01-01", "other.test");

  /** The status of /health or /routes over TLS; the code of the error when there is no answer. */
  function askTls(port: number, path: string, client: TestCertificate | null): Promise<number | string> {
    return new Promise((resolve) => {
      const options = {
        port,
        host: "127.0.0.1",
        path,
        servername: "routes.test",
        ca: own.cert,
        agent: false,
        ...client,
      };
      https
        .get(options, (response) => {
          response.resume();
          resolve(response.statusCode!);
        })
        .on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
  }

  test("asks for a client certificate that the authorities signed, and filters see it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "routesrv-tls-"));
    try {
      const file = (name: string, text: string) => {
        writeFileSync(join(folder, name), text);
        return join(folder, name);
      };
      cluster.putApps("a");
      const server = await cluster.start(
        ...PLAIN,
        "-enable-mtls",
        `-tls-cert=${file("cert", own.cert)}`,
        `-tls-key=${file("key", own.key)}`,
        `-mtls-authn-ca=${file("ca", known.cert)}`,
        '-route-server-filters=mtlsCN("somebody.test")',
      );
      await until("the table is there", async () => (await askTls(server.port, "/health", known)) === 204);
      assert.equal(await askTls(server.port, "/routes", known), 403);
      for (const client of [null, stranger])
        assert.equal(typeof (await askTls(server.port, "/health", client)), "string");
      await assert.rejects(server.ask("/health"));
      // The support listener stays plain.
      assert.ok((await server.metrics()).size > 0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
