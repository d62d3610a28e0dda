import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { printExpression } from "../eskip/printer.ts";
import { makeRoute, type Route } from "../eskip/route.ts";
import { composeFromNothing } from "./composition.reference.ts";
import { Composition, type CompositionChange } from "./composition.ts";
import { plainSettings } from "./settings.fixture.ts";
import { type IngressHostPart, type Translation, untranslated } from "./translation.ts";

const route = (id: string, address: string, hosts: readonly string[] = []): Route =>
  makeRoute({ id, hostRegexps: hosts, backend: { type: "network", address } });
const part = (host: string, routes: readonly Route[], fields: Partial<IngressHostPart> = {}): IngressHostPart => ({
  host,
  routes,
  redirect: null,
  catchesAll: false,
  ...fields,
});
const translation = (fields: Partial<Translation>): Translation => ({ ...untranslated, ...fields });

/** What a change says, in short. */
const told = ({ upserts, deletes, problems }: CompositionChange): unknown => ({
  upserts: upserts.map((one) => `${one.id} ${one.backend.type === "network" ? one.backend.address : one.backend.type}`),
  deletes,
  problems: problems.length,
});

describe("changes", () => {
  test("the first brings the routes of every cluster, with or without objects", () => {
    const composition = new Composition({ ...plainSettings, healthcheck: true, httpsRedirect: true });
    assert.deepEqual(
      composition.apply([]).upserts.map(({ id }) => id),
      ["kube__healthz_up", "kube__healthz_down", "kube__redirect"],
    );
    assert.deepEqual(told(composition.apply([])), { upserts: [], deletes: [], problems: 0 });
  });

  test("a translation that says the same changes nothing", () => {
    const composition = new Composition(plainSettings);
    const made = () => translation({ routes: [route("r", "http://a"), route("s", "http://b")] });
    composition.apply([{ key: "RouteGroup n/g", translation: made() }]);
    assert.deepEqual(told(composition.apply([{ key: "RouteGroup n/g", translation: made() }])), {
      upserts: [],
      deletes: [],
      problems: 0,
    });
  });

  test("what an object no longer makes is deleted", () => {
    const composition = new Composition(plainSettings);
    const key = "RouteGroup n/g";
    composition.apply([
      { key, translation: translation({ routes: [route("r", "http://a"), route("s", "http://b")] }) },
    ]);
    assert.deepEqual(
      told(composition.apply([{ key, translation: translation({ routes: [route("s", "http://c")] }) }])),
      { upserts: ["s http://c"], deletes: ["r"], problems: 0 },
    );
    assert.deepEqual(told(composition.apply([{ key, translation: null }])), {
      upserts: [],
      deletes: ["s"],
      problems: 0,
    });
    assert.deepEqual(composition.routes(), []);
  });

  test("an id that moves from one object to another is no deletion", () => {
    const composition = new Composition(plainSettings);
    composition.apply([{ key: "RouteGroup n/a", translation: translation({ routes: [route("r", "http://a")] }) }]);
    const change = composition.apply([
      { key: "RouteGroup n/a", translation: null },
      { key: "RouteGroup n/b", translation: translation({ routes: [route("r", "http://b")] }) },
    ]);
    assert.deepEqual(told(change), { upserts: ["r http://b"], deletes: [], problems: 0 });
  });
});

describe("equal ids", () => {
  const made = (address: string) => translation({ routes: [route("r", address)] });

  test("the first in the order of namespace and name counts, whatever came first", () => {
    const composition = new Composition(plainSettings);
    composition.apply([{ key: "Ingress a-b/a", translation: made("http://2") }]);
    const change = composition.apply([
      { key: "RouteGroup a/a", translation: made("http://3") },
      { key: "Ingress a/z", translation: made("http://1") },
    ]);
    assert.deepEqual(told(change), { upserts: ["r http://1"], deletes: [], problems: 2 });
    assert.deepEqual(told(composition.apply([{ key: "Ingress a/z", translation: null }])), {
      upserts: ["r http://2"],
      deletes: [],
      problems: 1,
    });
  });

  test("are told once while they last, not each time that an address changes", () => {
    const composition = new Composition(plainSettings);
    const second = (address: string | null) =>
      composition.apply([{ key: "Ingress n/b", translation: address === null ? null : made(address) }]).problems;
    composition.apply([{ key: "Ingress n/a", translation: made("http://1") }]);
    const [problem] = second("http://2");
    assert.deepEqual(problem, {
      level: "error",
      message: 'Ignoring route with the same id r, existing: * -> "http://1", ignored: * -> "http://2"',
      bare: true,
    });
    assert.equal(second("http://3").length, 0);
    assert.equal(second(null).length, 0);
    assert.equal(second("http://3").length, 1);
  });

  test("of equal routes nobody speaks", () => {
    const composition = new Composition(plainSettings);
    composition.apply([{ key: "Ingress n/a", translation: made("http://1") }]);
    assert.deepEqual(told(composition.apply([{ key: "Ingress n/b", translation: made("http://1") }])), {
      upserts: [],
      deletes: [],
      problems: 0,
    });
  });
});

