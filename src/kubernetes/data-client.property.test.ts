// Random sequences of changes and faults: whatever happened, when the API is well again the routes are those of a full translation of
// what it holds.

import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import type { Fault } from "../../test/support/kubernetes-api.ts";
import { endpointSlice, endpoints, ingress, routeGroup, service } from "../../test/support/kubernetes-objects.ts";
import type { StoredObject } from "../../test/support/kubernetes-store.ts";
import { defaultOptions } from "../config/options.ts";
import { TestCluster } from "./cluster.fixture.ts";
import { parseTranslationSettings } from "./parse-settings.ts";
import { ClusterTranslator } from "./translator.ts";

type Step = (cluster: TestCluster) => void | Promise<void>;

/** Some of them make routes of the same ids. */
const names = fc.constantFrom("a", "b", "a.b", "a-b", "team/a", "team/b");
const services = fc.constantFrom("web", "shop", "late");
const hosts = fc.constantFrom("web.test", "shop.test", "late.test", "other.test");
const placed = fc.tuple(fc.constantFrom("", "team/"), services).map(([namespace, name]) => namespace + name);
const ip = fc.integer({ min: 1, max: 9 }).map((n) => `10.0.0.${n}`);
const ips = fc.uniqueArray(ip, { maxLength: 3 });
const annotations = fc.constantFrom<Record<string, string>>(
  {},
  { "zalando.org/skipper-filter": 'setPath("/x")' },
  { "zalando.org/skipper-filter": "setPath(" },
  { "zalando.org/skipper-predicate": "True()" },
  { "zalando.org/skipper-routes": 'extra: Path("/extra") -> <shunt>' },
  { "zalando.org/skipper-ingress-redirect": "true" },
  { "zalando.org/skipper-ingress-redirect": "false", "zalando.org/skipper-ingress-redirect-code": "302" },
  { "kubernetes.io/ingress.class": "other", "zalando.org/routegroup.class": "other" },
);
const pathTypes = fc.constantFrom("Prefix", "Exact", "ImplementationSpecific");

function withPathType(object: StoredObject, pathType: string): StoredObject {
  const { rules } = object.spec as { rules: { http: { paths: object[] } }[] };
  for (const { http } of rules) http.paths = http.paths.map((path) => ({ ...path, path: "/p", pathType }));
  return object;
}

const objects: fc.Arbitrary<StoredObject> = fc.oneof(
  fc
    .tuple(names, hosts, services, annotations, pathTypes)
    .map(([name, host, to, given, pathType]) => withPathType(ingress(name, host, to, given), pathType)),
  fc
    .tuple(names, fc.uniqueArray(hosts, { minLength: 1, maxLength: 3 }), annotations)
    .map((args) => routeGroup(...args)),
  fc.tuple(placed, fc.constantFrom(80, 81)).map((args) => service(...args)),
  fc.tuple(placed, ips).map(([name, list]) => endpoints(name, ...list)),
  fc
    .tuple(fc.constantFrom("s1", "s2", "team/s1"), services, fc.uniqueArray(ip, { minLength: 1, maxLength: 3 }))
    .map(([name, of, list]) => endpointSlice(name, of, ...list)),
);

const faults = fc.constantFrom<Fault>("refuse", "half", "garbage", { status: 500 }, { status: 410 }, { status: 403 });
const resources = fc.constantFrom("", "ingresses", "routegroups", "services", "endpoints", "endpointslices");

const change: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: objects.map(
      (object): Step =>
        ({ api }) =>
          api.put(object),
    ),
  },
  {
    weight: 2,
    arbitrary: objects.map(
      ({ kind, metadata }): Step =>
        ({ api }) => {
          api.store.delete(kind, metadata.namespace!, metadata.name);
        },
    ),
  },
);

const disturbance: fc.Arbitrary<Step> = fc.oneof(
  fc.constant<Step>(({ api }) => api.store.compact()),
  fc.constant<Step>(({ api }) => api.bookmark()),
  resources.map(
    (resource): Step =>
      ({ api }) =>
        api.endWatches(resource),
  ),
  resources.map(
    (resource): Step =>
      ({ api }) =>
        api.breakWatches(resource),
  ),
  resources.map(
    (resource): Step =>
      ({ api }) =>
        api.silence(resource),
  ),
  resources.map(
    (resource): Step =>
      ({ api }) =>
        api.say('{"type":"AD', resource),
  ),
  fc.tuple(faults, resources).map(
    ([fault, resource]): Step =>
      ({ api }) => {
        api.fault = (request) => (resource === "" || request.resource === resource ? fault : null);
      },
  ),
  fc.constant<Step>(({ api }) => {
    api.fault = () => null;
  }),
  fc.constantFrom(true, false, null).map(
    (has): Step =>
      ({ api }) => {
        api.hasRouteGroups = has;
        api.breakWatches("routegroups");
      },
  ),
);

const pause: fc.Arbitrary<Step> = fc.integer({ min: 0, max: 20 }).map(
  (ms): Step =>
    () =>
      sleep(ms),
);

const steps = fc.array(
  fc.oneof({ weight: 6, arbitrary: change }, { weight: 2, arbitrary: disturbance }, { weight: 2, arbitrary: pause }),
  { minLength: 10, maxLength: 40 },
);

for (const [title, options] of [
  ["watched", {}],
  ["watched, with EndpointSlices and a wait for what is missing", { endpointSlices: true, timing: { graceMs: 15 } }],
  ["polled", { watch: false }],
] as const) {
  test(`${title}: the routes end as those of a full translation`, async () => {
    const property = fc.asyncProperty(fc.array(objects, { maxLength: 10 }), steps, async (initial, sequence) => {
      const timing = { idleMs: 100, retryWatchMs: 30, ...("timing" in options ? options.timing : {}) };
      const flags = { ...defaultOptions(), enableKubernetesEndpointslices: "endpointSlices" in options };
      const settings = parseTranslationSettings(flags);
      const makeTranslator = () => new ClusterTranslator(settings, () => {});
      const cluster = await TestCluster.start(initial, { pollMs: 10, makeTranslator, ...options, timing });
      try {
        for (const step of sequence) await step(cluster);
        cluster.api.fault = () => null;
        await cluster.settled();
      } finally {
        await cluster.stop();
      }
    });
    await fc.assert(property, { numRuns: 25, endOnFailure: true });
  });
}
