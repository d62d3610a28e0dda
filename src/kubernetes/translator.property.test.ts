// The whole way from objects to routes, incrementally: after any sequence of changes the routes are those that a fresh translation of
// all objects gives. Finds what a translation depends on without having asked for it.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { endpointSlice, endpoints, ingress, routeGroup, service } from "../../test/support/kubernetes-objects.ts";
import { printExpression } from "../eskip/printer.ts";
import type { Route } from "../eskip/route.ts";
import { ClusterState } from "./cluster-state.ts";
import type { ComposedChange } from "./data-client.ts";
import { IncrementalTranslation } from "./incremental-translation.ts";
import { type Kind, keyOf } from "./objects.ts";
import { Pace } from "./pace.ts";
import { plainSettings } from "./settings.fixture.ts";
import type { TranslationSettings } from "./settings.ts";
import { ClusterTranslator } from "./translator.ts";

// biome-ignore lint/suspicious/noExplicitAny: objects as the API writes them
type Json = any;

const fail = (message: unknown): never => assert.fail(String(message));
const silent = { debug() {}, info() {}, warn() {}, error: fail };

class Cluster {
  readonly state = new ClusterState(() => {});
  readonly translator: ClusterTranslator;
  /** Translations that were renewed instead of made anew. */
  renewals = 0;
  readonly #incremental: IncrementalTranslation;

  constructor(settings: TranslationSettings) {
    this.translator = new ClusterTranslator(settings, fail);
    this.#incremental = new IncrementalTranslation(this.state, this.translator, 0, silent);
  }

  put(json: Json): void {
    const kind = json.kind as Kind;
    const object = this.translator.decode(kind, json);
    if (object !== null) this.state.store(kind).put(object);
  }

  delete(json: Json): void {
    const object = this.translator.decode(json.kind, json);
    if (object !== null) this.state.store(json.kind).delete(keyOf(object));
  }

  async compose(): Promise<ComposedChange> {
    const changes = await this.#incremental.run(false, new Pace(false));
    this.renewals += changes.filter(({ isRenewal }) => isRenewal).length;
    return this.translator.compose(changes);
  }
}

const weights = '{"web": 1, "shop": 3}';
const annotations = fc.constantFrom<Record<string, string>>(
  {},
  {},
  { "zalando.org/skipper-filter": "status(" },
  { "zalando.org/skipper-routes": 'r: Method("PUT") -> <shunt>', "zalando.org/skipper-ingress-redirect": "false" },
  { "zalando.org/backend-weights": weights, "zalando.org/skipper-ingress-redirect": "true" },
  { "kubernetes.io/ingress.class": "other", "zalando.org/routegroup.class": "other" },
  { "zalando.org/traffic-zone-aware": "false" },
);
const names = fc.constantFrom("a-b", "a.b", "team/a", "te/am");
const services = fc.constantFrom("web", "shop", "gone");
const placed = fc.tuple(fc.constantFrom("", "team/"), services).map(([namespace, name]) => namespace + name);
const hosts = fc.constantFrom("web.test", "shop.test", "gone.inside.test", "", "*.test");
const ip = fc.integer({ min: 1, max: 5 }).map((n) => `10.0.0.${n}`);
const tls = fc.constantFrom([], [{ hosts: ["web.test"], secretName: "cert" }]);

const paths = fc.record({
  path: fc.constantFrom("/", "/x", ""),
  pathType: fc.constantFrom("Prefix", "ImplementationSpecific"),
  backend: services.map((name) => ({ service: { name, port: { number: 80 } } })),
});
const ingresses = fc
  .record({
    name: names,
    annotations,
    tls,
    rules: fc.array(fc.record({ host: hosts, http: fc.record({ paths: fc.array(paths, { maxLength: 2 }) }) }), {
      maxLength: 2,
    }),
    defaultBackend: fc.option(
      services.map((name) => ({ service: { name, port: { name: "main" } } })),
      { freq: 3 },
    ),
  })
  .map(({ name, annotations: own, ...spec }): Json => ({ ...ingress(name, "", "", own), spec }));
const groupHosts = fc.uniqueArray(fc.constantFrom("web.test", "shop.test", "web.inside.test"), { minLength: 1 });
const ips = fc.oneof(
  fc.uniqueArray(ip, { maxLength: 3 }),
  // As most of them are: a load balancer before and after.
  fc.uniqueArray(ip, { minLength: 2, maxLength: 3 }),
);
const endpointObjects: fc.Arbitrary<Json> = fc.oneof(
  fc.tuple(placed, ips).map(([name, list]): Json => endpoints(name, ...list)),
  fc
    .tuple(fc.constantFrom("s1", "s2", "team/s1"), services, ips)
    .map(([name, of, list]): Json => zoned(endpointSlice(name, of, ...list))),
);

