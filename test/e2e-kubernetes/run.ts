// `npm run e2e:kubernetes -- --apiserver PATH [--etcd PATH]`: bin/skipper and bin/webhook against a real kube-apiserver with etcd, all on
// loopback addresses, with nothing but the definitions and the rights of deploy/. Not part of `npm test`.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parseArgs } from "node:util";
import { freePort } from "../conformance/socket-reader.ts";
import { until } from "../e2e/running-proxy.ts";
import { ControlPlane } from "./control-plane.ts";
import type { KubeObject } from "./kube-api.ts";
import {
  clusterService,
  deployed,
  endpointSlice,
  externalService,
  get,
  ingress,
  NamedBackend,
  routeGroup,
  routesOf,
} from "./scenario.ts";
import { SkipperProcess } from "./skipper-process.ts";

const { values } = parseArgs({ options: { apiserver: { type: "string" }, etcd: { type: "string", default: "etcd" } } });
const { apiserver, etcd } = values;
if (apiserver === undefined) {
  console.error("usage: npm run e2e:kubernetes -- --apiserver PATH [--etcd PATH]");
  process.exit(2);
}

/** From a change to the route that is served, also when the API server has just come back. */
const CHANGE_LIMIT_MS = 60_000;

describe("with a real API server", () => {
  let plane: ControlPlane;
  let blue: NamedBackend;
  let green: NamedBackend;

  before(async () => {
    blue = await NamedBackend.start("blue");
    green = await NamedBackend.start("green");
    plane = await ControlPlane.start({ apiserver, etcd });
    await plane.admin.apply(
      ...deployed("routegroup-crd.yaml"),
      ...deployed("rbac.yaml"),
      ...deployed("optional/ingress-status-rbac.yaml"),
    );
    await until("RouteGroups are served", async () => {
      const { status, body } = await plane.admin.ask("GET", "/apis/zalando.org/v1");
      return status === 200 && body.resources.some(({ name }: { name: string }) => name === "routegroups");
    });
  });

  after(async () => {
    await plane?.stop();
    for (const backend of [blue, green]) backend?.stop();
  });

  test("the service account may do what the proxy needs, and no more", async () => {
    const api = plane.admin.as(await plane.admin.tokenOf("kube-system", "skipper-ingress"));
    for (const [group, resource] of [
      ["networking.k8s.io", "ingresses"],
      ["zalando.org", "routegroups"],
      ["", "services"],
      ["discovery.k8s.io", "endpointslices"],
    ] as const) {
      for (const verb of ["list", "watch"]) assert.equal(await api.may(verb, group, resource), true, resource);
      for (const verb of ["create", "update", "patch", "delete"]) {
        assert.equal(await api.may(verb, group, resource), false, `${verb} ${resource}`);
      }
    }
    assert.equal(await api.may("create", "events.k8s.io", "events"), true);
    assert.equal(await api.may("patch", "networking.k8s.io", "ingresses", "status"), true);
    assert.equal(await api.may("patch", "zalando.org", "routegroups", "status"), true);
    for (const resource of ["secrets", "pods", "configmaps", "namespaces", "nodes"]) {
      assert.equal(await api.may("list", "", resource), false, resource);
    }
  });

  describe("the webhook", () => {
    let webhook: SkipperProcess;
    let configuration: KubeObject;

    before(async () => {
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
      const annotated = ingress("wrong", "wrong.test", "none");
      const annotations = { "zalando.org/skipper-loadbalancer": "best" };
      const { body } = await plane.admin.create({ ...annotated, metadata: { ...annotated.metadata, annotations } });
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
  });

  describe("the proxy", () => {
    let proxy: SkipperProcess;
    let port = 0;
    let support = 0;
    const web = ingress("web", "web.test", "web");
    const pods = ingress("pods", "pods.test", "pods");
    const podSlice = endpointSlice("pods", ["192.0.2.1", "192.0.2.2"]);
    const broken = routeGroup("broken", "broken.test", "http://127.0.0.1:1", ["setPath("]);
    let shop: KubeObject;

    before(async () => {
      shop = routeGroup("shop", "shop.test", `http://127.0.0.1:${blue.port}`, ['setResponseHeader("X-Shop", "1")']);
      const balancer = { ...externalService("balancer", 80) };
      balancer.spec = { type: "ExternalName", externalName: "lb.example.org" };
      await plane.admin.apply(externalService("web", blue.port), balancer, clusterService("pods"), podSlice);
      await plane.admin.apply(web, pods, shop, broken);
      const token = join(plane.folder, "token");
      writeFileSync(token, await plane.admin.tokenOf("kube-system", "skipper-ingress"));
      [port, support] = [await freePort(), await freePort()];
      proxy = await SkipperProcess.start(
        "skipper",
        [
          "-kubernetes",
          `-kubernetes-url=${plane.url}`,
          `-kubernetes-token-file=${token}`,
          "-kubernetes-path-mode=path-prefix",
          "-kubernetes-https-redirect=false",
          "-kubernetes-status-from-service=default/balancer",
          "-enable-kubernetes-endpointslices",
          "-enable-kubernetes-external-names",
          `-address=127.0.0.1:${port}`,
          `-support-listener=127.0.0.1:${support}`,
          "-access-log-disabled",
          "-wait-first-route-load",
          "-wait-for-healthcheck-interval=0s",
        ],
        plane.caFile,
        "Listen on",
      );
    });

    after(async () => {
      assert.equal(await proxy?.stop(), 0, proxy?.log);
    });

    /** Waits until a client gets this. */
    const serves = (host: string, wanted: string) =>
      until(`${host} answers ${wanted}`, async () => (await get(port, host)) === wanted, CHANGE_LIMIT_MS);
    const hasRoute = (text: RegExp) =>
      until(`a route ${text}`, async () => text.test(await routesOf(support)), CHANGE_LIMIT_MS);

    test("serves Ingresses, endpoints and RouteGroups", async () => {
      assert.equal(await get(port, "web.test"), "blue");
      assert.equal(await get(port, "shop.test"), "blue");
      assert.equal(await get(port, "other.test"), "404");
      assert.equal(await get(port, "web.test", "/kube-system/healthz"), "");
      await hasRoute(/<roundRobin, "http:\/\/192\.0\.2\.1:8080", "http:\/\/192\.0\.2\.2:8080">/);
    });

    test("was not refused anything", () => {
      assert.doesNotMatch(proxy.log, /status: 40[13]|forbidden/i);
    });

    test("writes addresses into the status of Ingresses", async () => {
      await until("the status of web", async () => {
        const { status } = await plane.admin.read(web);
        return status.loadBalancer.ingress?.[0]?.hostname === "lb.example.org";
      });
    });

    test("tells the owner of an invalid RouteGroup by an Event", async () => {
      await until("an Event at broken", async () => {
        const { body } = await plane.admin.ask("GET", "/apis/events.k8s.io/v1/namespaces/default/events");
        return body.items.some(
          ({ regarding, note }: { regarding: { kind: string; name: string }; note: string }) =>
            regarding.kind === "RouteGroup" && regarding.name === "broken" && note.includes("parse failed"),
        );
      });
      assert.match(proxy.log, /parse failed after token \(, position 8/);
    });

    test("follows changes: new, changed and deleted objects, endpoints, a mended group", async () => {
      const second = ingress("second", "second.test", "web");
      await plane.admin.apply(second);
      await serves("second.test", "blue");
      await plane.admin.delete(second);
      await serves("second.test", "404");
      const toGreen = { name: "app", type: "network", address: `http://127.0.0.1:${green.port}` };
      await plane.admin.change(shop, { spec: { backends: [toGreen] } });
      await serves("shop.test", "green");
      await plane.admin.change(podSlice, endpointSlice("pods", ["192.0.2.3"]));
      await hasRoute(/-> "http:\/\/192\.0\.2\.3:8080"/);
      await plane.admin.change(broken, { spec: { backends: [toGreen], routes: [{ pathSubtree: "/" }] } });
      await serves("broken.test", "green");
    });

    test("keeps serving while the API server is away, and catches up when it is back", async () => {
      await plane.stopApiServer();
      assert.equal(await get(port, "web.test"), "blue");
      assert.equal(await get(port, "shop.test"), "green");
      const before = await routesOf(support);
      await plane.startApiServer();
      assert.equal(await routesOf(support), before);
      const toBlue = { name: "app", type: "network", address: `http://127.0.0.1:${blue.port}` };
      await plane.admin.change(shop, { spec: { backends: [toBlue] } });
      await serves("shop.test", "blue");
      const late = ingress("late", "late.test", "web");
      await plane.admin.apply(late);
      await serves("late.test", "blue");
    });
  });
});

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
