// `eskip diff` through its launcher: files, standard input, documents behind URLs, and the pages of a running proxy's support listener.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { freePort } from "../../test/conformance/socket-reader.ts";
import { RunningProxy } from "../../test/e2e/running-proxy.ts";
import { KubernetesApi } from "../../test/support/kubernetes-api.ts";
import { endpoints, ingress, routeGroup, service } from "../../test/support/kubernetes-objects.ts";

const launcher = join(dirname(dirname(import.meta.dirname)), "bin/eskip");
const folder = mkdtempSync(join(tmpdir(), "eskip-diff-"));
after(() => rmSync(folder, { recursive: true }));

async function diff(args: readonly string[], stdin = ""): Promise<{ exit: number; stdout: string; stderr: string }> {
  const child = spawn(launcher, ["diff", ...args], { cwd: folder, stdio: "pipe" });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin.on("error", () => {});
  child.stdin.end(stdin);
  const [exit] = (await once(child, "close")) as [number];
  return { exit, stdout, stderr };
}

const equal = { exit: 0, stdout: "", stderr: "" };

async function withServer(listener: RequestListener, use: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/routes`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

writeFileSync(
  join(folder, "a.eskip"),
  `one: Host(/^a$/) && Path("/x") -> setPath("/y") -> <roundRobin, "http://127.0.0.1:1", "http://127.0.0.1:2">;
   gone: * -> <shunt>;
   changed: * -> status(200) -> <shunt>;`,
);
writeFileSync(
  join(folder, "b.eskip"),
  `changed: * -> status(201) -> <shunt>; new: Path("/n") -> "http://127.0.0.1:3";
   // The same route, written otherwise.
   one: Path("/x") && Host("^a$")
     -> setPath("/y")
     -> <roundRobin, "http://127.0.0.1:2", "http://127.0.0.1:1">;`,
);

test("routes are compared by id and in canonical form", async () => {
  const { exit, stdout, stderr } = await diff(["a.eskip", "b.eskip"]);
  assert.deepEqual(
    { exit, stdout, stderr },
    {
      exit: 1,
      stdout: `--- a.eskip
+++ b.eskip
-changed: * -> status(200) -> <shunt>;
+changed: * -> status(201) -> <shunt>;
-gone: * -> <shunt>;
+new: Path("/n") -> "http://127.0.0.1:3";
`,
      stderr: "1 routes only in a.eskip, 1 only in b.eskip, 1 differ\n",
    },
  );
  assert.deepEqual(await diff(["a.eskip", "a.eskip"]), equal);
});

test("standard input is a side", async () => {
  assert.deepEqual(await diff(["-", "-"], ""), equal);
  assert.equal((await diff(["-", "a.eskip"], "gone: * -> <shunt>")).exit, 1);
});

for (const [what, args, message] of [
  ["one side", ["a.eskip"], /^diff: expected two files, URLs or clusters, got 1\n/],
  ["a missing file", ["a.eskip", "c.eskip"], /^open c\.eskip: no such file or directory\n/],
  ["no routes", ["a.eskip", "-"], /^-: parse failed after token /],
  ["an unknown flag", ["-nope", "a.eskip"], /nope/],
] as const) {
  test(`${what} is a failure, not a difference`, async () => {
    const { exit, stdout, stderr } = await diff(args, "gone: * ->");
    assert.equal(exit, 255);
    assert.equal(stdout, "");
    assert.match(stderr, message);
  });
}

test("a repeated id is a failure", async () => {
  const { exit, stderr } = await diff(["-", "a.eskip"], "r: * -> <shunt>; r: * -> <shunt>");
  assert.equal(exit, 255);
  assert.equal(stderr, "-: repeating route with id r\n");
});

test("a document behind a URL", async () => {
  await withServer(
    (request, response) => {
      const found = request.url!.startsWith("/routes?");
      response.writeHead(found ? 200 : 500).end("gone: * -> <shunt>");
    },
    async (url) => {
      assert.deepEqual(await diff([url, "-"], "gone: * -> <shunt>"), equal);
      const failed = await diff([`${url}/more`, "-"], "");
      assert.equal(failed.exit, 255);
      assert.equal(failed.stderr, `${url}/more: expected status 200, got 500\n`);
    },
  );
});

test("the pages of a support listener", async () => {
  const support = `127.0.0.1:${await freePort()}`;
  const routes = Array.from({ length: 3000 }, (_, i) => `r${i}: Path("/${i}") -> <shunt>;`);
  const proxy = await RunningProxy.start(routes.join("\n"), `-support-listener=${support}`, "-workers=1");
  try {
    const url = `http://${support}/routes`;
    assert.deepEqual(await diff([url, "-"], routes.toReversed().join("")), equal);
    const { exit, stdout } = await diff([url, "-"], routes.slice(1).join(""));
    assert.equal(exit, 1);
    assert.match(stdout, /\n-r0: Path\("\/0"\) -> <shunt>;\n$/);
  } finally {
    await proxy.stop();
  }
});

