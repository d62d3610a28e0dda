// What is served at one time: the full table, a table for every zone, and deltas to them. Texts are made when they are first asked
// for, each from the one that its zone had before; a zone in which nothing changed keeps its text.

import { printDelta, type RouteDelta } from "../eskip/route-delta.ts";
import { zlib } from "../util/lazy-builtin.ts";
import { ChangeHistory } from "./change-history.ts";
import { lineInZone } from "./served-route.ts";
import type { ServedTable } from "./served-table.ts";
import { Snapshot } from "./snapshot.ts";

/** A difference between two texts, to be sent as it is. */
export interface PackedDelta {
  readonly plain: Buffer;
  readonly gzip: Buffer;
}

/** Larger deltas save too little. */
const MAX_DELTA_IDS = 2000;
/** What the deltas to one table may take together: they are kept until the next one. Whoever comes later gets all of the table. */
const MAX_DELTA_BYTES = 16 << 20;

export class Publications {
  readonly #history: ChangeHistory;
  #version = 0;
  #table: ServedTable | null = null;
  #changedMs = 0;
  /** The last text of each zone, and the version that it was made or confirmed in. */
  readonly #snapshots = new Map<string, { readonly version: number; readonly snapshot: Snapshot }>();
  readonly #deltas = new Map<string, PackedDelta | null>();
  #deltaBytes = 0;

  /** `historyBytes`: what may be kept of earlier tables. */
  constructor(historyBytes: number) {
    this.#history = new ChangeHistory(historyBytes);
  }

  /** False until the first table. */
  get isInitialized(): boolean {
    return this.#table !== null;
  }

  /** When the full text changed, in whole seconds as HTTP dates tell them; milliseconds since 1970. */
  get lastModifiedMs(): number {
    return Math.floor(this.#changedMs / 1000) * 1000;
  }

  /** Puts a table in force; `ids` are those whose lines differ from the table before. */
  publish(table: ServedTable, ids: readonly string[], nowMs: number): void {
    this.#version++;
    this.#table = table;
    this.#changedMs = nowMs;
    this.#deltas.clear();
    this.#deltaBytes = 0;
    this.#history.add(this.#version, ids);
    // What nobody may ask for any more.
    for (const zone of this.#snapshots.keys()) if (zone !== "" && !table.hasZone(zone)) this.#snapshots.delete(zone);
  }

  /** The present text of a zone; "" and zones without endpoints: of the full table. Only when there is a table. */
  snapshot(zone: string): Snapshot {
    const table = this.#table!;
    const name = table.hasZone(zone) ? zone : "";
    const before = this.#snapshots.get(name);
    if (before?.version === this.#version) return before.snapshot;
    const last = before?.snapshot ?? null;
    const pieces = table.groups.map((group, i) => group.piece(name, last?.pieces[i]));
    const isSame = last?.pieces.length === pieces.length && pieces.every((piece, i) => piece === last.pieces[i]);
    const snapshot = isSame && last !== null ? last : new Snapshot(pieces, table.count, last);
    this.#snapshots.set(name, { version: this.#version, snapshot });
    this.#history.name(name, snapshot.hash);
    return snapshot;
  }

  /** What makes the present text of a zone of the one with this hash; null when that is not known or not worth it. */
  delta(zone: string, hash: string): PackedDelta | null {
    const present = this.snapshot(zone);
    const name = this.#table!.hasZone(zone) ? zone : "";
    const key = `${name} ${hash}`;
    const known = this.#deltas.get(key);
    if (known !== undefined) return known;
    if (this.#deltaBytes > MAX_DELTA_BYTES) return null;
    const packed = this.#makeDelta(name, hash, present);
    this.#deltas.set(key, packed);
    this.#deltaBytes += key.length + (packed === null ? 0 : packed.plain.length + packed.gzip.length);
    return packed;
  }

  #makeDelta(zone: string, hash: string, present: Snapshot): PackedDelta | null {
    const ids = this.#history.changesSince(zone, hash);
    if (ids === null || ids.size > MAX_DELTA_IDS) return null;
    const text = printDelta(linesOf(this.#table!, zone, ids));
    const plain = Buffer.from(text, "utf8");
    return plain.length >= present.bytes ? null : { plain, gzip: zlib().gzipSync(plain) };
  }
}

function linesOf(table: ServedTable, zone: string, ids: ReadonlySet<string>): RouteDelta {
  const deletes: string[] = [];
  const upserts = new Map<string, string>();
  for (const id of ids) {
    const route = table.route(id);
    if (route === undefined) deletes.push(id);
    else upserts.set(id, lineInZone(route, zone));
  }
  return { deletes, upserts };
}
