// The routing table, main thread: takes changes of the sources, checks the routes, writes them into shared memory and publishes.
// A change is a transaction: readers see all of it or nothing, and when the writer throws nothing of it happened. What a route
// costs to change does not depend on the size of the table.

import { normalizeSlots } from "../eskip/canonical.ts";
import { parseRouteExpression } from "../eskip/parser.ts";
import { printExpression } from "../eskip/printer.ts";
import type { Route } from "../eskip/route.ts";
import type { RouteText } from "../spec/data-client.ts";
import type { Registry } from "../spec/registry.ts";
import { randomSeed } from "../util/random-seed.ts";
import { accountFor } from "../util/shared-arena.ts";
import { yieldCore } from "../util/yield-core.ts";
import { findChangedRoutes } from "./changed-routes.ts";
import { checkRoute } from "./check-route.ts";
import { Compaction, FIRST_VERSION } from "./compaction.ts";
import { hangRoute } from "./hang-route.ts";
import { HostKeys } from "./host-keys.ts";
import { RecordOrder } from "./record-order.ts";
import { IdBytes, offerText, settleTexts, writeId, writeText } from "./record-texts.ts";
import { stageBackend } from "./stage-backend.ts";
import { TableChange } from "./table-change.ts";
import { FLAG_PATH_POSITION, recordId, type TableGeneration } from "./table-generation.ts";
import { TableMembers } from "./table-members.ts";
import { TableStore } from "./table-store.ts";
import type { InvalidRoute, TableTransaction, TransactionResult } from "./table-transaction.ts";
import { routeWeight } from "./weight.ts";

const SHARED_IDS = 10;

export interface RoutingTableOptions {
  readonly registry: Registry;
  readonly ignoreTrailingSlash: boolean;
  /** Called with every generation that workers have to adopt. */
  readonly publish: (generation: TableGeneration) => void;
  /** Milliseconds since 1970. */
  now(): number;
  /** Routes that the table has room for at first. */
  readonly initialRoutes?: number;
  /** Removed records that are worth a compaction, when they also outnumber the others. */
  readonly compactAfter?: number;
  /** How long one step of compaction may take. */
  readonly stepMs?: number;
  /** Runs a step of compaction between changes. By default a timer that does not keep the process alive. */
  readonly schedule?: (step: () => void) => void;
}

/** Untouched room costs no memory, and a table that need not move costs its readers no message. */
const INITIAL_ROUTES = 1 << 20;
/** Routes of a long text that tell how many there will be. */
const SAMPLE_ROUTES = 1000;
const COMPACT_AFTER = 20_000;
const COMPACT_AFTER_BYTES = 1 << 24;
const STEP_MS = 5;
const PAUSE_MS = 10;

export class RoutingTable {
  readonly #options: RoutingTableOptions;
  readonly #seed = randomSeed();
  #store: TableStore;
  #members: TableMembers;
  #order: RecordOrder;
  #version = 0;
  #builtAtMs: number;
  #compaction: Compaction | null = null;
  /** Problems of invalid records. */
  #invalid = new Map<number, InvalidRoute>();
  readonly #id = new IdBytes();
  readonly #hostKeys = new HostKeys();

  constructor(options: RoutingTableOptions) {
    this.#options = options;
    this.#store = new TableStore(this.#seed, options.initialRoutes ?? INITIAL_ROUTES, 0);
    this.#members = new TableMembers(this.#store, this.#seed);
    this.#order = new RecordOrder();
    this.#builtAtMs = options.now();
  }

  /** The generation that a new worker starts with. */
  generation(): TableGeneration {
    return this.#store.published;
  }

  /** Counts the changes. */
  get version(): number {
    return this.#version;
  }

  /** When the build of the current table began. */
  get builtAtMs(): number {
    return this.#builtAtMs;
  }

  /** Valid routes in the table. */
  get count(): number {
    return this.#members.valid;
  }

