import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { endpointSlice, endpoints, ingress, service } from "../../test/support/kubernetes-objects.ts";
import type { StoredObject } from "../../test/support/kubernetes-store.ts";
import {
  ClusterState,
  type SourceKey,
  TOUCH_ENDPOINTS,
  TOUCH_REFERENCE,
  TOUCH_SELF,
  type Touch,
} from "./cluster-state.ts";
import type { Kind } from "./objects.ts";
import { decodeFixture } from "./translator.fixture.ts";

let state: ClusterState;
let touches: number;

beforeEach(() => {
  touches = 0;
  state = new ClusterState(() => touches++);
});

function put(...objects: readonly StoredObject[]): void {
  for (const object of objects) state.store(object.kind as Kind).put(decodeFixture(object.kind as Kind, object)!);
}

/** Asks, as a translation of a source does, and records it. */
function ask(key: SourceKey, questions: (view: ReturnType<ClusterState["view"]>) => void) {
  const view = state.view();
  questions(view);
  state.record(key, view.asked);
  return view;
}

function touched(): Record<string, Touch> {
  const found: Record<string, Touch> = {};
  for (let next = state.takeTouched(); next !== null; next = state.takeTouched()) found[next.key] = next.touch;
  return found;
}

describe("a change touches", () => {
  test("a source itself, and nothing else", () => {
    put(ingress("a", "a.test", "web"));
    assert.deepEqual(touched(), { "Ingress default/a": TOUCH_SELF });
    state.store("Ingress").delete("default/a");
    assert.deepEqual(touched(), { "Ingress default/a": TOUCH_SELF });
    assert.equal(state.source("Ingress default/a"), undefined);
    state.store("Ingress").delete("default/a");
    assert.deepEqual(touched(), {});
    assert.equal(touches, 3);
  });

  test("those that asked for the object, and asked last", () => {
    ask("Ingress default/a", (view) => view.service("default", "web"));
    ask("Ingress default/b", (view) => view.endpoints("default", "web"));
    ask("RouteGroup default/a", (view) => view.secret("default", "web"));
    put(service("web"));
    assert.deepEqual(touched(), { "Ingress default/a": TOUCH_REFERENCE });
    put(endpoints("web", "10.0.0.1"), service("other"), endpoints("team/web", "10.0.0.1"));
    assert.deepEqual(touched(), { "Ingress default/b": TOUCH_ENDPOINTS });
    ask("Ingress default/b", (view) => view.service("default", "web"));
    ask("Ingress default/a", () => {});
    state.store("Endpoints").delete("default/web");
    state.store("Service").delete("default/web");
    assert.deepEqual(touched(), { "Ingress default/b": TOUCH_REFERENCE });
  });

  test("a source that changed itself and is touched by another counts as changed", () => {
    ask("Ingress default/a", (view) => view.service("default", "web"));
    put(ingress("a", "a.test", "web"), service("web"));
    assert.deepEqual(touched(), { "Ingress default/a": TOUCH_SELF });
  });

  test("those whose default filters changed", () => {
    ask("Ingress default/a", (view) => view.defaultFilters("default", "web"));
    ask("Ingress default/b", (view) => view.defaultFilters("default", "shop"));
    state.setDefaultFilters(new Map([["default/web", "x()"]]));
    assert.deepEqual(touched(), { "Ingress default/a": TOUCH_REFERENCE });
    assert.equal(state.view().defaultFilters("default", "web"), "x()");
    state.setDefaultFilters(new Map([["default/shop", "x()"]]));
    assert.deepEqual(touched(), { "Ingress default/a": TOUCH_REFERENCE, "Ingress default/b": TOUCH_REFERENCE });
  });
});

describe("slices of a Service", () => {
  test("are there in the order of their names, under the Service that they name", () => {
    put(
      endpointSlice("b", "web", "10.0.0.2"),
      endpointSlice("a", "web", "10.0.0.1"),
      endpointSlice("c", "shop", "10.0.0.3"),
    );
    const names = (of: string) =>
      state
        .view()
        .endpointSlices("default", of)
        .map(({ metadata }) => metadata.name);
    assert.deepEqual([names("web"), names("shop"), names("none")], [["a", "b"], ["c"], []]);
    ask("Ingress default/a", (view) => view.endpointSlices("default", "web"));
    ask("Ingress default/b", (view) => view.endpointSlices("default", "shop"));
    put(endpointSlice("a", "shop", "10.0.0.1"));
    assert.deepEqual(touched(), { "Ingress default/a": TOUCH_ENDPOINTS, "Ingress default/b": TOUCH_ENDPOINTS });
    assert.deepEqual([names("web"), names("shop")], [["b"], ["a", "c"]]);
    put(endpointSlice("a", "shop", "10.0.0.9"));
    assert.deepEqual(touched(), { "Ingress default/b": TOUCH_ENDPOINTS });
    state.store("EndpointSlice").delete("default/b");
    assert.deepEqual(touched(), { "Ingress default/a": TOUCH_ENDPOINTS });
    assert.deepEqual([names("web"), names("shop")], [[], ["a", "c"]]);
  });
});

test("a list deletes what it does not name, and touches what it changes", () => {
  put(service("a"), service("b"), service("c"));
  for (const name of ["a", "b", "c", "d"]) ask(`Ingress default/${name}`, (view) => view.service("default", name));
  const changed = [decodeFixture("Service", service("b", 81))!, decodeFixture("Service", service("d"))!];
  state.store("Service").listed(changed, new Set(["default/a", "default/b", "default/d"]));
  assert.deepEqual(Object.keys(touched()).sort(), ["Ingress default/b", "Ingress default/c", "Ingress default/d"]);
  assert.deepEqual([...state.all("Service")].map(({ metadata }) => metadata.name).sort(), ["a", "b", "d"]);
});

test("a view says whether a Service or endpoints were missing", () => {
  put(service("web"), endpoints("web", "10.0.0.1"));
  const isIncomplete = (questions: Parameters<typeof ask>[1]) => ask("Ingress default/a", questions).isIncomplete;
  assert.equal(
    isIncomplete((view) => [view.service("default", "web"), view.endpoints("default", "web")]),
    false,
  );
  assert.equal(
    isIncomplete((view) => [view.secret("default", "x"), view.defaultFilters("default", "x")]),
    false,
  );
  assert.equal(
    isIncomplete((view) => view.service("default", "x")),
    true,
  );
  assert.equal(
    isIncomplete((view) => view.endpoints("default", "x")),
    true,
  );
  assert.equal(
    isIncomplete((view) => view.endpointSlices("default", "web")),
    true,
  );
});
