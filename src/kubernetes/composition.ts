// What the translations of all objects make together (spec kubernetes 5, 7.11, 7.12): catch-all routes of hosts that several Ingresses
// may name, one route for each id, and the routes that belong to no object. It keeps what it was given, so that a change costs what
// the change touches; the result is always that of composing everything anew.

import { compareBytes } from "../eskip/byte-order.ts";
import { printExpression } from "../eskip/printer.ts";
import { type Call, makeRoute, type Route, shuntBackend } from "../eskip/route.ts";
import { globalRedirectRoute, redirectRoute, undirectedRoute } from "./redirects.ts";
import { HEALTHY_ID, ingressCatchAllId, UNHEALTHY_ID } from "./route-ids.ts";
import type { TranslationSettings } from "./settings.ts";
import type { IngressHostPart, Problem, Translation } from "./translation.ts";

/** An object with its new translation; null when it is gone. */
export interface SourceChange {
  /** `Ingress namespace/name` or `RouteGroup namespace/name`. */
  readonly key: string;
  readonly translation: Translation | null;
}

export interface CompositionChange {
  readonly upserts: readonly Route[];
  readonly deletes: readonly string[];
  readonly problems: readonly Problem[];
}

/** A route that someone makes; of several with one id the first in the order of their makers counts. */
interface Claim {
  /** Place of the maker: kind, namespace, name. */
  readonly order: string;
  readonly route: Route;
}

export class Composition {
  readonly #settings: TranslationSettings;
  /** By id, in their order. */
  readonly #claims = new Map<string, readonly Claim[]>();
  /** Ids by maker. */
  readonly #made = new Map<string, readonly string[]>();
  /** What Ingresses contribute, by host and then by the order of the Ingress. */
  readonly #hosts = new Map<string, Map<string, IngressHostPart>>();
  /** Hosts by maker. */
  readonly #named = new Map<string, readonly string[]>();
  /** What was given out. */
  readonly #current = new Map<string, Route>();
  #begun = false;

  constructor(settings: TranslationSettings) {
    this.#settings = settings;
  }

  /** Takes up changed translations; gives what they change. */
  apply(changes: readonly SourceChange[]): CompositionChange {
    const touched = new Set<string>();
    const hosts = new Set<string>();
    if (!this.#begun) {
      this.#begun = true;
      this.#claim(OWN_ORDER, ownRoutes(this.#settings), touched);
    }
    for (const { key, translation } of changes) {
      const order = orderOf(key);
      const parts = translation?.hosts ?? [];
      const routes = translation === null ? [] : [...translation.routes, ...parts.flatMap((part) => part.routes)];
      this.#claim(order, routes, touched);
      this.#name(order, parts, hosts);
    }
    for (const host of hosts) this.#claim(HOST_ORDER + host, this.#catchAll(host), touched);
    return this.#settle(touched);
  }

