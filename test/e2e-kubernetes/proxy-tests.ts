// bin/skipper -kubernetes as the service account of deploy/, in a pod's mounts where this machine allows it: routes, status, Events,
// changes, and an API server that goes and comes back with the account made anew.

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { freePort } from "../conformance/socket-reader.ts";
import { until } from "../e2e/running-proxy.ts";
import type { ControlPlane } from "./control-plane.ts";
import type { KubeObject } from "./kube-api.ts";
import {
  annotated,
  clusterService,
  deployed,
  endpointSlice,
  externalService,
  get,
  ingress,
  NamedBackend,
  routeGroup,
  routeGroupsAreServed,
  routesOf,
} from "./scenario.ts";
import { canRunAsPod, SkipperProcess } from "./skipper-process.ts";

/** From a change to the route that is served, also when the API server has just come back. */
const CHANGE_LIMIT_MS = 60_000;
/** More than one page of a list holds. */
const MANY = 600;

export function testProxy(controlPlane: () => ControlPlane): void {
  describe("the proxy", () => {
    let plane: ControlPlane;
    let proxy: SkipperProcess;
    let blue: NamedBackend;
    let green: NamedBackend;
    let port = 0;
    let support = 0;
    let token = "";
    const web = ingress("web", "web.test", "web");
    const pods = ingress("pods", "pods.test", "pods");
    const podSlice = endpointSlice("pods", ["192.0.2.1", "192.0.2.2"]);
    const broken = routeGroup("broken", "broken.test", "http://127.0.0.1:1", ["setPath("]);
    const misled = annotated(ingress("misled", "misled.test", "web"), { "zalando.org/skipper-filter": "setPath(" });
    const many = Array.from({ length: MANY }, (_, i) => ingress(`many-${i}`, `many-${i}.test`, "web"));
    let shop: KubeObject;

    before(async () => {
      plane = controlPlane();
      blue = await NamedBackend.start("blue");
      green = await NamedBackend.start("green");
      shop = routeGroup("shop", "shop.test", `http://127.0.0.1:${blue.port}`, ['setResponseHeader("X-Shop", "1")']);
      const balancer = { ...externalService("balancer", 80) };
      balancer.spec = { type: "ExternalName", externalName: "lb.example.org" };
      await plane.admin.apply(externalService("web", blue.port), balancer, clusterService("pods"), podSlice);
      await plane.admin.apply(web, pods, shop, broken, misled);
      await plane.admin.applyMany(many);
      const account = join(plane.folder, "account");
      mkdirSync(account);
      copyFileSync(plane.caFile, join(account, "ca.crt"));
      token = join(account, "token");
      writeFileSync(token, await plane.admin.tokenOf("kube-system", "skipper-ingress"));
      [port, support] = [await freePort(), await freePort()];
      const flags = [
        "-kubernetes",
        "-kubernetes-path-mode=path-prefix",
        "-kubernetes-https-redirect=false",
        "-kubernetes-status-from-service=default/balancer",
        "-enable-kubernetes-endpointslices",
        "-enable-kubernetes-external-names",
        "-source-poll-timeout=500",
        `-address=127.0.0.1:${port}`,
        `-support-listener=127.0.0.1:${support}`,
        "-access-log-disabled",
        "-wait-first-route-load",
        "-wait-for-healthcheck-interval=0s",
      ];
      const inPod = ["-kubernetes-in-cluster", ...flags];
      const beside = [`-kubernetes-url=${plane.url}`, `-kubernetes-token-file=${token}`, ...flags];
      proxy = canRunAsPod()
        ? await SkipperProcess.startInPod(inPod, account, plane.url, "Listen on")
        : await SkipperProcess.start("skipper", beside, plane.caFile, "Listen on");
    });

    after(async () => {
      const code = await proxy?.stop();
      for (const backend of [blue, green]) backend?.stop();
      assert.equal(code, 0, proxy?.log);
    });

    /** Waits until a client gets this. */
    const serves = (host: string, wanted: string) =>
      until(`${host} answers ${wanted}`, async () => (await get(port, host)) === wanted, CHANGE_LIMIT_MS);
    const hasRoute = (text: RegExp) =>
      until(`a route ${text}`, async () => text.test(await routesOf(support)), CHANGE_LIMIT_MS);

    test("serves Ingresses, endpoints and RouteGroups from its first answer on", async () => {
      assert.equal(await get(port, "web.test"), "blue");
      assert.equal(await get(port, "shop.test"), "blue");
      assert.equal(await get(port, "other.test"), "404");
      assert.equal(await get(port, "web.test", "/kube-system/healthz"), "");
      await hasRoute(/<roundRobin, "http:\/\/192\.0\.2\.1:8080", "http:\/\/192\.0\.2\.2:8080">/);
    });

    test("serves all of a list that comes in several pages", async () => {
      const routes = await routesOf(support);
      const missing = many.filter(({ metadata }) => !routes.includes(`${metadata.name.replace("-", "_")}__`));
      assert.deepEqual(missing, []);
      assert.equal(await get(port, `many-${MANY - 1}.test`), "blue");
    });

    test("writes addresses into the status of Ingresses, not into that of invalid ones", async () => {
      const addressOf = (object: KubeObject) => object.status as { loadBalancer: { ingress?: { hostname: string }[] } };
      await until(
        "the status of all",
        async () => {
          const { body } = await plane.admin.ask("GET", "/apis/networking.k8s.io/v1/namespaces/default/ingresses");
          const valid = body.items.filter((one: KubeObject) => one.metadata.name !== "misled");
          assert.equal(valid.length, MANY + 2);
          return valid.every(
            (one: KubeObject) => addressOf(one).loadBalancer.ingress?.[0]?.hostname === "lb.example.org",
          );
        },
        CHANGE_LIMIT_MS,
      );
      assert.deepEqual((await plane.admin.read(misled)).status.loadBalancer, {});
    });

    test("tells the owners of invalid objects: Events, and the status of a RouteGroup", async () => {
      for (const [kind, name] of [
        ["RouteGroup", "broken"],
        ["Ingress", "misled"],
      ]) {
        await until(`an Event at ${name}`, async () => {
          const { body } = await plane.admin.ask("GET", "/apis/events.k8s.io/v1/namespaces/default/events");
          return body.items.some(
            ({ regarding, note }: { regarding: { kind: string; name: string }; note: string }) =>
              regarding.kind === kind &&
              regarding.name === name &&
              note.includes("parse failed after token (, position 8"),
          );
        });
      }
      await until("the status of broken", async () => (await condition(broken))?.reason === "Invalid");
      const { status, message } = await condition(broken);
      assert.equal(status, "False");
      assert.match(message, /parse failed after token \(, position 8/);
      assert.match(proxy.log, /level=error msg="\[routegroup\] .*kind=RouteGroup name=broken ns=default/);
      assert.match(proxy.log, /level=error msg="\[ingress\] .*kind=Ingress name=misled ns=default/);
      assert.equal(await condition(shop), undefined);
    });

    async function condition(group: KubeObject) {
      const { status } = await plane.admin.read(group);
      return status?.conditions?.find(({ type }: { type: string }) => type === "Accepted");
    }

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
      await plane.admin.delete(podSlice);
      await hasRoute(/kube_default__pods__.*\n(?:.*\n)?\s*-> status\(502\)/);
      await plane.admin.apply(podSlice);
      await hasRoute(/<roundRobin, "http:\/\/192\.0\.2\.1:8080", "http:\/\/192\.0\.2\.2:8080">/);
      await plane.admin.change(broken, { spec: { backends: [toGreen], routes: [{ pathSubtree: "/" }] } });
      await serves("broken.test", "green");
      await until("the status of the mended group", async () => (await condition(broken))?.status === "True");
    });

    test("keeps serving while the API server is away, and catches up when it is back, with another token", async () => {
      const [account] = deployed("rbac.yaml");
      const old = plane.admin.as(await plane.admin.tokenOf("kube-system", "skipper-ingress"));
      await plane.admin.delete(account!);
      await plane.admin.apply(account!);
      const answers = new Set<string>();
      let isOver = false;
      const traffic = (async () => {
        while (!isOver) for (const host of ["web.test", "shop.test"]) answers.add(`${host} ${await get(port, host)}`);
      })();
      await plane.stopApiServer();
      const before = await routesOf(support);
      await plane.startApiServer();
      assert.equal(await routesOf(support), before);
      writeFileSync(token, await plane.admin.tokenOf("kube-system", "skipper-ingress"));
      assert.equal((await old.ask("GET", "/apis/networking.k8s.io/v1/ingresses")).status, 401);
      const toBlue = { name: "app", type: "network", address: `http://127.0.0.1:${blue.port}` };
      const late = ingress("late", "late.test", "web");
      await plane.admin.apply(late);
      await plane.admin.delete(many[0]!);
      await serves("late.test", "blue");
      await serves("many-0.test", "404");
      isOver = true;
      await traffic;
      assert.deepEqual([...answers].sort(), ["shop.test green", "web.test blue"]);
      await plane.admin.change(shop, { spec: { backends: [toBlue] } });
      await serves("shop.test", "blue");
    });

    test("loses RouteGroups with their definition, and finds them when it is installed again", async () => {
      const [definition] = deployed("routegroup-crd.yaml");
      await plane.admin.delete(definition!);
      await serves("shop.test", "404");
      assert.equal(await get(port, "web.test"), "blue");
      await until("the definition is gone", async () => (await plane.admin.read(definition!)).code === 404);
      await plane.admin.apply(definition!);
      await routeGroupsAreServed(plane.admin);
      await plane.admin.apply(shop);
      await serves("shop.test", "blue");
    });

    test("was not refused anything", () => {
      assert.doesNotMatch(proxy.log, /status: (?:400|403|405|422)|forbidden|cannot watch|not written/i);
    });
  });
}
