// `eskip diff A B`: are two routing tables the same? Each side is a file, standard input (`-`), a URL or a cluster. A URL is a routes
// document, such as that of a Route Server, or `/routes` of a support listener, which is read page by page. `kubernetes:FILE` is the
// table that a Route Server with the configuration FILE would serve. Routes are compared by id and in canonical form, so that order,
// layout and spelling of a predicate do not count. The check before a change of the source of routes.

import { Downloader } from "../data-clients/download.ts";
import { compareBytes } from "../eskip/byte-order.ts";
import { parseRoutes } from "../eskip/parser.ts";
import { comparedExpression } from "./compared-route.ts";
import { EskipFailure, type EskipIo, readBytes } from "./eskip-store.ts";

const DOWNLOAD_TIMEOUT_MS = 30_000;
const PAGE_ROUTES = 1024;
/** A listing that changes while its pages are read is begun anew. */
const MAX_STARTS = 5;
const CLUSTER = "kubernetes:";

/** Canonical expressions by route id. */
type Table = ReadonlyMap<string, string>;

/** Prints what differs, one route a line, and gives the exit code: 0 for equal tables, 1 for others. */
export async function diff(names: readonly string[], io: EskipIo): Promise<number> {
  const [nameA, nameB] = names as readonly [string, string];
  const a = await loadTable(nameA, io);
  const b = await loadTable(nameB, io);
  const differing = [...new Set([...a.keys(), ...b.keys()])].filter((id) => a.get(id) !== b.get(id)).sort(compareBytes);
  if (differing.length === 0) return 0;
  let out = `--- ${nameA}\n+++ ${nameB}\n`;
  let onlyA = 0;
  let onlyB = 0;
  for (const id of differing) {
    const [left, right] = [a.get(id), b.get(id)];
    if (left === undefined) onlyB++;
    else out += `-${id}: ${left};\n`;
    if (right === undefined) onlyA++;
    else out += `+${id}: ${right};\n`;
  }
  io.stdout(out);
  const changed = differing.length - onlyA - onlyB;
  io.stderr(`${onlyA} routes only in ${nameA}, ${onlyB} only in ${nameB}, ${changed} differ\n`);
  return 1;
}

async function loadTable(name: string, io: EskipIo): Promise<Table> {
  const table = new Map<string, string>();
  if (/^https?:\/\//i.test(name)) {
    const downloader = new Downloader(DOWNLOAD_TIMEOUT_MS, io.env);
    try {
      await readUrl(name, downloader, table);
    } finally {
      downloader.close();
    }
  } else if (name.startsWith(CLUSTER)) {
    addRoutes(table, Buffer.from((await readCluster(name, io)).join("\n")), name);
  } else {
    addRoutes(table, await readBytes(name, io), name);
  }
  return table;
}

async function readCluster(name: string, io: EskipIo): Promise<readonly string[]> {
  // Loaded only here: it is most of a proxy.
  const { clusterLines } = await import("./cluster-table.ts");
  try {
    return await clusterLines(name.slice(CLUSTER.length), io.env, (line) => io.stderr(line));
  } catch (error) {
    throw new EskipFailure(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function readUrl(name: string, downloader: Downloader, table: Map<string, string>): Promise<void> {
  for (let start = 0; start < MAX_STARTS; start++) {
    table.clear();
    if (await readPages(name, downloader, table)) return;
  }
  throw new EskipFailure(`${name}: the routes changed ${MAX_STARTS} times while they were read`);
}

/** False: another table is in force by now. */
async function readPages(name: string, downloader: Downloader, table: Map<string, string>): Promise<boolean> {
  let timestamp = "";
  for (let offset = 0; ; offset += PAGE_ROUTES) {
    const { status, headers, body } = await get(pageUrl(name, offset, timestamp), downloader);
    if (status === 400 && timestamp !== "") return false;
    if (status !== 200) throw new EskipFailure(`${name}: expected status 200, got ${status}`);
    addRoutes(table, body, name);
    // Only a support listener cuts its list into pages, and says when its table was made.
    const madeAt = headers["x-timestamp"];
    if (typeof madeAt !== "string" || offset + PAGE_ROUTES >= Number(headers["x-count"])) return true;
    timestamp = madeAt;
  }
}

/** Parameters that a document without pages does not look at. */
function pageUrl(name: string, offset: number, timestamp: string): string {
  const url = new URL(name);
  url.searchParams.set("offset", String(offset));
  url.searchParams.set("limit", String(PAGE_ROUTES));
  url.searchParams.set("nopretty", "1");
  if (timestamp !== "") url.searchParams.set("timestamp", timestamp);
  return url.href;
}

async function get(url: string, downloader: Downloader): ReturnType<Downloader["get"]> {
  try {
    return await downloader.get({ url, address: "", headers: {}, waitMs: 0 });
  } catch (error) {
    throw new EskipFailure(error instanceof Error ? error.message : String(error));
  }
}

function addRoutes(table: Map<string, string>, bytes: Uint8Array, name: string): void {
  let repeated = "";
  const error = parseRoutes(bytes, (route) => {
    if (table.has(route.id)) repeated = route.id;
    table.set(route.id, comparedExpression(route));
  });
  if (error !== null) throw new EskipFailure(`${name}: ${error.message}`, error.explanation);
  if (repeated !== "") throw new EskipFailure(`${name}: repeating route with id ${repeated}`);
}
