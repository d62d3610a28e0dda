import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { ApplicationLog } from "../observability/log.ts";
import { compileRegexp, RegexpError } from "../util/regexp.ts";
import { type LooseRouteGroupSpec, routeGroupOf } from "./objects.fixture.ts";
import { validateRouteGroup } from "./validate-route-group.ts";

const app = { name: "app", type: "service", serviceName: "app-svc", servicePort: 80 };
const base = { backends: [app], defaultBackends: [{ backendName: "app" }] };

function messagesOf(spec: LooseRouteGroupSpec): readonly string[] {
  return validateRouteGroup(routeGroupOf("shop", spec));
}

const valid: Record<string, LooseRouteGroupSpec> = {
  "default backends alone": base,
  "routes with backends of their own": { backends: [app], routes: [{ path: "/", backends: [{ backendName: "app" }] }] },
  "a backend that no route uses": { ...base, backends: [app, { name: "other", type: "shunt" }] },
  "a service backend without type": { ...base, backends: [{ ...app, type: "" }] },
  "the greatest port": { ...base, backends: [{ ...app, servicePort: 65_535 }] },
  "a load balanced backend with one endpoint": {
    ...base,
    backends: [{ name: "app", type: "lb", algorithm: "leastRequests", endpoints: ["http://a.test"] }],
  },
  "what single routes answer for": {
    ...base,
    routes: [
      { path: "no slash", pathRegexp: "(", methods: ["any"], filters: ["nope()"], predicates: ["Nope()"] },
      { pathSubtree: "/a", predicates: ["Path(1, 2)"] },
    ],
  },
  "white space around a filter": { ...base, routes: [{ filters: [' setPath("/")\n'] }] },
};
for (const type of ["shunt", "loopback", "dynamic", "forward"]) {
  valid[`a backend of type ${type}`] = { ...base, backends: [{ name: "app", type }] };
}
for (const address of ["http://a.test", "https://user:pass@a.test:8443", "fastcgi://[::1]:9000", "http://10.0.0.1"]) {
  valid[`the network address ${address}`] = { ...base, backends: [{ name: "app", type: "network", address }] };
}

describe("a valid route group", () => {
  for (const [name, spec] of Object.entries(valid)) test(name, () => assert.deepEqual(messagesOf(spec), []));
});

/** The message without what stands before it in all of them. */
const structure: Readonly<Record<string, LooseRouteGroupSpec>> = {
  "route group without backend": { defaultBackends: base.defaultBackends },
  "backends with duplicate name: app": { ...base, backends: [app, { name: "app", type: "none" }] },
  "invalid backend: x, unsupported backend type: none": { ...base, backends: [app, { name: "x", type: "none" }] },
  "invalid backend: x, unsupported algorithm": {
    ...base,
    backends: [{ name: "x", type: "none", algorithm: "best", endpoints: [] }],
  },
  "invalid backend: , unnamed backend": { ...base, backends: [{ type: "network" }] },
  "invalid backend: x, address missing in backend: x": { ...base, backends: [{ name: "x", type: "network" }] },
  "invalid backend: x, service name missing in backend: x": { ...base, backends: [{ name: "x" }] },
  "invalid backend: app, invalid service port in backend: app, 0": { ...base, backends: [{ ...app, servicePort: 0 }] },
  "invalid backend: app, invalid service port in backend: app, 65536": {
    ...base,
    backends: [{ ...app, servicePort: 65_536 }],
  },
  "invalid backend: x, missing LB endpoints in backend: x": { ...base, backends: [{ name: "x", type: "lb" }] },
  "duplicate backend reference: app": { ...base, defaultBackends: [{ backendName: "app" }, { backendName: "app" }] },
  "unnamed backend reference": { ...base, defaultBackends: [{ weight: -1 }] },
  "invalid backend reference: other": { ...base, defaultBackends: [{ backendName: "other", weight: -1 }] },
  "invalid weight in backend: app, -1": { ...base, defaultBackends: [{ backendName: "app", weight: -1 }] },
  "missing backend reference": { backends: [app] },
  "invalid route at 1, invalid route spec": { ...base, routes: [{}, null] },
  "invalid route at 0, missing backend reference": { backends: [app], routes: [{ path: "/" }] },
  "invalid route at 0, duplicate backend reference: app": {
    ...base,
    routes: [{ backends: [{ backendName: "app" }, { backendName: "app" }] }],
  },
  "invalid route at 1, invalid backend reference: other": {
    ...base,
    routes: [{}, { backends: [{ backendName: "other" }] }],
  },
  "invalid route at 0, path and path subtree in the same route": {
    ...base,
    routes: [{ path: "/a", pathSubtree: "/b", methods: [""] }],
  },
  "invalid route at 0, invalid method": { ...base, routes: [{ methods: ["GET", ""] }] },
};

