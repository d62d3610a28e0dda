// The objects of a stand-in for a Kubernetes API server: one version for all changes, a history that watches read and that can be
// compacted, and lists of one moment that are read page by page.

export interface StoredObject {
  readonly kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    resourceVersion?: string;
    uid?: string;
    creationTimestamp?: string;
  };
  [field: string]: unknown;
}

/** Plural name in paths, by kind. */
export const RESOURCES: Readonly<Record<string, string>> = {
  Ingress: "ingresses",
  RouteGroup: "routegroups",
  Service: "services",
  Endpoints: "endpoints",
  EndpointSlice: "endpointslices",
  Secret: "secrets",
};

export interface StoredEvent {
  readonly version: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly resource: string;
  readonly object: StoredObject;
  /** What a watch says of it, encoded ahead. */
  readonly line?: string;
}

/** A change whose event is encoded already, but for its version: making it takes hardly any time. */
export interface PreparedChange {
  readonly object: StoredObject;
  readonly key: string;
  readonly resource: string;
  /** What stands before and after the version. */
  readonly line: readonly [string, string];
}

export interface Selection {
  readonly resource: string;
  /** "": all. */
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Page {
  readonly version: number;
  readonly items: readonly StoredObject[];
  /** Token of the next page, "" after the last. */
  readonly next: string;
}

/** A version or a token that is not known any more: status 410. */
export class Expired extends Error {}

/** Stands for the version in the line of a prepared change. */
const VERSION_MARK = "the version";

export class KubernetesStore {
  version = 100;
  /** Watches from an earlier version than this are refused. */
  oldest = 100;
  readonly #objects = new Map<string, Map<string, StoredObject>>();
  readonly #history: StoredEvent[] = [];
  readonly #snapshots = new Map<string, { version: number; items: StoredObject[] }>();
  readonly #listeners = new Set<(event: StoredEvent) => void>();
  #tokens = 0;

  /** Adds or replaces an object. `isVersioned` false keeps it as written. */
  put(object: StoredObject, isVersioned = true): StoredObject {
    const resource = RESOURCES[object.kind];
    if (resource === undefined) throw new Error(`no resource for the kind ${object.kind}`);
    const objects = this.#of(resource);
    const key = keyOf(object);
    const old = objects.get(key);
    const version = ++this.version;
    const stored = structuredClone(object);
    if (isVersioned) {
      stored.metadata.namespace ??= "default";
      stored.metadata.resourceVersion = String(version);
      stored.metadata.uid = old?.metadata.uid ?? `uid-${version}`;
      stored.metadata.creationTimestamp ??= "2024-01-01T00:00:00Z";
    }
    objects.set(key, stored);
    this.#record({ version, type: old === undefined ? "ADDED" : "MODIFIED", resource, object: stored });
    return stored;
  }

  /** A change of an object that is there. */
  prepare(object: StoredObject): PreparedChange {
    const resource = RESOURCES[object.kind]!;
    const key = keyOf(object);
    const old = this.#of(resource).get(key);
    if (old === undefined) throw new Error(`no ${object.kind} ${key}`);
    const metadata = { ...old.metadata, ...object.metadata, resourceVersion: VERSION_MARK };
    const changed = structuredClone({ ...object, metadata });
    const [before, after] = `${JSON.stringify({ type: "MODIFIED", object: changed })}\n`.split(VERSION_MARK);
    return { object: changed, key, resource, line: [before!, after!] };
  }

  /** Makes it, once. */
  commit({ object, key, resource, line }: PreparedChange): void {
    const version = ++this.version;
    object.metadata.resourceVersion = String(version);
    this.#of(resource).set(key, object);
    this.#record({ version, type: "MODIFIED", resource, object, line: `${line[0]}${version}${line[1]}` });
  }

  delete(kind: string, namespace: string, name: string): void {
    const resource = RESOURCES[kind]!;
    const objects = this.#of(resource);
    const old = objects.get(`${namespace}/${name}`);
    if (old === undefined) return;
    objects.delete(`${namespace}/${name}`);
    const version = ++this.version;
    const last = { ...old, metadata: { ...old.metadata, resourceVersion: String(version) } };
    this.#record({ version, type: "DELETED", resource, object: last });
  }

  get(resource: string, namespace: string, name: string): StoredObject | undefined {
    return this.#of(resource).get(`${namespace}/${name}`);
  }

  all(kind: string): StoredObject[] {
    return [...this.#of(RESOURCES[kind]!).values()];
  }

  /** Throws Expired for a token that is not known. */
  list(selection: Selection, limit: number, token: string): Page {
    let snapshot = { version: this.version, items: [] as StoredObject[] };
    if (token === "")
      snapshot.items = this.all(kindOf(selection.resource)).filter((object) => selects(selection, object));
    else {
      const known = this.#snapshots.get(token);
      if (known === undefined) throw new Expired("the provided continue parameter is too old");
      this.#snapshots.delete(token);
      snapshot = known;
    }
    const { version } = snapshot;
    if (limit <= 0 || snapshot.items.length <= limit) return { version, items: snapshot.items, next: "" };
    const next = `token-${++this.#tokens}`;
    this.#snapshots.set(next, { version, items: snapshot.items.slice(limit) });
    return { version, items: snapshot.items.slice(0, limit), next };
  }

  /** Forgets the history: watches and pages of before are refused. */
  compact(): void {
    this.oldest = this.version;
    this.#history.length = 0;
    this.#snapshots.clear();
  }

  /** The events of a selection after `version`, and those to come. Throws Expired. Call the result to end. */
  watch(selection: Selection, version: number, take: (event: StoredEvent) => void): () => void {
    if (version < this.oldest) throw new Expired(`too old resource version: ${version} (${this.oldest})`);
    const listener = (event: StoredEvent): void => {
      if (event.resource === selection.resource && selects(selection, event.object)) take(event);
    };
    for (const event of this.#history) if (event.version > version) listener(event);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #of(resource: string): Map<string, StoredObject> {
    let objects = this.#objects.get(resource);
    if (objects === undefined) {
      objects = new Map();
      this.#objects.set(resource, objects);
    }
    return objects;
  }

  #record(event: StoredEvent): void {
    this.#history.push(event);
    for (const listener of this.#listeners) listener(event);
  }
}

function keyOf({ metadata }: StoredObject): string {
  return `${metadata.namespace ?? "default"}/${metadata.name}`;
}

function kindOf(resource: string): string {
  return Object.keys(RESOURCES).find((kind) => RESOURCES[kind] === resource)!;
}

function selects(selection: Selection, { metadata }: StoredObject): boolean {
  if (selection.namespace !== "" && selection.namespace !== (metadata.namespace ?? "default")) return false;
  return Object.entries(selection.labels).every(([key, value]) => metadata.labels?.[key] === value);
}