  /** The routes that are left out now, with the reason; those that vanish without being listed are not among them. */
  invalid(): readonly InvalidRoute[] {
    const list: InvalidRoute[] = [];
    for (const [record, invalid] of this.#invalid) {
      if (invalid.problem.listed && this.#members.isWinner(record)) list.push(invalid);
    }
    return list;
  }

  /** Valid routes in the order of their ids, as `/routes` shows them. */
  page(offset: number, limit: number): Route[] {
    const members = this.#members;
    const { recordCount } = this.#store;
    const sorted = this.#order.sorted(this.#store, recordCount, this.#version, (record) => {
      return members.isWinner(record) && !members.isInvalid(record);
    });
    const routes: Route[] = [];
    for (let i = offset; i < Math.min(sorted.length, offset + limit); i++) routes.push(this.#routeOf(sorted[i]!));
    return routes;
  }

  /** The route that a source delivered under an id, null when there is none. */
  get(source: number, id: string, variant = 0): Route | null {
    this.#id.set(id);
    const record = this.#members.find(source, this.#id.bytes, this.#id.length, variant);
    if (record === 0) return null;
    return this.#invalid.get(record)?.route ?? this.#routeOf(record);
  }

  /** Runs `write` and puts what it wrote in force. When it throws, so does this, and nothing has happened. */
  transact(source: number, write: (transaction: TableTransaction) => void): TransactionResult {
    return this.#transact(source, write, false);
  }