describe("a fault of the structure is told alone, with the group", () => {
  for (const [message, spec] of Object.entries(structure)) {
    test(message, () => {
      const alsoBroken = { ...spec, hosts: ["a.test", "a.test"] };
      assert.deepEqual(messagesOf(alsoBroken), [`error in route group default/shop: ${message}`]);
    });
  }
  test("no spec", () => {
    const message = "error in route group default/shop: route group without spec";
    assert.deepEqual(validateRouteGroup(routeGroupOf("shop", null)), [message]);
  });
  test("no name", () => {
    assert.deepEqual(validateRouteGroup(routeGroupOf("", null)), ["route group without name"]);
  });
});

test("all faults of texts are told: filters, predicates, addresses, hosts", () => {
  const messages = messagesOf({
    hosts: ["a.test", "b.test", "a.test", "c.test", "a.test"],
    backends: [
      app,
      { name: "n1", type: "network", address: "http://a.test/" },
      { name: "n2", type: "network", address: "http://a.test:port" },
      { name: "s", type: "shunt", address: "http://a.test/" },
    ],
    defaultBackends: base.defaultBackends,
    routes: [
      { filters: ["f()", "", "f( -> g()"], predicates: ['P("1") && Q()'] },
      { filters: ['f("x") -> g()'], predicates: ["*", "P("] },
    ],
  });
  assert.deepEqual(messages, [
    'single filter expected at ""',
    "parse failed after token ->, position 5: syntax error",
    'single filter expected at "f(\\"x\\") -> g()"',
    'single predicate expected at "P(\\"1\\") && Q()"',
    'single predicate expected at "*"',
    "parse failed after token (, position 2: syntax error",
    'backend address "http://a.test/" does not match scheme://host format',
    'failed to parse backend address "http://a.test:port": parse "http://a.test:port": invalid port ":port" after host',
    'duplicate host "a.test"',
    'duplicate host "a.test"',
  ]);
});

describe("a network address", () => {
  const mismatch = (address: string) => `backend address "${address}" does not match scheme://host format`;
  for (const address of ["a.test", "a.test:80", "//a.test", "/", "http:a", "http://", "http://user@", "http://a?b=c"]) {
    test(`${address} is no scheme with a host`, () => {
      assert.deepEqual(messagesOf({ ...base, backends: [app, { name: "n", type: "network", address }] }), [
        mismatch(address),
      ]);
    });
  }
  for (const [address, reason] of [
    ["10.0.0.1:80", "first path segment in URL cannot contain colon"],
    ["://a.test", "missing protocol scheme"],
    ["http://a b", 'invalid character " " in host name'],
    ["http://[::1", "missing ']' in host"],
  ] as const) {
    test(`${address} is no URL`, () => {
      const [message] = messagesOf({ ...base, backends: [app, { name: "n", type: "network", address }] });
      assert.equal(message, `failed to parse backend address "${address}": parse "${address}": ${reason}`);
    });
  }
});

test("a hundred thousand hosts take no long time", () => {
  const hosts = Array.from({ length: 100_000 }, (_, i) => `h${i}.test`);
  const before = process.cpuUsage();
  assert.deepEqual(messagesOf({ ...base, hosts: [...hosts, "h7.test"] }), ['duplicate host "h7.test"']);
  assert.ok(process.cpuUsage(before).user < 2_000_000);
});

const folder = path.join(import.meta.dirname, "../../../shared/vectors/routegroup-validation");

describe("recorded groups", { skip: existsSync(folder) ? false : "skipped: fixtures absent" }, () => {
  for (const file of globSync(path.join(folder, "*.yaml")).sort()) {
    test(path.basename(file, ".yaml"), () => {
      const { metadata, spec } = parse(readFileSync(file, "utf8"));
      const group = routeGroupOf(metadata.name ?? "", spec ?? null);
      const messages = validateRouteGroup(group);
      const patterns = existsSync(logOf(file)) ? readFileSync(logOf(file), "utf8").trim() : "";
      if (patterns === "") assert.deepEqual(messages, []);
      else {
        // They match the line that a load would log.
        const line = logLine(`[routegroup] ${messages.join("\n")}`);
        for (const pattern of patterns.split("\n")) assert.ok(matches(pattern, line), `${line} against ${pattern}`);
      }
    });
  }
});

/** The patterns are in RE2 syntax. */
function matches(pattern: string, line: string): boolean {
  const regexp = compileRegexp(pattern);
  return !(regexp instanceof RegexpError) && regexp.test(line);
}

function logOf(file: string): string {
  return file.replace(/yaml$/, "log");
}

function logLine(message: string): string {
  let text = "";
  const write = (line: string) => {
    text += line;
  };
  new ApplicationLog({ level: "info", prefix: "", json: false, terminal: false, write, now: Date.now }).error(message);
  return text;
}
