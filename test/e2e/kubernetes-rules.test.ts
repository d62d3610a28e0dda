// What the rules of the translation mean to clients: one cluster on a stand-in for the API server, one proxy, and for each rule requests
// whose answers follow from spec kubernetes. Whether the right routes are made is the matter of the fixtures in src/kubernetes.

import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { KubernetesApi } from "../support/kubernetes-api.ts";
import { endpoints, endpointsAt, ingress, service } from "../support/kubernetes-objects.ts";
import type { StoredObject } from "../support/kubernetes-store.ts";
import { type Backend, RunningProxy, startBackend, until } from "./running-proxy.ts";

type Annotations = Readonly<Record<string, string>>;

interface Ask {
  readonly host: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Name, path and host that the backend saw, when one was asked. */
  readonly body: string;
}

let api: KubernetesApi;
let proxy: RunningProxy;
const backends = new Map<string, Backend>();

async function startBackends(...names: readonly string[]): Promise<void> {
  for (const name of names) {
    const backend = await startBackend(({ url, headers }, response) => response.end(`${name} ${url} ${headers.host}`));
    backends.set(name, backend);
    const ports = [{ name: "main", port: 80, targetPort: backend.port }];
    api.put(service(name, 80, { ports }), endpointsAt(name, backend.port, ["127.0.0.1"]));
  }
}

async function stopAll(): Promise<void> {
  await proxy?.stop();
  for (const backend of backends.values()) await backend.close();
  backends.clear();
  await api.down();
}

