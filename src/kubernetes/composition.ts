// The routes of a cluster from the translations of its objects (spec kubernetes 5): what several of them make together is added, and
// of equal ids the first counts. Kept as a state that changes are applied to: a change costs what it touches, and the routes are always
// those that composing all translations from nothing would give.

import { printExpression } from "../eskip/printer.ts";
import type { Route } from "../eskip/route.ts";
import { ContestedIds, type RouteOwner } from "./contested-ids.ts";
import { fixedRoutes } from "./fixed-routes.ts";
import { IngressHost } from "./ingress-hosts.ts";
import type { TranslationSettings } from "./settings.ts";
import type { Problem, Translation } from "./translation.ts";

/** `Ingress namespace/name` or `RouteGroup namespace/name`, and the translation; null: the object is gone. */
export interface TranslationUpdate {
  readonly key: string;
  readonly translation: Translation | null;
  /** True: it has the hosts and routes of the translation before, in the same order, but for backends. By default false. */
  readonly isRenewal?: boolean;
}

export interface CompositionChange {
  readonly upserts: readonly Route[];
  readonly deletes: readonly string[];
  /** About routes of several objects; each is told once while it lasts. */
  readonly problems: readonly Problem[];
}

/** In the order of processing. */
const INGRESS = 0;
const HOST = 1;
const ROUTE_GROUP = 2;
const FIXED = 3;

interface Owner extends RouteOwner {
  readonly rank: number;
  /** Of the object; of a host those of the Ingress in which it is seen first, and its place there. */
  readonly namespace: string;
  readonly name: string;
  readonly index: number;
}

interface ObjectOwner extends Owner {
  /** Replaced by a renewal. */
  routes: readonly Route[];
  readonly hosts: readonly string[];
}

const none: readonly never[] = Object.freeze([]);

export class Composition {
  readonly #settings: TranslationSettings;
  readonly #ids = new ContestedIds<Owner>(compareOwners);
  readonly #objects = new Map<string, ObjectOwner>();
  readonly #hosts = new Map<string, IngressHost<ObjectOwner>>();
  /** By host, of hosts that have one. */
  readonly #catchAlls = new Map<string, Owner>();
  #isStarted = false;

  constructor(settings: TranslationSettings) {
    this.#settings = settings;
  }

  /** Replaces translations. The first call also gives the routes that every cluster has. */
  apply(updates: Iterable<TranslationUpdate>): CompositionChange {
    /** The route that each touched id had before. */
    const touched = new Map<string, Route | undefined>();
    const hosts = new Set<string>();
    if (!this.#isStarted) {
      this.#isStarted = true;
      const routes = fixedRoutes(this.#settings);
      this.#replace(undefined, { rank: FIXED, key: "", namespace: "", name: "", index: 0, routes }, touched);
    }
    for (const { key, translation, isRenewal } of updates) {
      const owner = isRenewal === true ? this.#objects.get(key) : undefined;
      if (owner !== undefined && translation !== null) this.#renew(owner, translation, touched);
      else this.#update(key, translation, hosts, touched);
    }
    for (const host of hosts) this.#composeHost(host, touched);
    return this.#difference(touched);
  }

  /** All routes, in no order. */
  routes(): Route[] {
    return this.#ids.routes();
  }

  #update(key: string, translation: Translation | null, hosts: Set<string>, touched: Map<string, Route | undefined>) {
    const before = this.#objects.get(key);
    const after = translation === null ? undefined : objectOwner(key, translation);
    if (before !== undefined) {
      for (const host of before.hosts) {
        hosts.add(host);
        this.#hosts.get(host)!.remove(before);
      }
    }
    this.#replace(before, after, touched);
    if (translation === null || after === undefined) {
      this.#objects.delete(key);
      return;
    }
    this.#objects.set(key, after);
    for (const [index, part] of translation.hosts.entries()) {
      hosts.add(part.host);
      this.#host(part.host).add(after, index, part);
    }
  }

  #renew(owner: ObjectOwner, translation: Translation, touched: Map<string, Route | undefined>): void {
    const routes = routesOf(translation);
    for (const [i, route] of routes.entries()) {
      if (route !== owner.routes[i] && !touched.has(route.id)) touched.set(route.id, this.#ids.route(route.id));
    }
    owner.routes = routes;
  }

  #host(name: string): IngressHost<ObjectOwner> {
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = new IngressHost<ObjectOwner>(name, compareOwners);
      this.#hosts.set(name, host);
    }
    return host;
  }

  #composeHost(name: string, touched: Map<string, Route | undefined>): void {
    const host = this.#host(name);
    const before = this.#catchAlls.get(name);
    const routes = this.#settings.catchAll ? host.catchAlls() : none;
    if (host.first === undefined || routes.length === 0) {
      this.#replace(before, undefined, touched);
      this.#catchAlls.delete(name);
    } else {
      const { owner, index } = host.first;
      const { namespace, name: ingress } = owner;
      const after = { rank: HOST, key: `host ${name}`, namespace, name: ingress, index, routes };
      this.#replace(before, after, touched);
      this.#catchAlls.set(name, after);
    }
    if (host.first === undefined) this.#hosts.delete(name);
  }

  #replace(before: Owner | undefined, after: Owner | undefined, touched: Map<string, Route | undefined>) {
    for (const { id } of [...(before?.routes ?? none), ...(after?.routes ?? none)]) {
      if (!touched.has(id)) touched.set(id, this.#ids.route(id));
    }
    if (before !== undefined) this.#ids.remove(before);
    if (after !== undefined) this.#ids.add(after);
  }

  #difference(touched: ReadonlyMap<string, Route | undefined>): CompositionChange {
    const upserts: Route[] = [];
    const deletes: string[] = [];
    const problems: Problem[] = [];
    for (const [id, before] of touched) {
      const after = this.#ids.route(id);
      problems.push(...this.#ids.newProblems(id));
      if (after === undefined) {
        if (before !== undefined) deletes.push(id);
      } else if (before === undefined || !isSameRoute(before, after)) upserts.push(after);
    }
    return { upserts, deletes, problems };
  }
}

function routesOf({ routes, hosts }: Translation): readonly Route[] {
  return hosts.length === 0 ? routes : [...routes, ...hosts.flatMap((part) => part.routes)];
}

function objectOwner(key: string, translation: Translation): ObjectOwner {
  const space = key.indexOf(" ");
  const slash = key.indexOf("/", space);
  return {
    rank: key.startsWith("Ingress ") ? INGRESS : ROUTE_GROUP,
    key,
    namespace: key.slice(space + 1, slash),
    name: key.slice(slash + 1),
    index: 0,
    routes: routesOf(translation),
    hosts: translation.hosts.map(({ host }) => host),
  };
}

function compareOwners(a: Owner, b: Owner): number {
  return a.rank - b.rank || compareTexts(a.namespace, b.namespace) || compareTexts(a.name, b.name) || a.index - b.index;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isSameRoute(a: Route, b: Route): boolean {
  return a === b || (!haveOtherEndpoints(a, b) && printExpression(a) === printExpression(b));
}

/** What most changes are, told without printing; false: they may differ in anything else. */
function haveOtherEndpoints({ backend: a }: Route, { backend: b }: Route): boolean {
  if (a.type !== "lb" || b.type !== "lb") return false;
  const others = b.endpoints;
  return a.endpoints.length !== others.length || a.endpoints.some(({ address }, i) => address !== others[i]!.address);
}
