// bin/skipper -kubernetes-enable-tls: certificates of Secrets need a right of their own, and rotate.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { freePort } from "../conformance/socket-reader.ts";
import { until } from "../e2e/running-proxy.ts";
import { makeCertificate } from "../support/certificates.ts";
import type { ControlPlane } from "./control-plane.ts";
import { deployed, externalService, ingress, NamedBackend, tlsSecret, withTls } from "./scenario.ts";
import { SkipperProcess } from "./skipper-process.ts";

const HOST = "secure.test";

export function testCertificates(controlPlane: () => ControlPlane): void {
  describe("the proxy with certificates of the cluster", () => {
    let plane: ControlPlane;
    let backend: NamedBackend;
    let proxy: SkipperProcess;
    let port = 0;
    const old = makeCertificate("2024-01-01", HOST);
    const recent = makeCertificate("2024-06-01", HOST);

    before(async () => {
      plane = controlPlane();
      backend = await NamedBackend.start("secured");
      await plane.admin.apply(externalService("secured", backend.port), tlsSecret("secure", old.cert, old.key));
      await plane.admin.apply(withTls(ingress("secure", HOST, "secured"), HOST, "secure"));
      const token = join(plane.folder, "tls-token");
      writeFileSync(token, await plane.admin.tokenOf("kube-system", "skipper-ingress"));
      port = await freePort();
      proxy = await SkipperProcess.start(
        "skipper",
        [
          "-kubernetes",
          "-kubernetes-enable-tls",
          `-kubernetes-url=${plane.url}`,
          `-kubernetes-token-file=${token}`,
          "-kubernetes-https-redirect=false",
          "-enable-kubernetes-endpointslices",
          "-enable-kubernetes-external-names",
          "-source-poll-timeout=500",
          `-address=127.0.0.1:${port}`,
          `-support-listener=127.0.0.1:${await freePort()}`,
          "-access-log-disabled",
          "-wait-first-route-load",
          "-wait-for-healthcheck-interval=0s",
        ],
        plane.caFile,
        "request to /api/v1/secrets failed, status: 403",
      );
    });

    after(async () => {
      const code = await proxy?.stop();
      backend?.stop();
      assert.equal(code, 0, proxy?.log);
    });

    test("waits for the right to read Secrets", async () => {
      assert.doesNotMatch(proxy.log, /Listen on/);
      await plane.admin.apply(...deployed("optional/tls-rbac.yaml"));
      await until("it listens", () => proxy.log.includes("Listen on"), 20_000);
    });

    test("serves the certificate of the Secret, and the next one without losing a connection", async () => {
      const kept = await shakeHands(port);
      assert.equal(dayOf(kept), "2024-01-01");
      const { data } = tlsSecret("secure", recent.cert, recent.key);
      await plane.admin.change(tlsSecret("secure", "", ""), { data });
      await until("the new certificate", async () => {
        const socket = await shakeHands(port);
        const day = dayOf(socket);
        socket.destroy();
        return day === "2024-06-01";
      });
      kept.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
      let answer = "";
      for await (const bytes of kept) answer += String(bytes);
      assert.match(answer, /^HTTP\/1\.1 200 .*secured/s);
    });
  });
}

function shakeHands(port: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", servername: HOST, rejectUnauthorized: false });
    socket.once("secureConnect", () => resolve(socket));
    socket.once("error", reject);
  });
}

/** From which the certificate is valid. */
function dayOf(socket: TLSSocket): string {
  return new Date(socket.getPeerCertificate().valid_from).toISOString().slice(0, 10);
}