  /** Replaces the routes of a maker. */
  #claim(order: string, routes: readonly Route[], touched: Set<string>): void {
    for (const id of this.#made.get(order) ?? []) {
      touched.add(id);
      const left = this.#claims.get(id)!.filter((claim) => claim.order !== order);
      if (left.length === 0) this.#claims.delete(id);
      else this.#claims.set(id, left);
    }
    const ids = routes.map(({ id }) => id);
    if (ids.length === 0) this.#made.delete(order);
    else this.#made.set(order, ids);
    for (const route of routes) {
      touched.add(route.id);
      const claims = this.#claims.get(route.id);
      const claim = { order, route };
      // The order of sorting is kept among equals, so a maker's own first route stays its first.
      const sorted = claims === undefined ? [claim] : [...claims, claim].sort((a, b) => compareBytes(a.order, b.order));
      this.#claims.set(route.id, sorted);
    }
  }

  /** Replaces what an Ingress contributes to hosts. */
  #name(order: string, parts: readonly IngressHostPart[], touched: Set<string>): void {
    for (const host of this.#named.get(order) ?? []) {
      touched.add(host);
      const of = this.#hosts.get(host)!;
      of.delete(order);
      if (of.size === 0) this.#hosts.delete(host);
    }
    if (parts.length === 0) this.#named.delete(order);
    else
      this.#named.set(
        order,
        parts.map(({ host }) => host),
      );
    for (const part of parts) {
      touched.add(part.host);
      const of = this.#hosts.get(part.host);
      if (of === undefined) this.#hosts.set(part.host, new Map([[order, part]]));
      else of.set(order, part);
    }
  }

  /** The catch-all route of a host with its companions; none when a route of the host takes everything. */
  #catchAll(host: string): readonly Route[] {
    const of = [...(this.#hosts.get(host) ?? [])].sort(([a], [b]) => compareBytes(a, b)).map(([, part]) => part);
    const first = of.find(({ routes }) => routes.length > 0)?.routes[0];
    if (first === undefined || !this.#settings.catchAll || of.some((part) => part.catchesAll)) return [];
    const route = makeRoute({
      id: ingressCatchAllId(host),
      hostRegexps: first.hostRegexps,
      backend: shuntBackend,
    });
    const routes = [route];
    const code = of.findLast(({ redirect }) => typeof redirect === "number")?.redirect;
    if (typeof code === "number") routes.push(redirectRoute(route, code));
    if (of.some(({ redirect }) => redirect === "disabled")) routes.push(undirectedRoute(route));
    return routes;
  }

  #settle(touched: ReadonlySet<string>): CompositionChange {
    const upserts: Route[] = [];
    const deletes: string[] = [];
    const problems: Problem[] = [];
    for (const id of touched) {
      const [first, ...others] = this.#claims.get(id) ?? [];
      const before = this.#current.get(id);
      if (first === undefined) {
        if (before !== undefined) deletes.push(id);
        this.#current.delete(id);
        continue;
      }
      const text = printExpression(first.route);
      for (const { route } of others) {
        const other = printExpression(route);
        if (other === text) continue;
        const message = `Ignoring route with the same id ${id}, existing: ${text}, ignored: ${other}`;
        problems.push({ level: "error", message, bare: true });
      }
      if (before !== undefined && printExpression(before) === text) continue;
      this.#current.set(id, first.route);
      upserts.push(first.route);
    }
    return { upserts, deletes, problems };
  }
}

/** Ingresses come before RouteGroups, hosts and what belongs to no object behind both; `\0` sorts before all of a name. */
const INGRESS_ORDER = "0";
const ROUTE_GROUP_ORDER = "1";
const HOST_ORDER = "2";
const OWN_ORDER = "3";

function orderOf(key: string): string {
  const space = key.indexOf(" ");
  const kind = key.slice(0, space) === "Ingress" ? INGRESS_ORDER : ROUTE_GROUP_ORDER;
  return kind + key.slice(space + 1).replace("/", "\0");
}

const INTERNAL_NETWORKS: readonly string[] = [
  "10.0.0.0/8",
  "192.168.0.0/16",
  "172.16.0.0/12",
  "127.0.0.1/8",
  "fd00::/8",
  "::1/128",
];
const HEALTH_PATH = "/kube-system/healthz";

/** Health check and redirect (spec kubernetes 11 and 7.10). */
function ownRoutes(settings: TranslationSettings): readonly Route[] {
  const routes: Route[] = [];
  if (settings.healthcheck) {
    const source: Call = {
      name: settings.reverseSourcePredicate ? "SourceFromLast" : "Source",
      args: [...INTERNAL_NETWORKS, ...settings.healthcheckCidrs],
    };
    const quiet: readonly Call[] = settings.healthcheckLogsDisabled ? [{ name: "disableAccessLog", args: [200] }] : [];
    const status = (code: number): Call => ({ name: "status", args: [code] });
    const common = { path: HEALTH_PATH, backend: shuntBackend };
    routes.push(
      makeRoute({ ...common, id: HEALTHY_ID, predicates: [source], filters: [...quiet, status(200)] }),
      makeRoute({
        ...common,
        id: UNHEALTHY_ID,
        predicates: [source, { name: "Shutdown", args: [] }],
        filters: [status(503)],
      }),
    );
  }
  if (settings.httpsRedirect) routes.push(globalRedirectRoute(settings.httpsRedirectCode));
  return routes;
}
