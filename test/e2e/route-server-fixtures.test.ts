// The routesrv command on recorded clusters: the shared fixtures, with the flags that their README names.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, test } from "node:test";
import { parse, parseAllDocuments } from "yaml";
import { canonicalRoute } from "../../src/eskip/canonical.ts";
import { parseDocument } from "../../src/eskip/parser.ts";
import type { Route } from "../../src/eskip/route.ts";
import { KubernetesApi } from "../support/kubernetes-api.ts";
import type { StoredObject } from "../support/kubernetes-store.ts";
import { RouteServerProcess } from "./running-route-server.ts";

const root = join(import.meta.dirname, "../../../shared/vectors/routesrv");
const skip = existsSync(root) ? false : "skipped: fixtures absent";

let api: KubernetesApi;
let server: RouteServerProcess | null = null;
afterEach(async () => {
  await server?.stop();
  server = null;
  await api.down();
});

async function start(objects: string, ...flags: readonly string[]): Promise<RouteServerProcess> {
  api = await KubernetesApi.start();
  for (const document of parseAllDocuments(readFileSync(objects, "utf8"))) {
    const object = document.toJS() as StoredObject | null;
    if (object !== null) api.put(object);
  }
  server = await RouteServerProcess.start(
    "-kubernetes",
    `-kubernetes-url=${api.url}`,
    "-kubernetes-healthcheck=false",
    "-kubernetes-https-redirect=false",
    ...flags,
  );
  return server;
}

/** Canonical routes by id, predicates of one name and endpoints in any order, with their zones. */
function comparable(text: string): unknown {
  const { routes, error } = parseDocument(text);
  assert.equal(error, null, text);
  const plain = (route: Route) => {
    const { predicates, filters, backend } = canonicalRoute(route);
    const endpoints = backend.type === "lb" ? backend.endpoints.map((one) => `${one.address} ${one.zone}`).sort() : [];
    return {
      predicates: predicates.map((call) => JSON.stringify(call)).sort(),
      filters,
      backend: { ...backend, endpoints },
    };
  };
  return Object.fromEntries(routes.map((route) => [route.id, plain(route)] as const).sort());
}

async function serves(path: string, file: string): Promise<void> {
  await server!.shows(":");
  const { status, text, headers } = await server!.ask(path);
  assert.equal(status, 200);
  assert.deepEqual(comparable(text), comparable(readFileSync(file, "utf8")));
  assert.equal(headers["x-count"], String(text.split("\n").length));
}

const plainFlags: Readonly<Record<string, readonly string[]>> = {
  "internal-host-explicit-route-predicate": [
    "-kubernetes-east-west-range-domains=ingress.cluster.local",
    '-kubernetes-east-west-range-predicates=ClientIP("10.2.0.0/15")',
  ],
  "forward-backend": ["-forward-backend-url=http://forward.example"],
  "forward-backend-with-filter": ["-forward-backend-url=http://forward.example"],
  "ing-v1-lb-target-multi-explicit-lb-algo": ["-kubernetes-default-lb-algorithm=powerOfRandomNChoices"],
};

const withObjectsOf: Readonly<Record<string, readonly string[]>> = {
  "lb-target-multi-with-default-filters": [
    "-default-filters-prepend=enableAccessLog(4, 5)",
    "-default-filters-append=status(200)",
  ],
  "lb-target-multi-with-oauth2-callback": [
    "-enable-oauth2-grant-flow",
    "-oauth2-callback-path=/.well-known/oauth2-callback",
  ],
  "lb-target-multi-with-edit-route": ["-edit-route=#Host[(](.*)[)]#HostAny($1)#"],
  "lb-target-multi-with-clone-route": ["-clone-route=/Host/HostAny/"],
};

function names(folder: string, extension: string): string[] {
  return skip === false
    ? readdirSync(join(root, folder))
        .filter((name) => name.endsWith(extension))
        .map((name) => name.slice(0, -extension.length))
    : [];
}

describe("the table of a recorded cluster", { skip }, () => {
  for (const name of names("", ".eskip")) {
    test(name, async () => {
      const flags = withObjectsOf[name];
      const objects = flags === undefined ? name : "lb-target-multi";
      await start(join(root, `${objects}.yaml`), ...(flags ?? plainFlags[name] ?? []));
      await serves("/routes", join(root, `${name}.eskip`));
    });
  }
});

describe("the table of a zone", { skip }, () => {
  const folder = join(root, "zone-aware-traffic");
  for (const name of names("zone-aware-traffic", ".eskip")) {
    // A case with another expectation for the full table has the objects of the case that it belongs to.
    const isFull = !existsSync(join(folder, `${name}.yaml`));
    const objects = isFull ? name.replace(/-all-endpoints$/, "") : name;
    const zone = name === "all-zones-topology-zone-b" ? "eu-central-1b" : "eu-central-1a";
    test(name, async () => {
      await start(join(folder, `${objects}.yaml`), "-enable-kubernetes-endpointslices");
      await serves(isFull ? "/routes" : `/routes/${zone}`, join(folder, `${name}.eskip`));
    });
  }
});

describe("shards", { skip }, () => {
  for (const kind of ["redis", "valkey"]) {
    for (const name of names("", ".yaml").filter((one) => one.startsWith(kind))) {
      test(name, async () => {
        const settings = existsSync(join(root, `${name}.kube`)) ? readFileSync(join(root, `${name}.kube`), "utf8") : "";
        const slices = parse(settings)?.["enable-kubernetes-endpointslices"] === true;
        await start(
          join(root, `${name}.yaml`),
          `-kubernetes-${kind}-service-namespace=namespace1`,
          `-kubernetes-${kind}-service-name=service1`,
          `-kubernetes-${kind}-service-port=6379`,
          ...(slices ? ["-enable-kubernetes-endpointslices"] : []),
        );
        const { status, headers, text } = await server!.ask(`/swarm/${kind}/shards`);
        assert.equal(status, 200);
        assert.equal(headers["content-type"], "application/json");
        assert.equal(headers.etag, undefined);
        assert.deepEqual(JSON.parse(text), JSON.parse(readFileSync(join(root, `${kind}-ip.json`), "utf8")));
      });
    }
  }
});