  /** `checksAll`: also what was checked before, as the registry is another one by now. */
  #transact(source: number, write: (transaction: TableTransaction) => void, checksAll: boolean): TransactionResult {
    const beganAtMs = this.#options.now();
    const firstStaged = this.#store.recordCount;
    const change: TableChange = new TableChange((route, text, variant) => {
      this.#id.set(route.id);
      if (checksAll || text !== undefined || !this.#stageBackend(source, firstStaged, route, variant)) {
        this.#stage(source, firstStaged, change, route, text, variant);
      }
    });
    try {
      write(change);
    } catch (error) {
      this.#abandon(firstStaged);
      throw error;
    }
    // Nobody sees yet what was written: a request need not wait for the rest.
    yieldCore();
    return this.#commit(source, change, firstStaged, beganAtMs);
  }

  /**
   * The registry knows filters or predicates of these names otherwise than before: routes that name them are checked and weighed anew,
   * and those that were left out. One result for each source that this changes something for.
   */
  recheck(names: Iterable<string>): TransactionResult[] {
    const { registry, ignoreTrailingSlash } = this.#options;
    const changed = findChangedRoutes(names, {
      store: this.#store,
      members: this.#members,
      invalid: this.#invalid,
      registry,
      routeOf: (record) => this.#routeOf(record),
      check: (route, record) => checkRoute(route, registry, record, this.#hostKeys, ignoreTrailingSlash),
    });
    return Array.from(changed, ([source, routes]) =>
      this.#transact(
        source,
        (transaction) => {
          for (const { route, variant } of routes) transaction.upsert(route, undefined, variant);
        },
        true,
      ),
    );
  }

  #abandon(firstStaged: number): void {
    for (let record = firstStaged; record < this.#store.recordCount; record++) this.#invalid.delete(record);
    this.#store.dropRecordsFrom(firstStaged);
    this.#store.texts.forgetOffered();
  }

  /** Does what `#stage` would do when nothing but the backend of a route has changed; else false. */
  #stageBackend(source: number, firstStaged: number, route: Route, variant: number): boolean {
    const former = this.#members.find(source, this.#id.bytes, this.#id.length, variant);
    if (former === 0 || former >= firstStaged) return false;
    const normal = normalRoute(route);
    return stageBackend(this.#store, this.#members, former, normal, pathPosition(normal));
  }

  /** Writes a route, whose id is in `#id`, into a new record that nobody sees yet. */
  #stage(
    source: number,
    firstStaged: number,
    change: TableChange,
    route: Route,
    text: RouteText | undefined,
    variant: number,
  ): void {
    const store = this.#store;
    const { registry, ignoreTrailingSlash } = this.#options;
    const problem = checkRoute(route, registry, store.recordCount, this.#hostKeys, ignoreTrailingSlash);
    if (text !== undefined && store.recordCount - firstStaged === SAMPLE_ROUTES) this.#reserve(text, firstStaged);
    const record = store.addRecord();
    const normal = problem === null ? normalRoute(route) : route;
    if (text !== undefined && problem === null) offerText(store, record, this.#id, text);
    else this.#printText(record, normal);
    const hash = this.#members.ids.hash(this.#id.bytes, this.#id.length, variant);
    this.#members.describe(record, source, problem !== null, hash, variant);
    if (problem !== null) {
      const invalid = { route, problem };
      this.#invalid.set(record, invalid);
      change.invalid.push(invalid);
      return;
    }
    const position = pathPosition(normal);
    if (position !== 0) store.recordFlags[record] = position;
    store.recordWeight[record] = routeWeight(normal, registry);
    const unbuildable = hangRoute(store, record, normal, ignoreTrailingSlash, this.#hostKeys);
    if (unbuildable.length > 0) change.unbuildable.push(...unbuildable);
  }

  #reserve(text: RouteText, firstStaged: number): void {
    const records = expectedRecords(text, firstStaged, this.#store.recordCount);
    this.#store.reserve(records);
    this.#members.reserve(records);
  }

  #printText(record: number, route: Route): void {
    writeId(this.#store, record, this.#id.bytes, 0, this.#id.length);
    const bytes = Buffer.from(printExpression(route));
    writeText(this.#store, record, bytes, 0, bytes.length);
  }

  #commit(source: number, change: TableChange, firstStaged: number, beganAtMs: number): TransactionResult {
    const store = this.#store;
    const members = this.#members;
    const version = store.version + 1;
    const stagedEnd = store.recordCount;
    let placed = 0;
    for (let record = firstStaged; record < stagedEnd; record++) {
      if (members.place(record, firstStaged, version)) placed++;
      else this.#invalid.delete(record);
    }
    const deletes = this.#deleteMembers(source, change, firstStaged, version);
    members.endTransaction();
    const changed = placed > 0 || deletes > 0;
    let listing = unchangedListing;
    if (changed) {
      settleTexts(store, members, firstStaged, stagedEnd);
      listing = this.#settleProblems();
      yieldCore();
      store.linkPending(version);
      this.#version++;
      this.#builtAtMs = beganAtMs;
      const generation = store.publish(version);
      if (generation !== null) this.#options.publish(generation);
      this.#compactWhenWorth();
    } else {
      this.#abandon(firstStaged);
    }
    const { upserts, invalid, unbuildable } = change;
    return { upserts, deletes, invalid, unbuildable, ...listing, changed };
  }

  /** Begins a compaction when what is removed outweighs what is there. */
  #compactWhenWorth(): void {
    if (this.#compaction !== null) return;
    const { members, liveBytes } = this.#members;
    const { compactAfter = COMPACT_AFTER } = this.#options;
    const removed = this.#store.recordCount - 1 - members;
    const wastedBytes = this.#store.texts.heldBytes - liveBytes;
    const isWorth = removed > Math.max(compactAfter, members) || wastedBytes > Math.max(COMPACT_AFTER_BYTES, liveBytes);
    if (!isWorth) return;
    const { initialRoutes = INITIAL_ROUTES } = this.#options;
    this.#compaction = new Compaction(this.#store, this.#members, this.#seed, initialRoutes);
    this.#scheduleStep();
  }

  #scheduleStep(): void {
    const { schedule = scheduleTimer, stepMs = STEP_MS } = this.#options;
    schedule(() => {
      if (this.#compaction!.step(stepMs)) this.#finishCompaction(this.#compaction!);
      else this.#scheduleStep();
    });
  }

  #finishCompaction(compaction: Compaction): void {
    const renumbered = compaction.finish();
    const invalid = new Map<number, InvalidRoute>();
    for (const [record, one] of this.#invalid) {
      const number = renumbered[record] ?? 0;
      if (number !== 0) invalid.set(number, one);
    }
    this.#compaction = null;
    compaction.members.forgetNews();
    this.#invalid = invalid;
    accountFor(this.#store, compaction.store.replacedBytes);
    this.#store = compaction.store;
    this.#members = compaction.members;
    this.#order = new RecordOrder();
    this.#options.publish(this.#store.publish(FIRST_VERSION)!);
  }

  /** Takes out what the change deletes; what it also delivered stays. */
  #deleteMembers(source: number, change: TableChange, firstStaged: number, version: number): number {
    const members = this.#members;
    let deletes = 0;
    const remove = (record: number): void => {
      if (members.isDelivered(record, firstStaged)) return;
      members.remove(record, firstStaged, version);
      deletes++;
    };
    for (const { id, variant } of change.deleted) {
      this.#id.set(id);
      const record = members.find(source, this.#id.bytes, this.#id.length, variant);
      if (record !== 0) remove(record);
    }
    if (!change.isReset) return deletes;
    for (let record = 1; record < firstStaged; record++) {
      if (members.isMember(record) && members.sourceOf(record) === source) remove(record);
    }
    return deletes;
  }

  /** Follows records that got new numbers, tells what the change did to `invalid()`, and forgets the problems of what went. */
  #settleProblems(): Listing {
    const members = this.#members;
    const { revived } = members;
    for (let i = 0; i < revived.length; i += 2) {
      const invalid = this.#invalid.get(revived[i]!);
      if (invalid !== undefined) this.#invalid.set(revived[i + 1]!, invalid);
    }
    const listing = {
      listed: this.#listedAmong(members.invalidSeated),
      unlisted: this.#listedAmong(members.invalidUnseated),
      shared: this.#firstIds(members.shared),
    };
    for (let i = 0; i < revived.length; i += 2) this.#invalid.delete(revived[i]!);
    for (const record of members.invalidDropped) this.#invalid.delete(record);
    revived.length = 0;
    members.forgetNews();
    return listing;
  }

  #listedAmong(records: readonly number[]): InvalidRoute[] {
    return records.map((record) => this.#invalid.get(record)!).filter(({ problem }) => problem.listed);
  }

  #firstIds(records: readonly number[]): TransactionResult["shared"] {
    // One may have been replaced by a later definition of the same change.
    const members = records.filter((record) => this.#members.isMember(record));
    return { count: members.length, ids: members.slice(0, SHARED_IDS).map((record) => recordId(this.#store, record)) };
  }

  #routeOf(record: number): Route {
    const store = this.#store;
    const bytes = store.segments[store.recordSegment[record]!]!;
    const id = recordId(store, record);
    const route = parseRouteExpression(bytes, store.recordStart[record]!, store.recordEnd[record]!, id);
    const position = store.recordFlags[record]! & FLAG_PATH_POSITION;
    if (position === 0 || route.path === "") return route;
    const predicates = route.predicates.slice();
    predicates.splice(position - 1, 0, { name: "Path", args: [route.path] });
    return { ...route, path: "", predicates };
  }
}

type Listing = Pick<TransactionResult, "listed" | "unlisted" | "shared">;

const unchangedListing: Listing = { listed: [], unlisted: [], shared: { count: 0, ids: [] } };

function scheduleTimer(step: () => void): void {
  setTimeout(step, PAUSE_MS).unref();
}

function normalRoute(route: Route): Route {
  return route.predicates.length > 0 ? normalizeSlots(route) : route;
}

/** Where `Path` stands in the list of a normalized route, plus one; 0 when it is not there. Only what is printed counts. */
function pathPosition(route: Route): number {
  if (route.path !== "" || route.predicates.length === 0) return 0;
  let position = 0;
  for (const { name } of route.predicates) {
    if (name === "Path") return Math.min(position + 1, FLAG_PATH_POSITION);
    if (name !== "Any" && name !== "*") position++;
  }
  return 0;
}

/** Records that the table will hold when the rest of the text has as many routes per byte as the part before. */
function expectedRecords(text: RouteText, firstStaged: number, recordCount: number): number {
  const perByte = (recordCount - firstStaged) / Math.max(1, text.end);
  return Math.ceil(recordCount + (text.bytes.length - text.end) * perByte * 1.02);
}
