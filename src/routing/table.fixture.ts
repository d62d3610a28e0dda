// What the tests and benches of the routing table share: routes from text, requests, a reader with plain instances.

import { parseExpression } from "../eskip/parser.ts";
import { printExpression } from "../eskip/printer.ts";
import type { Route } from "../eskip/route.ts";
import { Headers } from "../http/headers.ts";
import { predicateSpecs } from "../predicates/index.ts";
import type { PredicateEnv, PredicateRequest } from "../spec/predicate.ts";
import { Registry } from "../spec/registry.ts";
import { buildMatcher } from "./build-matcher.ts";
import { cleanPath } from "./clean-path.ts";
import type { MatchableRoute } from "./lookup.ts";
import { LookupResult, TablePin, TableReader } from "./reader.ts";
import { RoutingTable, type RoutingTableOptions } from "./table.ts";
import type { TableGeneration } from "./table-generation.ts";

export const testRegistry = new Registry([], predicateSpecs);

export const testEnv: PredicateEnv = { now: () => 0, random: () => 0, shuttingDown: () => false };

/** A route from its text. */
export function routeOf(id: string, expression: string): Route {
  const bytes = Buffer.from(expression);
  const { route, error } = parseExpression(bytes, 0, bytes.length, id);
  if (route === null) throw new Error(`${expression}: ${error?.message}`);
  return route;
}

export interface RequestFields {
  readonly method?: string;
  readonly host?: string;
  /** Cleaned here. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function requestOf(fields: RequestFields): PredicateRequest {
  const headers = new Headers();
  for (const [name, value] of Object.entries(fields.headers ?? {})) headers.append(name, value);
  return {
    method: fields.method ?? "GET",
    host: fields.host ?? "example.org",
    matchPath: cleanPath(fields.path ?? "/"),
    rawQuery: "",
    headers,
    remoteAddress: "127.0.0.1",
    contentLength: 0,
    trafficSegment: () => 0,
    baggage: () => null,
  };
}

/** A built route that knows its definition and whether it was let go. */
export class TestInstance implements MatchableRoute {
  readonly id: string;
  readonly route: Route;
  readonly matches: (request: PredicateRequest) => boolean;
  released = 0;

  constructor(route: Route) {
    this.id = route.id;
    this.route = route;
    this.matches = buildMatcher(route, testRegistry, testEnv);
  }

  release(): void {
    this.released++;
  }
}

export function readerOf(
  options: { readonly ignoreTrailingSlash?: boolean; readonly maxInstances?: number },
  generation: TableGeneration | null,
): TableReader<TestInstance> {
  const { ignoreTrailingSlash = false, maxInstances = 1000 } = options;
  return new TableReader((route) => new TestInstance(route), { ignoreTrailingSlash, maxInstances }, generation);
}

/** A table and a reader that follows it. */
export interface Pair {
  readonly table: RoutingTable;
  readonly reader: TableReader<TestInstance>;
  /** Generations that were published. */
  readonly published: number[];
}

export function openTable(
  options: Partial<RoutingTableOptions> = {},
  maxInstances = 1000,
  reader = readerOf({ maxInstances }, null),
): Pair {
  const published: number[] = [];
  const table = new RoutingTable({
    registry: testRegistry,
    ignoreTrailingSlash: false,
    publish: (generation) => {
      published.push(generation.serial);
      reader.adopt(generation);
    },
    now: () => 0,
    ...options,
  });
  reader.adopt(table.generation());
  return { table, reader, published };
}

export function put(table: RoutingTable, source: number, routes: Readonly<Record<string, string>>): void {
  table.transact(source, (transaction) => {
    for (const [id, expression] of Object.entries(routes)) transaction.upsert(routeOf(id, expression));
  });
}

export function find(
  reader: TableReader<TestInstance>,
  fields: RequestFields = {},
  pin = pinOf(reader),
): string | null {
  return reader.lookup(pin, requestOf(fields), new LookupResult())?.id ?? null;
}

export function pinOf(reader: TableReader<TestInstance>): TablePin {
  const pin = new TablePin();
  reader.pin(pin);
  return pin;
}

export function listed(table: RoutingTable): string[] {
  return table.page(0, 1000).map((route) => `${route.id}: ${printExpression(route)}`);
}