test("a listing that changes between its pages is read anew", async () => {
  let version = 1;
  let asked = 0;
  await withServer(
    (request, response) => {
      const query = new URL(request.url!, "http://127.0.0.1").searchParams;
      const wanted = query.get("timestamp");
      if (wanted !== null && wanted !== String(version)) return void response.writeHead(400).end("invalid timestamp\n");
      const offset = Number(query.get("offset"));
      const page = Array.from(
        { length: Math.min(1024, 1500 - offset) },
        (_, i) => `v${version}_${offset + i}: * -> <shunt>;`,
      );
      response.writeHead(200, { "X-Timestamp": String(version), "X-Count": "1500" }).end(page.join(""));
      if (++asked === 1) version = 2;
    },
    async (url) => {
      const wanted = Array.from({ length: 1500 }, (_, i) => `v2_${i}: * -> <shunt>;`).join("");
      assert.deepEqual(await diff([url, "-"], wanted), equal);
      assert.equal(asked, 3);
    },
  );
});

test("a cluster, with the options of a proxy, which is only read", async () => {
  const api = await KubernetesApi.start();
  const support = `127.0.0.1:${await freePort()}`;
  const options = [
    `kubernetes-url: ${api.url}`,
    "kubernetes-healthcheck: false",
    "kubernetes-https-redirect: false",
    `default-filters-prepend: setPath("/p")`,
    'edit-route: "#/p#/q#"',
  ];
  const configure = (name: string, lines: readonly string[]) => writeFileSync(join(folder, name), lines.join("\n"));
  configure("cluster.yaml", options);
  configure("other.yaml", options.slice(0, 4));
  api.put(
    ingress("a", "a.test", "web"),
    ingress("bad", "bad.test", "web", { "zalando.org/skipper-filter": "nope()" }),
    routeGroup("rg", ["rg.test"]),
    { ...routeGroup("broken", ["broken.test"]), spec: { hosts: ["broken.test"], backends: [], routes: [{}] } },
    service("web"),
    endpoints("web", "10.0.0.1"),
  );
  const flags = [`-config-file=${join(folder, "cluster.yaml")}`, "-kubernetes", `-support-listener=${support}`];
  const proxy = await RunningProxy.start("", "-workers=1", ...flags);
  try {
    const same = await diff([`http://${support}/routes`, "kubernetes:cluster.yaml"]);
    assert.deepEqual([same.exit, same.stdout], [0, ""], same.stderr);
    assert.match(same.stderr, /unknown_filter/);
  } finally {
    await proxy.stop();
  }
  try {
    const written = () => api.requests.filter(({ method }) => method !== "GET").length;
    const before = written();
    const other = await diff(["kubernetes:other.yaml", "kubernetes:cluster.yaml"]);
    assert.equal(other.exit, 1);
    assert.match(other.stdout, /^-kube_default__a__a_test_____web: .* -> setPath\("\/p"\) /m);
    assert.equal(written(), before);
  } finally {
    await api.down();
  }
  const failed = await diff(["-", "kubernetes:cluster.yaml"]);
  assert.equal(failed.exit, 255);
  assert.match(failed.stderr, /^kubernetes:cluster\.yaml: .*(refused|ECONNREFUSED)/m);
  const missing = await diff(["-", "kubernetes:none.yaml"]);
  assert.match(missing.stderr, /^kubernetes:none\.yaml: .*invalid config file: open none\.yaml/);
});
