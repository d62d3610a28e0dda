// bin/webhook as the API server asks it, with the configuration of deploy/.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { freePort } from "../conformance/socket-reader.ts";
import { until } from "../e2e/running-proxy.ts";
import type { ControlPlane } from "./control-plane.ts";
import { type KubeObject, mergePatch } from "./kube-api.ts";
import { annotated, deployed, ingress, routeGroup } from "./scenario.ts";
import { SkipperProcess } from "./skipper-process.ts";

export function testWebhook(controlPlane: () => ControlPlane): void {
  describe("the webhook", () => {
    let plane: ControlPlane;
    let webhook: SkipperProcess;
    let configuration: KubeObject;

    before(async () => {
      plane = controlPlane();
      const port = await freePort();
      const { cert, key } = plane.serverCertificate;
      const flags = [`-address=127.0.0.1:${port}`, `-tls-cert-file=${cert}`, `-tls-key-file=${key}`, "-debug"];
      webhook = await SkipperProcess.start("webhook", flags, plane.caFile, "Starting server on");
      const caBundle = readFileSync(plane.caFile).toString("base64");
      configuration = withUrls(`https://127.0.0.1:${port}`, caBundle);
      await plane.admin.apply(configuration);
    });

    after(async () => {
      await plane.admin.delete(configuration);
      assert.equal(await webhook.stop(), 0, webhook.log);
    });

    test("refuses what would not be loaded, with the reason, and lets the rest pass", async () => {
      const invalid = routeGroup("wrong", "wrong.test", "http://127.0.0.1/path", ["setPath("]);
      let refusal = "";
      // The API server learns of a webhook a moment after it is stored.
      await until("the webhook is asked", async () => {
        const { status, body } = await plane.admin.create(invalid);
        if (status === 201) await plane.admin.delete(invalid);
        refusal = String(body.message);
        return status !== 201;
      });
      assert.match(refusal, /parse failed after token \(, position 8: syntax error/);
      assert.match(refusal, /backend address "http:\/\/127\.0\.0\.1\/path" does not match scheme:\/\/host format/);
      const annotations = { "zalando.org/skipper-loadbalancer": "best" };
      const { body } = await plane.admin.create(annotated(ingress("wrong", "wrong.test", "none"), annotations));
      assert.match(body.message, /invalid "zalando.org\/skipper-loadbalancer" annotation: unsupported algorithm/);

      const valid = routeGroup("right", "right.test", "http://127.0.0.1:1");
      await plane.admin.apply(valid);
      const update = plane.admin.change(valid, { spec: { routes: [{ pathSubtree: "/", filters: ["setPath("] }] } });
      await assert.rejects(update, /parse failed after token \(/);
      await plane.admin.delete(valid);
      assert.match(
        webhook.log,
        /msg=Rejected kind=RouteGroup name=wrong namespace=default operation=CREATE user=admin/,
      );
    });

    test("is not asked about a status", async () => {
      const valid = routeGroup("reported", "reported.test", "http://127.0.0.1:1");
      await plane.admin.apply(valid);
      const path = "/apis/zalando.org/v1/namespaces/default/routegroups/reported/status";
      const status = { loadBalancer: { routegroup: [{ hostname: "lb.example.org" }] } };
      const { status: code } = await plane.admin.ask("PATCH", path, { status }, mergePatch);
      assert.equal(code, 200);
      assert.deepEqual((await plane.admin.read(valid)).status, status);
      await plane.admin.delete(valid);
    });
  });
}

/** The configuration of deploy/ with a process of this machine in place of the Service. */
function withUrls(url: string, caBundle: string): KubeObject {
  const configuration = deployed("optional/webhook.yaml").find(
    ({ kind }) => kind === "ValidatingWebhookConfiguration",
  )!;
  const { webhooks } = configuration as unknown as { webhooks: { clientConfig: { service: { path: string } } }[] };
  return {
    ...configuration,
    webhooks: webhooks.map(({ clientConfig, ...webhook }) => ({
      ...webhook,
      clientConfig: { url: url + clientConfig.service.path, caBundle },
    })),
  };
}
