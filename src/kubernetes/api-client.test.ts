import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type ApiOptions, type Fault, KubernetesApi } from "../../test/support/kubernetes-api.ts";
import { ApplicationLog } from "../observability/log.ts";
import { type ApiAccess, apiAccess } from "./api-access.ts";
import { ApiClient } from "./api-client.ts";
import type { ApiTimeouts } from "./api-connection.ts";
import { ApiError } from "./api-error.ts";

const services = "/api/v1/services";
const LONG_MS = 20_000;
const patient: ApiTimeouts = { dialMs: LONG_MS, handshakeMs: LONG_MS, headerMs: LONG_MS, bodyMs: LONG_MS };
/** For tests of a server that does not answer. */
const quick: ApiTimeouts = { ...patient, handshakeMs: 500, headerMs: 500 };

let lines: string[];
let api: KubernetesApi;
let client: ApiClient | null;
let folder: string;

const log = () =>
  new ApplicationLog({
    level: "trace",
    prefix: "",
    json: false,
    terminal: false,
    write: (line) => void lines.push(line.replace(/^time="[^"]*" /, "").trimEnd()),
    now: Date.now,
  });

beforeEach(() => {
  lines = [];
  client = null;
  folder = mkdtempSync(path.join(tmpdir(), "skipper-api-"));
});
afterEach(async () => {
  client?.close();
  await api?.down();
  rmSync(folder, { recursive: true, force: true });
});

async function startApi(options: ApiOptions = {}): Promise<void> {
  api = await KubernetesApi.start(options);
}

function connect(access: Partial<ApiAccess> = {}, pageSize = 500, timeouts = patient): ApiClient {
  const all = { url: api.url, ca: "", tokenFile: "", proxyEnv: null, ...access };
  client = new ApiClient({ access: all, log: log(), timeouts, pageSize });
  return client;
}

const service = (name: string, namespace = "default", labels: Record<string, string> = {}) => ({
  kind: "Service",
  metadata: { name, namespace, labels },
  spec: { ports: [{ port: 80 }] },
});

const namesOf = (items: readonly unknown[]) =>
  items.map((item) => (item as { metadata: { name: string } }).metadata.name);

async function list(selector = "", isPaged = true): Promise<{ names: string[]; version: string }> {
  const items: unknown[] = [];
  const version = await client!.list(services, selector, isPaged, (item) => void items.push(item));
  return { names: namesOf(items), version };
}

describe("lists", () => {
  for (const [title, options] of [
    ["in pages", {}],
    ["packed, in pages", { gzip: true }],
    ["by a server without pages", { ignoresPages: true }],
  ] as const) {
    test(`all items ${title}, on one connection`, async () => {
      await startApi(options);
      for (let i = 0; i < 7; i++) api.put(service(`s${i}`));
      connect({}, 3);
      assert.deepEqual(await list(), { names: ["s0", "s1", "s2", "s3", "s4", "s5", "s6"], version: "107" });
      assert.equal(api.requests.length, "ignoresPages" in options ? 1 : 3);
      assert.deepEqual(lines.slice(0, 2), [
        'level=trace msg="making request to: /api/v1/services"',
        'level=trace msg="request to /api/v1/services succeeded"',
      ]);
    });
  }

  test("by label", async () => {
    await startApi();
    api.put(service("a", "n", { team: "x/y", b: "1" }), service("b", "n", { team: "z" }));
    connect();
    assert.deepEqual((await list("team=x/y,b=1")).names, ["a"]);
    assert.equal(api.requests[0]!.query.get("labelSelector"), "team=x/y,b=1");
  });

  test("pages of a list that was compacted meanwhile end with 410", async () => {
    await startApi();
    for (let i = 0; i < 4; i++) api.put(service(`s${i}`));
    connect({}, 2);
    const taking = client!.list(services, "", true, () => api.store.compact());
    await assert.rejects(taking, (error: ApiError) => error.status === 410);
    assert.equal((await list("", false)).names.length, 4);
  });

  for (const [title, fault, message] of [
    ["404", { status: 404 }, /^resource not found$/],
    ["500", { status: 500 }, /^request to \/api\/v1\/services failed, status: 500, 500 Internal Server Error$/],
    ["302", { status: 302 }, /^request to \/api\/v1\/services failed, status: 302, 302 Found$/],
    ["a closed connection", "refuse", /^GET \/api\/v1\/services: connection reset by peer$/],
    ["no answer", "hang", /^GET \/api\/v1\/services: timeout after 500 ms: waiting for the response$/],
    ["half an answer", "half", /^GET \/api\/v1\/services: connection reset by peer$/],
    ["garbage", "garbage", /^GET \/api\/v1\/services: invalid JSON: /],
  ] as readonly (readonly [string, Fault, RegExp])[]) {
    test(`fails: ${title}; the next one does not`, async () => {
      await startApi();
      api.put(service("a"));
      connect({}, 500, fault === "hang" ? quick : patient);
      api.fault = () => fault;
      await assert.rejects(list(), (error: unknown) => error instanceof ApiError && message.test(error.message));
      api.fault = () => null;
      assert.deepEqual((await list()).names, ["a"]);
    });
  }

  test("a slow answer is read to its end", async () => {
    await startApi({ gzip: true });
    for (let i = 0; i < 50; i++) api.put(service(`service-${i}`));
    connect();
    api.fault = () => "slow";
    assert.equal((await list()).names.length, 50);
  });

  test("nobody listens", async () => {
    await startApi();
    connect();
    await api.down();
    await assert.rejects(list(), { message: "GET /api/v1/services: connection refused" });
  });

  test("Retry-After is told", async () => {
    await startApi();
    connect();
    for (const [header, atLeast, atMost] of [
      ["3", 3000, 3000],
      ["100000", 60_000, 60_000],
      ["soon", 0, 0],
      [new Date(Date.now() + 50_000).toUTCString(), 20_000, 50_000],
    ] as const) {
      api.fault = () => ({ status: 429, headers: { "retry-after": header } });
      const error = await list().catch((cause: ApiError) => cause);
      assert.ok(error instanceof ApiError && error.status === 429);
      assert.ok(error.retryAfterMs >= atLeast && error.retryAfterMs <= atMost, `${header}: ${error.retryAfterMs}`);
    }
  });
});

describe("token", () => {
  const file = () => path.join(folder, "token");

  test("is sent without its line feed; a refused one is read again, and the request repeated once", async () => {
    await startApi();
    api.tokens = new Set(["one"]);
    writeFileSync(file(), "one\n");
    connect({ tokenFile: file() });
    await list();
    api.tokens = new Set(["two"]);
    await assert.rejects(list(), {
      message: "request to /api/v1/services failed, status: 401, 401 Unauthorized",
    });
    assert.equal(api.requests.length, 2, "the same token is not tried again");
    writeFileSync(file(), "two\n");
    await list();
    assert.equal(api.requests.length, 4);
    assert.ok(lines.includes(`level=info msg="Updated secret file: ${file()}"`));
  });

  test("a file that is missing at the start is an error of the start; one that went is an error of the request", async () => {
    await startApi();
    assert.throws(() => connect({ tokenFile: file() }), {
      message: `failed to add secret ${file()}: open ${file()}: no such file or directory`,
    });
    api.tokens = new Set();
    writeFileSync(file(), "one");
    connect({ tokenFile: file() });
    rmSync(file());
    await assert.rejects(list(), { message: `secret not found: ${file()}` });
    api.tokens = null;
    writeFileSync(file(), "two");
    await assert.rejects(list(), { message: `secret not found: ${file()}` });
    assert.ok(lines.includes(`level=info msg="Removed secret file: ${file()}"`));
  });
});

describe("watches", () => {
  async function watch(
    idleMs = LONG_MS,
    version = "100",
  ): Promise<{ events: { type: string }[]; ended: Promise<boolean>; first: Promise<void> }> {
    const events: { type: string }[] = [];
    const first = Promise.withResolvers<void>();
    let opened = () => {};
    const isOpen = new Promise<void>((resolve) => {
      opened = resolve;
    });
    const options = { resourceVersion: version, seconds: 60, idleMs, opened };
    const event = (one: unknown): void => {
      events.push(one as { type: string });
      first.resolve();
    };
    const ended = client!.watch(services, "", { ...options, event });
    await Promise.race([isOpen, ended]);
    return { events, ended, first: first.promise };
  }

  test("hand over what changed since a version and what changes, until the server ends them", async () => {
    await startApi();
    api.put(service("a"));
    connect();
    const { events, ended } = await watch();
    api.put(service("a"));
    api.bookmark();
    api.store.delete("Service", "default", "a");
    api.endWatches();
    assert.equal(await ended, true);
    assert.deepEqual(
      events.map(({ type }) => type),
      ["ADDED", "MODIFIED", "BOOKMARK", "DELETED"],
    );
  });

  test("of many events in a short time the later ones are read together, in their order", async () => {
    await startApi();
    connect();
    const names: string[] = [];
    let turns = 0;
    let isSameTurn = false;
    const opened = Promise.withResolvers<void>();
    const ended = client!.watch(services, "", {
      resourceVersion: "100",
      seconds: 60,
      idleMs: LONG_MS,
      opened: opened.resolve,
      event(event) {
        names.push((event as { object: { metadata: { name: string } } }).object.metadata.name);
        if (isSameTurn) return;
        isSameTurn = true;
        turns++;
        setImmediate(() => {
          isSameTurn = false;
        });
      },
    });
    await opened.promise;
    const put = Array.from({ length: 200 }, (_, i) => `s${i}`);
    for (const name of put) {
      api.put(service(name));
      await sleep(2);
    }
    api.endWatches();
    const endedAt = performance.now();
    assert.equal(await ended, true);
    assert.deepEqual(names, put);
    // A turn takes all that waits: the last ones are no later than the first.
    assert.ok(performance.now() - endedAt < 3000);
    assert.ok(turns >= 2 && turns < 60, `${turns} turns`);
  });

  test("that end while later events wait hand over all of them", async () => {
    await startApi();
    connect();
    const { events, ended, first } = await watch();
    for (let i = 0; i < 500; i++) api.put(service("a"));
    await first;
    for (let i = 0; i < 1500; i++) api.put(service("a"));
    api.endWatches();
    assert.equal(await ended, true);
    assert.equal(events.length, 2000);
  });

  for (const [title, act, idleMs] of [
    ["the connection breaks", () => api.breakWatches()],
    [
      "it ends inside an event",
      () => {
        api.say(`{"type":`);
        api.endWatches();
      },
    ],
    ["nothing comes any more", () => api.silence(), 300],
    ["the client is closed", () => client!.close()],
  ] as const) {
    test(`end when ${title}`, async () => {
      await startApi();
      connect();
      const { ended } = await watch(idleMs);
      act();
      assert.equal(await ended, false);
    });
  }

  for (const [title, act] of [
    ["the connection breaks", () => api.breakWatches()],
    ["the client is closed", () => client!.close()],
  ] as const) {
    test(`end when ${title} while later events wait`, async () => {
      await startApi();
      connect();
      const { ended, first } = await watch();
      for (let i = 0; i < 500; i++) api.put(service("a"));
      await first;
      act();
      assert.equal(await ended, false);
    });
  }

  test("fail with what cannot be understood, and when they are refused", async () => {
    await startApi();
    connect();
    const { ended } = await watch();
    api.say("<html>\n");
    await assert.rejects(ended, /^Error: GET \/api\/v1\/services\?watch=true: invalid JSON: expected an object$/);
    api.forbidden.add("watch services");
    await assert.rejects(
      watch().then(({ ended }) => ended),
      { message: "request to /api/v1/services?watch=true failed, status: 403, 403 Forbidden", status: 403 },
    );
  });
});

describe("writes", () => {
  test("patch a status, and say what went wrong", async () => {
    await startApi();
    api.put({ kind: "Ingress", metadata: { name: "a", namespace: "n" } });
    connect();
    const at = "/apis/networking.k8s.io/v1/namespaces/n/ingresses/a/status";
    const patch = (to: string) =>
      client!.send("PATCH", to, "application/merge-patch+json", { status: { loadBalancer: {} } });
    await patch(at);
    assert.deepEqual(api.store.get("ingresses", "n", "a")!.status, { loadBalancer: {} });
    await assert.rejects(patch(at.replace("/a/", "/b/")), { message: "resource not found" });
    api.forbidden.add("patch ingresses");
    await assert.rejects(patch(at), { message: `patch request to ${at} failed, status: 403, Forbidden` });
  });
});

describe("access", () => {
  const inCluster = { inCluster: true, url: "http://ignored", tokenFile: "ignored" };
  const env = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };

  test("not in a cluster", () => {
    const flags = { inCluster: false, url: "", tokenFile: "t" };
    const expected = { url: "http://localhost:8001", ca: "", tokenFile: "t", proxyEnv: env };
    assert.deepEqual(apiAccess(flags, env), expected);
    assert.equal(apiAccess({ ...flags, url: "https://api.test/prefix/" }, env).url, "https://api.test/prefix");
    for (const url of ["api.test", "ftp://api.test", "http://", "http://a b"]) {
      assert.throws(() => apiAccess({ ...flags, url }, env), Error, url);
    }
  });

  test("in a cluster", () => {
    const ca = "-----BEGIN CERTIFICATE-----\n";
    writeFileSync(path.join(folder, "ca.crt"), ca);
    const expected = { url: "https://10.0.0.1:443", ca, tokenFile: `${folder}/token`, proxyEnv: null };
    assert.deepEqual(apiAccess(inCluster, env, folder), expected);
    const v6 = { ...env, KUBERNETES_SERVICE_HOST: "fd00::1" };
    assert.equal(apiAccess(inCluster, v6, folder).url, "https://[fd00::1]:443");
  });

  test("in what is no cluster", () => {
    const message = "kubernetes API server URL could not be constructed from env vars";
    assert.throws(() => apiAccess(inCluster, {}, folder), { message });
    assert.throws(() => apiAccess(inCluster, { ...env, KUBERNETES_SERVICE_PORT: "" }, folder), { message });
    const file = `${folder}/ca.crt`;
    assert.throws(() => apiAccess(inCluster, env, folder), { message: `open ${file}: no such file or directory` });
    writeFileSync(file, "nothing");
    assert.throws(() => apiAccess(inCluster, env, folder), { message: "invalid CA" });
  });

  test("a server that does not answer the handshake", async () => {
    const server = net.createServer(() => {}).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as net.AddressInfo;
    await startApi();
    connect({ url: `https://127.0.0.1:${port}` }, 500, quick);
    await assert.rejects(list(), { message: "GET /api/v1/services: timeout after 500 ms: the TLS handshake" });
    client!.close();
    server.close();
  });
});
