// The objects of the cluster as they were last seen, by kind and key, and what of the translation their changes touch. Whoever
// translates takes the touched objects from here and records what each translation asked for.

import { DependencyIndex } from "./dependency-index.ts";
import {
  type EndpointSlice,
  type Endpoints,
  type Ingress,
  KINDS,
  type Kind,
  type KubernetesObject,
  keyOf,
  type RouteGroup,
  type Secret,
  type Service,
} from "./objects.ts";
import type { ObjectStore } from "./resource-watch.ts";
import type { ClusterView, Dependency } from "./translation.ts";

/** An object that is translated. */
export type RouteSource = Ingress | RouteGroup;
/** `Ingress namespace/name` or `RouteGroup namespace/name`. */
export type SourceKey = `${RouteSource["kind"]} ${string}`;

/** Why a source is translated again: endpoints changed that it refers to. Of several reasons the highest counts. */
export const TOUCH_ENDPOINTS = 1;
/** Something else changed that it refers to, or may have. */
export const TOUCH_REFERENCE = 2;
/** The source itself changed. */
export const TOUCH_SELF = 3;
export type Touch = typeof TOUCH_ENDPOINTS | typeof TOUCH_REFERENCE | typeof TOUCH_SELF;

export class ClusterState {
  readonly #objects: { readonly [K in Kind]: Map<string, Extract<KubernetesObject, { kind: K }>> };
  /** By namespace and service, in the order of their names. */
  readonly #slices = new Map<string, readonly EndpointSlice[]>();
  readonly #dependencies = new DependencyIndex();
  /** Texts of -default-filters-dir by `namespace/service`. */
  #defaultFilters: ReadonlyMap<string, string> = new Map();
  /** Sources to translate. */
  readonly #touched = new Map<SourceKey, Touch>();
  readonly #onTouch: () => void;

  /** Answers from what is known at the time of the question. */
  readonly known: ClusterView = {
    service: (namespace, name) => this.#objects.Service.get(`${namespace}/${name}`),
    endpoints: (namespace, service) => this.#objects.Endpoints.get(`${namespace}/${service}`),
    endpointSlices: (namespace, service) => this.#slices.get(`${namespace}/${service}`) ?? none,
    secret: (namespace, name) => this.#objects.Secret.get(`${namespace}/${name}`),
    defaultFilters: (namespace, service) => this.#defaultFilters.get(`${namespace}/${service}`),
  };

