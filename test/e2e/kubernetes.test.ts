// The skipper command on a stand-in for the API server: routes that follow the cluster, certificates of Secrets and their rotation,
// what ends the start.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { request } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import tls from "node:tls";
import { makeCertificate, type TestCertificate } from "../support/certificates.ts";
import { KubernetesApi } from "../support/kubernetes-api.ts";
import { endpoints, endpointsAt, ingress, routeGroup, service } from "../support/kubernetes-objects.ts";
import type { StoredObject } from "../support/kubernetes-store.ts";
import { type Backend, RunningProxy, startBackend, until } from "./running-proxy.ts";

let api: KubernetesApi;
let backend: Backend;
let proxy: RunningProxy | null = null;

beforeEach(async () => {
  api = await KubernetesApi.start();
  backend = await startBackend((_request, response) => response.end("backend"));
});
afterEach(async () => {
  await proxy?.stop();
  proxy = null;
  await backend.close();
  await api.down();
});

/** A Service that leads to the backend. */
function app(name: string): StoredObject[] {
  const ports = [{ name: "main", port: 80, targetPort: backend.port }];
  return [service(name, 80, { ports }), endpointsAt(name, backend.port, ["127.0.0.1"])];
}

const flagsOf = ({ url }: KubernetesApi) => [`-kubernetes-url=${url}`, "-kubernetes-https-redirect=false"];

async function start(routes: string, ...flags: readonly string[]): Promise<RunningProxy> {
  proxy = await RunningProxy.start(routes, ...flagsOf(api), ...flags);
  return proxy;
}

/** The body when the status is 200, else the status; "" when there is no answer. */
function ask(host: string, path = "/"): Promise<string> {
  return new Promise((resolve) => {
    const sent = request({ port: proxy!.port, path, headers: { host }, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.on("end", () => resolve(response.statusCode === 200 ? body : String(response.statusCode)));
    });
    sent.on("error", () => resolve(""));
    sent.end();
  });
}

const answers = (host: string, expected: string) =>
  until(`${host} answers ${expected}`, async () => (await ask(host)) === expected);

describe("routes", () => {
  for (const watch of [true, false]) {
    test(`follow the cluster, ${watch ? "watched" : "polled"}, with host names in any form`, async () => {
      api.put(ingress("a", "a.test", "web"), routeGroup("rg", ["web.example"]), ...app("web"));
      await start("", "-kubernetes", `-kubernetes-watch=${watch}`);
      for (const host of ["a.test", "A.Test.:8080", "web.example"]) assert.equal(await ask(host), "backend", host);
      assert.equal(await ask("a.test", "/kube-system/healthz"), "");
      assert.equal(await ask("late.test"), "404");
      api.put(ingress("late", "late.test", "web"));
      await answers("late.test", "backend");
      api.put(endpoints("web"));
      await answers("late.test", "502");
      api.put(...app("web"));
      api.store.delete("Ingress", "default", "late");
      await answers("late.test", "404");
      await answers("a.test", "backend");
      assert.equal(
        api.requests.some(({ verb }) => verb === "watch"),
        watch,
      );
    });
  }

  test("stay while the API is away, beside those of other sources", async () => {
    api.put(ingress("a", "a.test", "web"), ...app("web"));
    await start('own: Path("/own") -> inlineContent("own") -> <shunt>', "-kubernetes");
    await api.down();
    await until("the failure is logged", () => proxy!.log.includes("polling for updates failed: failed to load"));
    assert.equal(await ask("a.test"), "backend");
    assert.equal(await ask("other.test", "/own"), "own");
    await api.up();
    api.put(ingress("b", "b.test", "web"));
    await answers("b.test", "backend");
  });

  test("of an API that comes late open the listener when they are there", async () => {
    api.put(ingress("a", "a.test", "web"), ...app("web"));
    await api.down();
    proxy = await RunningProxy.launch("", "-kubernetes", ...flagsOf(api));
    await proxy.logs(/error while receiving initial data;failed to load cluster state: GET \S+: connection refused/);
    assert.doesNotMatch(proxy.log, /Listen on/);
    await api.up();
    await proxy.listens();
    assert.equal(await ask("a.test"), "backend");
  });
});

describe("certificates", () => {
  const old = makeCertificate("2024-01-01", "a.test");
  const recent = makeCertificate("2024-06-01", "a.test");

  function secret({ cert, key }: TestCertificate): StoredObject {
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const data = { "tls.crt": base64(cert), "tls.key": base64(key) };
    return { kind: "Secret", metadata: { namespace: "default", name: "cert" }, type: "kubernetes.io/tls", data };
  }

  function secured(): StoredObject {
    const object = ingress("a", "a.test", "web");
    return { ...object, spec: { ...(object.spec as object), tls: [{ hosts: ["a.test"], secretName: "cert" }] } };
  }

  /** The day from which the certificate for a name is valid; "" when there is none. */
  function shown(servername: string): Promise<string> {
    return new Promise((resolve) => {
      const socket = tls.connect({ port: proxy!.port, host: "127.0.0.1", servername, rejectUnauthorized: false });
      socket.on("secureConnect", () => {
        resolve(new Date(socket.getPeerCertificate().valid_from).toISOString().slice(0, 10));
        socket.destroy();
      });
      socket.on("error", () => resolve(""));
    });
  }

  for (const [title, flags] of [
    ["with routes of the cluster", ["-kubernetes"]],
    ["without", []],
  ] as const) {
    test(`of Secrets are served by name and rotate, ${title}`, async () => {
      api.put(secured(), secret(old), ...app("web"));
      await start("", "-kubernetes-enable-tls", ...flags);
      await until("the certificate is there", async () => (await shown("a.test")) === "2024-01-01");
      assert.equal(await shown("b.test"), "");
      api.put(secret(recent));
      await until("the certificate is replaced", async () => (await shown("a.test")) === "2024-06-01");
      await proxy!.logs("adding certificate to registry - a.test");
      await proxy!.logs("updating certificate in registry - a.test");
      const read = new Set(api.requests.map(({ resource }) => resource));
      assert.equal(read.has("services"), flags.length > 0);
    });
  }
});

describe("the start ends", () => {
  const root = join(import.meta.dirname, "../..");
  for (const [flags, reason] of [
    [["-kubernetes-in-cluster"], "kubernetes API server URL could not be constructed from env vars"],
    [
      ["-kubernetes-token-file=/none/token"],
      "failed to add secret /none/token: open /none/token: no such file or directory",
    ],
    [["-kubernetes-ingress-class=["], "error parsing regexp: missing closing ]: `[`"],
    [["-kubernetes-url=nonsense"], String.raw`parse \"nonsense\": invalid URI for request`],
  ] as const) {
    test(`${flags.join(" ")}: ${reason}`, () => {
      const args = ["-kubernetes", "-address=127.0.0.1:0", "-support-listener=", "-metrics-listener=", ...flags];
      const env = { ...process.env, KUBERNETES_SERVICE_HOST: "" };
      const { status, stderr } = spawnSync(join(root, "bin/skipper"), args, { encoding: "utf8", env, timeout: 20_000 });
      assert.equal(status, 1, stderr);
      const line = `Failed to start skipper: error while creating kubernetes data client: ${reason}`;
      assert.ok(stderr.includes(line), stderr);
    });
  }
});