describe("catch-all routes", () => {
  const apply = (composition: Composition, name: string, ...hosts: IngressHostPart[]) =>
    told(composition.apply([{ key: `Ingress n/${name}`, translation: translation({ hosts }) }]));

  test("come and go with what all Ingresses say of the host", () => {
    const composition = new Composition(plainSettings);
    assert.deepEqual(apply(composition, "a", part("h.test", [route("r", "http://1", ["^h"])])), {
      upserts: ["r http://1", "kube___catchall__h_test____ shunt"],
      deletes: [],
      problems: 0,
    });
    const all = part("h.test", [route("s", "http://2", ["^h"])], { catchesAll: true });
    assert.deepEqual(apply(composition, "b", all), {
      upserts: ["s http://2"],
      deletes: ["kube___catchall__h_test____"],
      problems: 0,
    });
    assert.deepEqual(apply(composition, "b"), {
      upserts: ["kube___catchall__h_test____ shunt"],
      deletes: ["s"],
      problems: 0,
    });
  });
});

test("a change of one object among many looks at no other", () => {
  const composition = new Composition(plainSettings);
  let looks = 0;
  const counted = (host: string): IngressHostPart => ({
    host,
    redirect: null,
    routes: [route(`r_${host}`, "http://1", [host])],
    get catchesAll() {
      looks++;
      return false;
    },
  });
  const objects = 20_000;
  composition.apply(
    Array.from({ length: objects }, (_, i) => ({
      key: `Ingress n/i${i}`,
      translation: translation({ hosts: [counted(`h${i}.test`)] }),
    })),
  );
  assert.equal(looks, objects);
  looks = 0;
  const changed = translation({ hosts: [part("h7.test", [route("new", "http://2", ["h7"])])] });
  assert.deepEqual(told(composition.apply([{ key: "Ingress n/i7", translation: changed }])), {
    upserts: ["new http://2", "kube___catchall__h7_test____ shunt"],
    deletes: ["r_h7.test"],
    problems: 0,
  });
  assert.equal(looks, 0);
});

/** Few names, so that ids and hosts meet; with characters that sort and shorten in different ways. */
const keys = fc
  .tuple(fc.constantFrom("Ingress", "RouteGroup"), fc.constantFrom("a", "a-b"), fc.constantFrom("x.y", "x-y", "z"))
  .map(([kind, namespace, name]) => `${kind} ${namespace}/${name}`);
const routes = fc
  .record({
    id: fc.constantFrom("r1", "r2", "r3", "kube___catchall__a_test____", "kube__redirect"),
    address: fc.constantFrom("http://1", "http://2"),
    hosts: fc.constantFrom([], ["^a"]),
    pathRegexps: fc.constantFrom([], ["^/x"]),
  })
  .map(({ id, address, hosts, pathRegexps }) => ({ ...route(id, address, hosts), pathRegexps }));
const parts = fc.record({
  host: fc.constantFrom("", "a.test", "a-test", "b.test", "*.test"),
  routes: fc.array(routes, { minLength: 1, maxLength: 2 }),
  redirect: fc.constantFrom(null, null, 301, 308, "disabled" as const),
  catchesAll: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});
const updates = fc
  .tuple(
    keys,
    fc.option(
      fc.record({
        routes: fc.array(routes, { maxLength: 2 }),
        hosts: fc.uniqueArray(parts, { maxLength: 3, selector: ({ host }) => host }),
      }),
      { freq: 3 },
    ),
  )
  .map(([key, made]) => ({
    key,
    translation:
      made === null ? null : translation(key.startsWith("Ingress ") ? made : { routes: made.routes, hosts: [] }),
  }));

test("after any sequence of changes the routes are those of composing everything from nothing", () => {
  const settings = fc.record({ catchAll: fc.constantFrom(true, true, false), httpsRedirect: fc.boolean() });
  const batches = fc.array(fc.array(updates, { maxLength: 4 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(settings, batches, (flags, sequence) => {
      const composition = new Composition({ ...plainSettings, ...flags });
      const translations = new Map<string, Translation>();
      const applied = new Map<string, string>();
      let conflicts: ReadonlySet<string> = new Set();
      for (const batch of sequence) {
        for (const { key, translation: made } of batch) {
          if (made === null) translations.delete(key);
          else translations.set(key, made);
        }
        const { upserts, deletes, problems } = composition.apply(batch);
        const ids = [...upserts.map(({ id }) => id), ...deletes];
        assert.equal(new Set(ids).size, ids.length, "an id stands twice in a change");
        for (const id of deletes) assert.ok(applied.delete(id), `${id} is deleted, and was not there`);
        for (const one of upserts) {
          const text = printExpression(one);
          assert.notEqual(applied.get(one.id), text, `${one.id} is given out without a change`);
          applied.set(one.id, text);
        }
        const expected = composeFromNothing({ ...plainSettings, ...flags }, translations);
        assert.deepEqual(new Map([...applied].sort()), new Map([...expected.routes].sort()));
        assert.deepEqual(
          composition
            .routes()
            .map((one) => `${one.id} ${printExpression(one)}`)
            .sort(),
          [...expected.routes].map(([id, text]) => `${id} ${text}`).sort(),
        );
        assert.equal(problems.length, expected.conflicts.difference(conflicts).size, "problems that are new");
        conflicts = expected.conflicts;
      }
    }),
    { numRuns: 2000 },
  );
});