  /** `onTouch` is called after every change. */
  constructor(onTouch: () => void) {
    this.#onTouch = onTouch;
    this.#objects = {
      Ingress: new Map(),
      RouteGroup: new Map(),
      Service: new Map(),
      Endpoints: new Map(),
      EndpointSlice: new Map(),
      Secret: new Map(),
    };
  }

  /** Where the watch of a kind keeps its objects. */
  store(kind: Kind): ObjectStore {
    const objects: Map<string, KubernetesObject> = this.#objects[kind];
    return {
      get size() {
        return objects.size;
      },
      version: (key) => objects.get(key)?.metadata.resourceVersion,
      listed: (changed, present) => {
        for (const object of changed) this.#put(object);
        if (objects.size > present.size) {
          for (const key of objects.keys()) if (!present.has(key)) this.#delete(kind, key);
        }
        this.#onTouch();
      },
      put: (object) => {
        this.#put(object);
        this.#onTouch();
      },
      delete: (key) => {
        this.#delete(kind, key);
        this.#onTouch();
      },
    };
  }

  source(key: SourceKey): RouteSource | undefined {
    const space = key.indexOf(" ");
    return this.#objects[key.slice(0, space) as RouteSource["kind"]].get(key.slice(space + 1));
  }

  all<K extends Kind>(kind: K): IterableIterator<Extract<KubernetesObject, { kind: K }>> {
    return this.#objects[kind].values();
  }

  /** All objects together. */
  get size(): number {
    return KINDS.reduce((sum, kind) => sum + this.#objects[kind].size, 0);
  }

  /** The texts of the directory as they are now. */
  setDefaultFilters(texts: ReadonlyMap<string, string>): void {
    const before = this.#defaultFilters;
    this.#defaultFilters = texts;
    for (const name of new Set([...before.keys(), ...texts.keys()])) {
      if (before.get(name) !== texts.get(name)) this.#touchAskers(`DefaultFilters ${name as `${string}/${string}`}`);
    }
    this.#onTouch();
  }

  get touched(): number {
    return this.#touched.size;
  }

  /** The next source to translate; null when there is none. */
  takeTouched(): { readonly key: SourceKey; readonly touch: Touch } | null {
    for (const [key, touch] of this.#touched) {
      this.#touched.delete(key);
      return { key, touch };
    }
    return null;
  }

  /** Has a source translated again. */
  touch(key: SourceKey, touch: Touch): void {
    if (touch > (this.#touched.get(key) ?? 0)) this.#touched.set(key, touch);
  }

  /** What a translation asked for, in place of what the one before did. */
  record(key: SourceKey, names: ReadonlySet<Dependency>): void {
    this.#dependencies.record(key, names);
  }

  /** As `known`, and notes what was asked. */
  view(): RecordingView {
    return new RecordingView(this.known);
  }

  #put(object: KubernetesObject): void {
    const key = keyOf(object);
    const objects: Map<string, KubernetesObject> = this.#objects[object.kind];
    const before = objects.get(key);
    objects.set(key, object);
    if (object.kind === "EndpointSlice") this.#moveSlice(before as EndpointSlice | undefined, object);
    else this.#touchFor(object.kind, key);
  }

  #delete(kind: Kind, key: string): void {
    const objects: Map<string, KubernetesObject> = this.#objects[kind];
    const before = objects.get(key);
    if (before === undefined) return;
    objects.delete(key);
    if (before.kind === "EndpointSlice") this.#moveSlice(before, undefined);
    else this.#touchFor(kind, key);
  }

  #touchFor(kind: Kind, key: string): void {
    if (kind === "Ingress" || kind === "RouteGroup") this.touch(`${kind} ${key}`, TOUCH_SELF);
    else this.#touchAskers(`${kind} ${key as `${string}/${string}`}`);
  }

  #touchAskers(name: Dependency): void {
    const touch = name.startsWith("Endpoint") ? TOUCH_ENDPOINTS : TOUCH_REFERENCE;
    for (const asker of this.#dependencies.askers(name)) this.touch(asker as SourceKey, touch);
  }

  #moveSlice(before: EndpointSlice | undefined, after: EndpointSlice | undefined): void {
    const left = before === undefined ? "" : serviceOf(before);
    const entered = after === undefined ? "" : serviceOf(after);
    if (before !== undefined) {
      const rest = this.#slices.get(left)!.filter((slice) => slice !== before);
      if (rest.length === 0) this.#slices.delete(left);
      else this.#slices.set(left, rest);
    }
    if (after !== undefined) {
      const slices = [...(this.#slices.get(entered) ?? none), after];
      slices.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
      this.#slices.set(entered, slices);
    }
    for (const service of new Set([left, entered])) {
      if (service !== "") this.#touchAskers(`EndpointSlice ${service as `${string}/${string}`}`);
    }
  }
}

const none: readonly EndpointSlice[] = [];

function serviceOf(slice: EndpointSlice): string {
  return `${slice.metadata.namespace}/${slice.service}`;
}

/** A view of one moment that notes the questions. */
class RecordingView implements ClusterView {
  readonly asked = new Set<Dependency>();
  /** A Service, or the endpoints of one, that are asked for are not there. */
  isIncomplete = false;
  readonly #view: ClusterView;

  constructor(view: ClusterView) {
    this.#view = view;
  }

  service(namespace: string, name: string): Service | undefined {
    this.asked.add(`Service ${namespace}/${name}`);
    const service = this.#view.service(namespace, name);
    if (service === undefined) this.isIncomplete = true;
    return service;
  }

  endpoints(namespace: string, service: string): Endpoints | undefined {
    this.asked.add(`Endpoints ${namespace}/${service}`);
    const endpoints = this.#view.endpoints(namespace, service);
    if (endpoints === undefined) this.isIncomplete = true;
    return endpoints;
  }

  endpointSlices(namespace: string, service: string): readonly EndpointSlice[] {
    this.asked.add(`EndpointSlice ${namespace}/${service}`);
    const slices = this.#view.endpointSlices(namespace, service);
    if (slices.length === 0) this.isIncomplete = true;
    return slices;
  }

  secret(namespace: string, name: string): Secret | undefined {
    this.asked.add(`Secret ${namespace}/${name}`);
    return this.#view.secret(namespace, name);
  }

  defaultFilters(namespace: string, service: string): string | undefined {
    this.asked.add(`DefaultFilters ${namespace}/${service}`);
    return this.#view.defaultFilters(namespace, service);
  }
}