/** Every other endpoint is in the zone `a`. */
function zoned(slice: Json): Json {
  return {
    ...slice,
    endpoints: slice.endpoints.map((one: Json, i: number) => ({ ...one, zone: i % 2 === 0 ? "a" : "b" })),
  };
}
const sources: fc.Arbitrary<Json> = fc.oneof(
  { weight: 3, arbitrary: ingresses },
  { weight: 2, arbitrary: fc.tuple(names, groupHosts, annotations).map((args): Json => routeGroup(...args)) },
);
const objects: fc.Arbitrary<Json> = fc.oneof(
  { weight: 5, arbitrary: sources },
  fc
    .tuple(
      placed,
      fc.constantFrom(80, 81),
      fc.constantFrom({}, {}, { type: "ExternalName", externalName: "shop.example" }),
    )
    .map((args): Json => service(...args)),
  endpointObjects,
  fc.constant<Json>({ kind: "Secret", metadata: { namespace: "default", name: "cert" }, data: {} }),
);
/** What most translations refer to; sequences of changes begin with it. */
const first: readonly Json[] = [
  ...["web", "shop", "team/web", "team/shop"].flatMap((name) => [
    service(name),
    endpoints(name, "10.0.0.1", "10.0.0.2"),
  ]),
  endpointSlice("s1", "web", "10.0.0.1", "10.0.0.2"),
  endpointSlice("s2", "shop", "10.0.0.3", "10.0.0.4"),
  endpointSlice("team/s1", "web", "10.0.0.5", "10.0.0.6"),
];

type Step = (cluster: Cluster) => void;
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.oneof(objects, endpointObjects).map(
      (json): Step =>
        (cluster) =>
          cluster.put(json),
    ),
  },
  {
    weight: 2,
    arbitrary: objects.map(
      (json): Step =>
        (cluster) =>
          cluster.delete(json),
    ),
  },
  fc.dictionary(placed, fc.constantFrom("a()", "b()", "broken("), { maxKeys: 2 }).map((texts): Step => {
    const byKey = Object.entries(texts).map(
      ([name, text]) => [name.includes("/") ? name : `default/${name}`, text] as const,
    );
    return (cluster) => cluster.state.setDefaultFilters(new Map(byKey));
  }),
);
const settings = fc
  .record({
    httpsRedirect: fc.boolean(),
    endpointSlices: fc.boolean(),
    topologyZone: fc.constantFrom("", "a"),
    externalNames: fc.boolean(),
    hasDefaultFilters: fc.boolean(),
    eastWestDomain: fc.constantFrom("", "mesh.test"),
    eastWestRangeDomains: fc.constantFrom([], ["inside.test"]),
  })
  .map((flags): TranslationSettings => ({ ...plainSettings, ...flags, tls: true, backendNameTag: true }));

const textOf = (route: Route): string => `${route.id}: ${printExpression(route)}`;

test("whatever changes, the routes are those of a fresh translation of everything", async () => {
  let renewals = 0;
  await fc.assert(
    fc.asyncProperty(
      settings,
      fc.array(sources, { maxLength: 4 }),
      fc.array(fc.array(steps, { maxLength: 5 }), { maxLength: 8 }),
      async (flags, initial, batches) => {
        const cluster = new Cluster(flags);
        for (const object of [...first, ...initial]) cluster.put(object);
        const applied = new Map<string, string>();
        for (const batch of batches) {
          for (const step of batch) step(cluster);
          const { upserts, deletes } = await cluster.compose();
          for (const id of deletes) applied.delete(id);
          for (const route of upserts) applied.set(route.id, textOf(route));
          const fresh = new ClusterTranslator(flags, fail);
          const sources = [...cluster.state.all("Ingress"), ...cluster.state.all("RouteGroup")];
          const expected = fresh.compose(
            sources.map((source) => ({
              key: `${source.kind} ${keyOf(source)}`,
              source,
              translation: fresh.translate(source, cluster.state.view()),
            })),
          );
          assert.deepEqual([...applied.values()].sort(), expected.upserts.map(textOf).sort());
        }
        renewals += cluster.renewals;
      },
    ),
    { numRuns: 1000 },
  );
  assert.ok(renewals > 20, `only ${renewals} translations were renewed`);
});
