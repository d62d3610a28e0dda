// Figures of the routing table: `node src/routing/table.bench.ts [routes]`. Build from file bytes, memory, latency of one change with
// a worker that watches, lookups in small, host-heavy and large tables.

import { parseRoutes } from "../eskip/parser.ts";
import { sharedBytes } from "../util/shared-arena.ts";
import { LookupResult, TablePin } from "./reader.ts";
import { readerOf, requestOf, routeOf, testRegistry } from "./table.fixture.ts";
import { RoutingTable } from "./table.ts";
import type { TableGeneration } from "./table-generation.ts";

const ROUTES = Number(process.argv[2] ?? 800_000);

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** CPU time of the process in milliseconds: figures of a shared machine that mean something. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

const HOSTS = 20_000;

/** One-line routes of 20,000 hosts, each with a path of its own. */
function routeLine(i: number): string {
  const host = hostOf(i).replaceAll(".", "[.]");
  const path = `/api/v${i % 3}/service-${i}/resources`;
  return `kube_default__ingress_${i}: Host("^(${host}[.]?(:[0-9]+)?)$") && PathSubtree("${path}") -> "http://10.2.${(i >> 8) & 255}.${i & 255}:8080";\n`;
}

function documentOf(count: number): ReturnType<typeof sharedBytes> {
  const chunks: Buffer[] = [];
  let size = 0;
  for (let i = 0; i < count; ) {
    let text = "";
    for (let k = 0; k < 10_000 && i < count; k++, i++) text += routeLine(i);
    const chunk = Buffer.from(text);
    chunks.push(chunk);
    size += chunk.length;
  }
  const bytes = sharedBytes(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function load(table: RoutingTable, bytes: ReturnType<typeof documentOf>): void {
  table.transact(0, (transaction) => {
    transaction.reset();
    const error = parseRoutes(bytes, (route, start, end) => transaction.upsert(route, { bytes, start, end }));
    if (error !== null) throw new Error(error.message);
  });
}

function tableOf(publish: (generation: TableGeneration) => void): RoutingTable {
  return new RoutingTable({ registry: testRegistry, ignoreTrailingSlash: false, publish, now: Date.now });
}

function measureLookups(name: string, table: RoutingTable, fields: readonly { host: string; path: string }[]): void {
  const reader = readerOf({}, table.generation());
  const requests = fields.map((one) => requestOf(one));
  const pin = new TablePin();
  const result = new LookupResult();
  let missed = 0;
  const round = (): void => {
    for (const request of requests) {
      reader.pin(pin);
      if (reader.lookup(pin, request, result) === null) missed++;
    }
  };
  for (let i = 0; i < 100; i++) round();
  const rounds = Math.ceil(1_000_000 / requests.length);
  const began = cpuMs();
  for (let i = 0; i < rounds; i++) round();
  const ns = ((cpuMs() - began) * 1e6) / (rounds * requests.length);
  print(`lookup, ${name}: ${ns.toFixed(0)} ns${missed > 0 ? `, ${missed} missed` : ""}`);
}

function hostOf(i: number): string {
  return `app-${i % HOSTS}.team-${(i % HOSTS) % 97}.example.org`;
}

function spread(count: number, of: number): number[] {
  return Array.from({ length: count }, (_, k) => Math.floor((k * of) / count));
}

{
  const bytes = documentOf(ROUTES);
  globalThis.gc?.();
  print(`${ROUTES} routes, ${megabytes(bytes.length)} of text, RSS before ${megabytes(process.memoryUsage().rss)}`);
  const began = performance.now();
  const beganCpu = cpuMs();
  const table = tableOf(() => {});
  load(table, bytes);
  const took = performance.now() - began;
  print(
    `built in ${took.toFixed(0)} ms (CPU ${(cpuMs() - beganCpu).toFixed(0)} ms), RSS ${megabytes(process.memoryUsage().rss)}, ${table.count} valid`,
  );
  measureLookups(
    `${ROUTES} routes`,
    table,
    spread(1000, ROUTES).map((i) => ({ host: hostOf(i), path: `/api/v${i % 3}/service-${i}/resources/x` })),
  );
  let worst = 0;
  let sum = 0;
  for (let i = 0; i < 200; i++) {
    const id = `kube_default__ingress_${i * 7}`;
    const at = performance.now();
    table.transact(0, (transaction) => transaction.upsert(routeOf(id, `Path("/changed/${i}") -> <shunt>`)));
    const ms = performance.now() - at;
    worst = Math.max(worst, ms);
    sum += ms;
  }
  print(`one change: mean ${(sum / 200).toFixed(3)} ms, worst ${worst.toFixed(2)} ms`);
  const listing = performance.now();
  table.page(ROUTES / 2, 1024);
  print(`first page of a sorted listing: ${(performance.now() - listing).toFixed(0)} ms`);
}
for (const count of [1000, 65_003]) {
  const table = tableOf(() => {});
  const began = performance.now();
  table.transact(0, (transaction) => {
    for (let i = 0; i < count; i++) {
      transaction.upsert(routeOf(`r${i}`, `Host("^(h${i}[.]test[.]?(:[0-9]+)?)$") && PathSubtree("/") -> <shunt>`));
    }
  });
  print(`${count} routes on "/" parsed and built in ${(performance.now() - began).toFixed(0)} ms`);
  measureLookups(
    `${count} hosts on "/"`,
    table,
    spread(500, count).map((i) => ({ host: `h${i}.test`, path: "/x/y" })),
  );
}
{
  const table = tableOf(() => {});
  const began = performance.now();
  table.transact(0, (transaction) => {
    for (let i = 0; i < 65_000; i++)
      transaction.upsert(routeOf(`r${(i * 7919) % 65_000}`, `Host("h${i}[.]") && PathSubtree("/") -> <shunt>`));
  });
  print(`65000 routes on "/" without host names built in ${(performance.now() - began).toFixed(0)} ms`);
}
