// The admission webhook as users start it: the webhook command, and beside the proxy.

import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { request as secureRequest } from "node:https";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { connect } from "node:tls";
import { freePort } from "../conformance/socket-reader.ts";
import { filterModule, PluginFolder } from "./plugin-folder.ts";
import { RunningProxy, until } from "./running-proxy.ts";

const root = dirname(dirname(import.meta.dirname));
const LIMIT_MS = 20_000;

interface Started {
  log(): string;
  /** The exit code, after a signal when one is given; all that it logged is there then. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

function start(t: TestContext, program: string, args: readonly string[], env: Record<string, string> = {}): Started {
  const child: ChildProcess = spawn(join(root, "bin", program), args, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...env },
  });
  let log = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const closed = once(child, "close");
  t.after(() => child.kill("SIGKILL"));
  return {
    log: () => log,
    async end(signal) {
      if (signal !== undefined) child.kill(signal);
      const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
      await closed;
      clearTimeout(limit);
      return child.exitCode;
    },
  };
}

function logs(process: Started, line: string): Promise<void> {
  return until(line, () => process.log().includes(line));
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Asks the webhook; `ca` null: plain HTTP. */
async function ask(port: number, path: string, ca: string | null, object?: unknown): Promise<Answer> {
  const headers = { "Content-Type": "application/json" };
  const method = object === undefined ? "GET" : "POST";
  const options = { host: "127.0.0.1", port, path, method, headers, agent: false };
  const sent = ca === null ? request(options) : secureRequest({ ...options, ca, servername: "localhost" });
  const review = { kind: "AdmissionReview", request: { uid: "u", operation: "CREATE", object } };
  sent.end(object === undefined ? undefined : JSON.stringify(review));
  const [response] = await once(sent, "response");
  let body = "";
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, body };
}

async function verdict(port: number, path: string, ca: string | null, object: unknown): Promise<string> {
  const { response } = JSON.parse((await ask(port, path, ca, object)).body);
  return response.allowed ? "" : response.status.message;
}

function group(filters: readonly string[], predicates: readonly string[] = [], address = "http://a.test"): unknown {
  return {
    apiVersion: "zalando.org/v1",
    kind: "RouteGroup",
    metadata: { name: "shop", namespace: "team" },
    spec: {
      backends: [{ name: "app", type: "network", address }],
      defaultBackends: [{ backendName: "app" }],
      routes: [{ path: "/", filters, predicates }],
    },
  };
}

function ingress(annotations: Readonly<Record<string, string>>): unknown {
  const named = Object.entries(annotations).map(([name, text]) => [`zalando.org/skipper-${name}`, text]);
  return { metadata: { name: "web", namespace: "team", annotations: Object.fromEntries(named) } };
}