function ask({ host, path = "/", method = "GET", headers = {} }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { port: proxy.port, path, method, headers: { host, ...headers }, agent: false };
    const sent = request(options, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

interface Path {
  readonly path?: string;
  readonly pathType?: string;
  readonly backend: string;
  readonly port?: number;
}

/** An Ingress with several paths, each to its Service. */
function paths(name: string, host: string, list: readonly Path[], annotations: Annotations = {}): StoredObject {
  const http = {
    paths: list.map(({ backend, port = 80, ...path }) => ({
      pathType: "ImplementationSpecific",
      ...path,
      backend: { service: { name: backend, port: { number: port } } },
    })),
  };
  return { ...ingress(name, host, "", { ...annotations }), spec: { rules: [{ host, http }] } };
}

function group(name: string, spec: object, annotations: Annotations = {}): StoredObject {
  return { kind: "RouteGroup", metadata: { namespace: "default", name, annotations: { ...annotations } }, spec };
}

const http = { "x-forwarded-proto": "http" };
const web = { name: "web", type: "service", serviceName: "web", servicePort: 80 };
const shop = { ...web, name: "shop", serviceName: "shop" };
const toWeb = [{ backendName: "web" }];

describe("what clients get", () => {
  let folder = "";

  before(async () => {
    api = await KubernetesApi.start();
    await startBackends("web", "shop", "next");
    folder = mkdtempSync(join(tmpdir(), "default-filters-"));
    writeFileSync(join(folder, "shop.default"), 'setResponseHeader("X-Default", "shop")\n');
    writeFileSync(join(folder, "web.other"), 'setResponseHeader("X-Default", "other")\n');
    writeFileSync(join(folder, "web.default.old"), 'setResponseHeader("X-Default", "old")\n');
    const external = service("outside", 80, {
      type: "ExternalName",
      externalName: "localhost",
      ports: [{ port: 80, targetPort: backends.get("web")!.port }],
    });
    const mixed = [
      { path: "/exact", pathType: "Exact", backend: "web" },
      { path: "/tree", pathType: "Prefix", backend: "web" },
      { path: "/pat", backend: "web" },
    ];
    api.put(
      paths("types", "types.test", mixed),
      paths("pattern", "pattern.test", [{ path: "^/[0-9]+$", backend: "web" }], {
        "zalando.org/skipper-ingress-path-mode": "path-regexp",
      }),
      paths("nowhere", "nowhere.test", [
        { path: "/gone", backend: "gone" },
        { path: "/port", backend: "web", port: 81 },
        { path: "/empty", backend: "empty" },
      ]),
      service("empty"),
      endpoints("empty"),
      ingress("wild", "*.wild.test", "web"),
      ingress("precise", "www.wild.test", "shop"),
      ingress("plain-http", "http.test", "web", { "zalando.org/skipper-ingress-redirect": "false" }),
      ingress("moved", "moved.test", "web", { "zalando.org/skipper-ingress-redirect-code": "301" }),
      ingress("own", "own.test", "shop", {
        "zalando.org/skipper-filter": 'setResponseHeader("X-Own", "1")',
        team: "a",
      }),
      ingress("forward", "forward.test", "web", {
        "zalando.org/skipper-backend": "forward",
        "zalando.org/skipper-filter": 'setPath("/lost")',
        "zalando.org/skipper-predicate": 'Header("X-Only", "yes")',
      }),
      ingress("outside", "outside.test", "outside"),
      external,
      ingress("inside", "web.inside.test", "web", { team: "a" }),
      ingress("mesh", "web.mesh.test", "web"),
      ingress("extra", "extra.test", "web", {
        "zalando.org/skipper-routes": 'put: Method("PUT") -> status(405) -> <shunt>',
      }),
      // The second group takes every request of the host; the first has a catch-all for it.
      group("part", { hosts: ["parted.test"], backends: [web], defaultBackends: toWeb, routes: [{ path: "/part" }] }),
      group("whole", { hosts: ["parted.test"], backends: [shop], defaultBackends: [{ backendName: "shop" }] }),
      group("groups", {
        hosts: ["group.test", "group.inside.test"],
        backends: [web, { name: "next", type: "forward" }, { name: "again", type: "loopback" }],
        defaultBackends: toWeb,
        routes: [
          { path: "/web", methods: ["GET"] },
          { pathSubtree: "/next", filters: ['setPath("/lost")'], backends: [{ backendName: "next" }] },
          { path: "/again", filters: ['setPath("/web")'], backends: [{ backendName: "again" }] },
          { pathRegexp: "^/only/[a-z]+$", predicates: ['Header("X-Only", "yes")'] },
        ],
      }),
    );
    proxy = await RunningProxy.start(
      "",
      "-kubernetes",
      `-kubernetes-url=${api.url}`,
      "-enable-kubernetes-external-names",
      `-forward-backend-url=http://127.0.0.1:${backends.get("next")!.port}`,
      `-default-filters-dir=${folder}`,
      "-kubernetes-east-west-range-domains=inside.test,mesh.test,",
      '-kubernetes-east-west-range-predicates=Header("X-Inside", "yes")',
      '-kubernetes-annotation-filters-append=team=a=setResponseHeader("X-Team", "outside")',
      '-kubernetes-east-west-range-annotation-filters-append=team=a=setResponseHeader("X-Team", "inside")',
    );
  });

  after(async () => {
    await stopAll();
    rmSync(folder, { recursive: true });
  });

  const inside = { "x-inside": "yes" };
  const only = { "x-only": "yes" };
  /** The answer: a status, or the start of what the backend says. */
  const cases: readonly (readonly [rule: string, request: Ask, answer: number | string, headers?: object])[] = [
    ["Exact takes its path", { host: "types.test", path: "/exact" }, "web /exact "],
    ["Exact takes nothing below it", { host: "types.test", path: "/exact/a" }, 404],
    ["Prefix takes its path", { host: "types.test", path: "/tree" }, "web /tree "],
    ["Prefix takes what is below", { host: "types.test", path: "/tree/a?b" }, "web /tree/a?b "],
    ["Prefix takes whole elements", { host: "types.test", path: "/treetop" }, 404],
    ["a path of the implementation is a pattern from the start", { host: "types.test", path: "/pattern" }, "web "],
    ["such a pattern begins the path", { host: "types.test", path: "/a/pat" }, 404],
    ["a path is a pattern as written in its mode", { host: "pattern.test", path: "/12" }, "web "],
    ["its end counts", { host: "pattern.test", path: "/12a" }, 404],
    ["a host with a dot and port is the same", { host: "Types.Test.:81", path: "/exact" }, "web "],
    ["a missing Service leaves its path out", { host: "nowhere.test", path: "/gone" }, 404],
    ["a missing port has no endpoints", { host: "nowhere.test", path: "/port" }, 502],
    ["a Service may have no endpoints", { host: "nowhere.test", path: "/empty" }, 502],
    ["a wildcard stands for a label", { host: "a.wild.test" }, "web "],
    ["a wildcard stands for one label", { host: "a.b.wild.test" }, 404],
    ["a wildcard stands for a label that is there", { host: "wild.test" }, 404],
    ["a precise name goes before the wildcard", { host: "www.wild.test" }, "shop "],
    [
      "HTTP is redirected",
      { host: "own.test", path: "/a?b", headers: http },
      308,
      { location: "https://own.test/a?b" },
    ],
    ["with a code of its own", { host: "moved.test", headers: http }, 301],
    ["or not, where that is wished", { host: "http.test", headers: http }, "web "],
    ["also where no host is known", { host: "none.test", headers: http }, 308],
    ["inside hosts are not redirected per route, but globally", { host: "web.inside.test", headers: http }, 308],
    ["a Service has default filters", { host: "own.test" }, "shop ", { "x-default": "shop", "x-own": "1" }],
    [
      "those of another namespace are not its own",
      { host: "types.test", path: "/exact" },
      "web ",
      { "x-default": null },
    ],
    ["annotated objects get filters", { host: "own.test" }, "shop ", { "x-team": "outside" }],
    ["inside other ones", { host: "web.inside.test", headers: inside }, "web ", { "x-team": "inside" }],
    ["inside hosts need their predicates", { host: "web.inside.test" }, 404],
    ["in each domain", { host: "web.mesh.test" }, 404],
    ["and are served with them", { host: "web.mesh.test", headers: inside }, "web "],
    ["an empty domain makes no host an inside one", { host: "own.test" }, "shop "],
    [
      "forward leads to the next proxy without filters",
      { host: "forward.test", path: "/a", headers: only },
      "next /a ",
    ],
    ["and with predicates", { host: "forward.test", path: "/a" }, 404],
    ["an external name is told its own", { host: "outside.test", path: "/a" }, "web /a localhost"],
    ["extra routes go first where they match", { host: "extra.test", method: "PUT" }, 405],
    ["and nowhere else", { host: "extra.test" }, "web "],
    ["a group has paths and methods", { host: "group.test", path: "/web" }, "web /web "],
    ["and takes no others", { host: "group.test", path: "/web", method: "PUT" }, 404],
    ["a forward backend has no filters", { host: "group.test", path: "/next/a" }, "next /next/a "],
    ["a loopback starts anew", { host: "group.test", path: "/again" }, "web /web "],
    ["a pattern with predicates", { host: "group.test", path: "/only/a", headers: only }, "web /only/a "],
    ["that do not match", { host: "group.test", path: "/only/a" }, 404],
    ["a group is redirected", { host: "group.test", path: "/web", headers: http }, 308],
    ["the part of a host that a group has", { host: "parted.test", path: "/part" }, "web "],
    ["another group has the rest, in spite of its catch-all", { host: "parted.test", path: "/else" }, "shop "],
    ["an inside host of a group has routes of its own", { host: "group.inside.test", path: "/web" }, 404],
    ["which need the predicates", { host: "group.inside.test", path: "/web", headers: inside }, "web /web "],
  ];

  for (const [rule, sent, wanted, headers = {}] of cases) {
    test(rule, async () => {
      const answer = await ask(sent);
      if (typeof wanted === "number") assert.equal(answer.status, wanted);
      else assert.ok(answer.status === 200 && answer.body.startsWith(wanted), `${answer.status} ${answer.body}`);
      for (const [name, value] of Object.entries(headers)) assert.equal(answer.headers[name] ?? null, value, name);
    });
  }

  test("default filters follow their files", async () => {
    const shown = async () => (await ask({ host: "own.test" })).headers["x-default"];
    // In one step: an empty file would be without filters too.
    const replace = (name: string, text: string) => {
      writeFileSync(join(folder, ".next"), text);
      renameSync(join(folder, ".next"), join(folder, name));
    };
    replace("shop.default", 'setResponseHeader("X-Default", "changed")');
    await until("the filters are changed", async () => (await shown()) === "changed");
    replace("shop.default", "broken(");
    await until("the filters are gone", async () => (await shown()) === undefined);
    await proxy.logs(/Failed to retrieve default filters: \[eskip\] default filters: .* kind=Ingress name=own/);
  });
});

test("a default backend gets what rules without host leave, in spite of their catch-all", async () => {
  api = await KubernetesApi.start();
  await startBackends("web", "shop");
  const spec = { defaultBackend: { service: { name: "shop", port: { number: 80 } } } };
  api.put({ ...ingress("default", "", ""), spec }, paths("anywhere", "", [{ path: "/anywhere", backend: "web" }]));
  const flags = [`-kubernetes-url=${api.url}`, "-kubernetes-https-redirect=false"];
  proxy = await RunningProxy.start("", "-kubernetes", ...flags);
  try {
    assert.match((await ask({ host: "any.test", path: "/anywhere" })).body, /^web /);
    assert.match((await ask({ host: "any.test", path: "/else" })).body, /^shop /);
  } finally {
    await stopAll();
  }
});

describe("traffic by weight", () => {
  for (const algorithm of ["traffic-predicate", "traffic-segment-predicate"]) {
    test(`${algorithm}: shares are kept, and every request has its backend`, async () => {
      api = await KubernetesApi.start();
      await startBackends("one", "two", "five", "none");
      const weights = { one: 1, two: 2, five: 5, none: 0 };
      const names = Object.keys(weights);
      const split = names.map((backend) => ({ path: "/", pathType: "Prefix", backend }));
      api.put(
        paths("split", "split.test", split, { "zalando.org/backend-weights": JSON.stringify(weights) }),
        group("group", {
          hosts: ["group.test"],
          backends: names.map((name) => ({ name, type: "service", serviceName: name, servicePort: 80 })),
          defaultBackends: Object.entries(weights).map(([backendName, weight]) => ({ backendName, weight })),
        }),
      );
      proxy = await RunningProxy.start(
        "",
        "-kubernetes",
        `-kubernetes-url=${api.url}`,
        "-kubernetes-https-redirect=false",
        `-kubernetes-backend-traffic-algorithm=${algorithm}`,
      );
      try {
        for (const host of ["split.test", "group.test"]) {
          const counts: Record<string, number> = {};
          for (let i = 0; i < 800; i++) {
            const { status, body } = await ask({ host });
            const name = status === 200 ? body.split(" ")[0]! : String(status);
            counts[name] = (counts[name] ?? 0) + 1;
          }
          assert.deepEqual(Object.keys(counts).sort(), ["five", "one", "two"], JSON.stringify(counts));
          // Expected 100, 200 and 500; five standard deviations.
          const { one = 0, two = 0, five = 0 } = counts;
          for (const [count, share] of [
            [one, 1 / 8],
            [two, 2 / 8],
            [five, 5 / 8],
          ] as const) {
            const deviation = Math.sqrt(800 * share * (1 - share));
            assert.ok(Math.abs(count - 800 * share) < 5 * deviation, `${host}: ${JSON.stringify(counts)}`);
          }
        }
      } finally {
        await stopAll();
      }
    });
  }
});