describe("the admission webhook", () => {
  let folder = "";
  const file = (name: string) => join(folder, name);

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "webhook-"));
    for (const name of ["one", "two"]) {
      const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
      const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:localhost"];
      const out = ["-keyout", file(`${name}.key`), "-out", file(`${name}.crt`)];
      execFileSync("openssl", ["req", "-x509", ...kind, ...out, ...subject], { stdio: "ignore" });
    }
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  test("as a command without certificate: plain HTTP, reviews, health, metrics of the process", async (t) => {
    const port = await freePort();
    const webhook = start(t, "webhook", [`-address=127.0.0.1:${port}`, "-debug"]);
    await logs(webhook, `msg="Starting server on 127.0.0.1:${port}"`);
    assert.equal(await verdict(port, "/routegroups", null, group(["nope()"])), "");
    const refusal = await verdict(port, "/routegroups", null, group(["f() -> g()"]));
    assert.equal(refusal, 'single filter expected at "f() -> g()"');
    assert.equal(await verdict(port, "/ingresses", null, ingress({ filter: "nope()" })), "");
    assert.match(await verdict(port, "/ingresses", null, ingress({ filter: "nope(" })), /skipper-filter/);
    assert.deepEqual(await ask(port, "/healthz", null), { status: 200, body: "ok" });
    const { body } = await ask(port, "/metrics", null);
    assert.match(body, /^routegroup_admission_admitter_requests\{admitter="ingress"\} 2$/m);
    assert.match(body, /^process_resident_memory_bytes \d/m);
    await logs(webhook, "level=debug msg=Rejected kind= name=web namespace= operation=CREATE user=");
    assert.equal(await webhook.end("SIGTERM"), 0);
    assert.match(webhook.log(), /msg="Shutting down\.\.\."/);
  });

  test("as a command with a certificate, which is taken up anew when its files change", async (t) => {
    const port = await freePort();
    const put = (name: string) => {
      cpSync(file(`${name}.key`), file("tls.key"));
      cpSync(file(`${name}.crt`), file("tls.crt"));
    };
    put("one");
    const webhook = start(t, "webhook", [`-address=127.0.0.1:${port}`], {
      CERT_FILE: file("tls.crt"),
      KEY_FILE: file("tls.key"),
    });
    await logs(webhook, "Starting server on");
    const ca = (name: string) => readFileSync(file(`${name}.crt`), "utf8");
    assert.equal(await verdict(port, "/routegroups", ca("one"), group([])), "");
    put("two");
    await until("the second certificate is served", async () => (await nameServed(port)) === "two");
    assert.equal(await verdict(port, "/routegroups", ca("two"), group([])), "");
    assert.equal(await webhook.end("SIGTERM"), 0);
  });

  for (const [name, program, args, line] of [
    [
      "half a pair of files",
      "webhook",
      ["-tls-cert-file=a"],
      'level=fatal msg="Config parse error: both of TLS cert & key must be provided or neither (for testing )"',
    ],
    [
      "files that are not there",
      "webhook",
      ["-tls-cert-file=/none/a", "-tls-key-file=/none/b"],
      'level=fatal msg="Failed to start webhook: failed to load X509 keypair from /none/a and /none/b: open /none/a: no such file or directory"',
    ],
    [
      "no files, beside the proxy",
      "skipper",
      ["-validation-webhook-enabled", "-address=127.0.0.1:0", "-support-listener=", "-metrics-listener="],
      'level=fatal msg="Failed to start validation webhook: validation webhook requires TLS: cert file or key file not provided"',
    ],
  ] as const) {
    test(`does not start with ${name}`, async (t) => {
      const process = start(t, program, args);
      assert.equal(await process.end(), 1);
      assert.ok(process.log().includes(line), process.log());
    });
  }

  test("beside the proxy: both serve at the same time, and both end on SIGTERM", async () => {
    const port = await freePort();
    const proxy = await RunningProxy.start('r: * -> inlineContent("here") -> <shunt>', ...flagsFor(port, false));
    try {
      const ca = readFileSync(file("one.crt"), "utf8");
      assert.equal(await (await fetch(`http://127.0.0.1:${proxy.port}/`)).text(), "here");
      assert.equal(await verdict(port, "/routegroups", ca, group(["nope()"])), "", "known names are not asked for");
      assert.match(await verdict(port, "/routegroups", ca, group(["nope("])), /syntax error/);
      await proxy.logs(`msg="Starting server on 127.0.0.1:${port}"`);
    } finally {
      await proxy.stop();
    }
    await assert.rejects(ask(port, "/healthz", null));
    assert.match(proxy.log, /msg="Shutting down\.\.\."/);
  });

  test("beside the proxy with advanced validation: names, arguments and backends, and a metric of what fails", async () => {
    const [port, support] = [await freePort(), await freePort()];
    const proxy = await RunningProxy.start(
      "r: * -> <shunt>",
      ...flagsFor(port, true),
      `-support-listener=127.0.0.1:${support}`,
      "-metrics-flavour=prometheus",
      "-disabled-filters=inlineContent",
    );
    try {
      const ca = readFileSync(file("one.crt"), "utf8");
      const refusals = await verdict(
        port,
        "/routegroups",
        ca,
        group(["nope()", 'setPath("/a")', 'inlineContent("a")'], ["True()", "Methods()"], "http://a.test:99999999"),
      );
      assert.deepEqual(refusals.split("\n"), [
        'invalid filter "nope()": unknown_filter: unknown_filter: filter "nope" not found',
        'invalid filter "inlineContent(\\"a\\")": unknown_filter: unknown_filter: filter "inlineContent" not found',
        "invalid_predicate_params: invalid_predicate_params: failed to create predicate Methods(): at least one method should be specified",
      ]);
      const annotations = ingress({ routes: 'a: * -> nope() -> <shunt>; b: * -> <shunt>; c: Nope() -> "http://x y";' });
      assert.deepEqual((await verdict(port, "/ingresses", ca, annotations)).split("\n"), [
        'invalid "zalando.org/skipper-routes" annotation: unknown_filter: unknown_filter: filter "nope" not found',
        'invalid "zalando.org/skipper-routes" annotation: failed_backend_split: failed_backend_split: failed to parse backend address "http://x y": parse "http://x y": invalid character " " in host name',
      ]);
      const gauge = async () => {
        const text = await (await fetch(`http://127.0.0.1:${support}/metrics`)).text();
        return [...text.matchAll(/^skipper_route_invalid\{route_id="(.*)",reason="(\w+)"\} (\d)$/gm)].map((found) =>
          found.slice(1).join(" "),
        );
      };
      assert.ok((await gauge()).includes('validation \\"RouteGroup\\" team/shop filters nope unknown_filter 1'));
      assert.ok((await gauge()).includes('validation \\"Ingress\\" team/web route a unknown_filter 1'));
      assert.equal(await verdict(port, "/routegroups", ca, group(['setPath("/a")'], ["True()"])), "");
      assert.ok((await gauge()).includes('validation \\"RouteGroup\\" team/shop filters nope unknown_filter 0'));
    } finally {
      await proxy.stop();
    }
  });

  test("beside the proxy with plugins: knows what they add, also when they change", async () => {
    const port = await freePort();
    const plugins = new PluginFolder({ "geo.ts": filterModule("geo", "") });
    const proxy = await RunningProxy.start("r: * -> <shunt>", ...flagsFor(port, true), `-plugindir=${plugins.path}`);
    try {
      const ca = readFileSync(file("one.crt"), "utf8");
      const refusals = (...filters: string[]) => verdict(port, "/routegroups", ca, group(filters));
      assert.equal(await refusals("geo()"), "");
      assert.match(await refusals("geo(1)"), /^invalid filter "geo\(1\)": invalid_filter_params/);
      plugins.write("geo.ts", filterModule("geo2", ""));
      await until("the new filter is known", async () => (await refusals("geo2()")) === "");
      assert.match(await refusals("geo()"), /filter "geo" not found$/);
    } finally {
      await proxy.stop();
      plugins.remove();
    }
  });

  function flagsFor(port: number, advanced: boolean): string[] {
    return [
      "-workers=1",
      "-validation-webhook-enabled",
      `-validation-webhook-address=127.0.0.1:${port}`,
      `-validation-webhook-cert-file=${file("one.crt")}`,
      `-validation-webhook-key-file=${file("one.key")}`,
      `-enable-advanced-validation=${advanced}`,
    ];
  }
});

/** Common name of the certificate that a new connection gets. */
function nameServed(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, servername: "localhost" }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on("error", () => resolve(""));
  });
}
