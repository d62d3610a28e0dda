// The served routes in the order of their ids, as a value that never changes: a change gives another table, which shares with the one
// before all groups that were not touched. A group is a run of some dozens of routes; their lines are joined, hashed and compressed
// together, so a changed route costs its group and not the text.
//
// Where a group begins depends on the ids alone: equal routes give equal groups on every replica, whatever happened before, and so
// also equal bytes when the groups are compressed one by one.

import { compareBytes } from "../eskip/byte-order.ts";
import { lineInZone, type ServedRoute } from "./served-route.ts";
import { TextPiece } from "./text-piece.ts";

/** A power of two: routes in a group on average. */
const GROUP_ROUTES = 64;

/** Routes in the order of their ids, with the texts of their lines. */
export class RouteGroup {
  readonly routes: readonly ServedRoute[];
  readonly #pieces = new Map<string, TextPiece>();

  constructor(routes: readonly ServedRoute[]) {
    this.routes = routes;
  }

  /**
   * The lines in a zone, made at the first call; zones in which no line differs share that of the full table (""). `former`: what may
   * have stood in its place before, and stays when it is the same text.
   */
  piece(zone: string, former: TextPiece | undefined = undefined): TextPiece {
    const known = this.#pieces.get(zone);
    if (known !== undefined) return known;
    const isOwn = zone === "" || this.routes.some(({ zoneLines }) => zoneLines?.has(zone));
    let piece = isOwn ? new TextPiece(this.routes.map((route) => lineInZone(route, zone)).join("\n")) : this.piece("");
    if (isOwn && former?.bytes.equals(piece.bytes)) piece = former;
    this.#pieces.set(zone, piece);
    return piece;
  }
}

/** What becomes of ids: a route, or null when there is none any more. */
export type RouteChanges = ReadonlyMap<string, ServedRoute | null>;

export class ServedTable {
  static readonly empty: ServedTable = new ServedTable([], 0, new Map());

  readonly groups: readonly RouteGroup[];
  /** Number of routes. */
  readonly count: number;
  /** The routes that have endpoints in each zone, by zone. */
  readonly #zones: ReadonlyMap<string, number>;

  private constructor(groups: readonly RouteGroup[], count: number, zones: ReadonlyMap<string, number>) {
    this.groups = groups;
    this.count = count;
    this.#zones = zones;
  }

  /** Whether some endpoint is in the zone. */
  hasZone(zone: string): boolean {
    return this.#zones.has(zone);
  }

  route(id: string): ServedRoute | undefined {
    return this.groups[this.#groupOf(id)]?.routes.find((route) => route.id === id);
  }

  /** The table with these changes; the same one when none of them changes a line. */
  change(changes: RouteChanges): ServedTable {
    const ids = [...changes.keys()].filter((id) => isChange(this.route(id), changes.get(id)!)).sort(compareBytes);
    if (ids.length === 0) return this;
    const zones = new Map(this.#zones);
    const groups: RouteGroup[] = [];
    let count = this.count;
    let kept = 0;
    for (let at = 0; at < ids.length; ) {
      const first = this.#firstTouched(ids[at]!, changes);
      let after = first;
      const routes = new Map<string, ServedRoute>();
      // All further changes that fall into the groups of this run, which each of them may make longer.
      for (; at < ids.length && (after === first || this.#firstTouched(ids[at]!, changes) < after); at++) {
        const id = ids[at]!;
        for (const end = this.#groupOf(id) + 1; after < end; after++) {
          for (const route of this.groups[after]?.routes ?? []) routes.set(route.id, route);
        }
        const before = routes.get(id);
        const next = changes.get(id)!;
        if (before !== undefined) countZones(zones, before, -1);
        if (next === null) routes.delete(id);
        else {
          routes.set(id, next);
          countZones(zones, next, 1);
        }
        count += (next === null ? 0 : 1) - (before === undefined ? 0 : 1);
      }
      groups.push(...this.groups.slice(kept, first), ...grouped(routes));
      kept = after;
    }
    groups.push(...this.groups.slice(kept));
    return new ServedTable(groups, count, zones);
  }

  /** The first group that a change of this id touches: when the route that begins a group goes, that is the group before. */
  #firstTouched(id: string, changes: RouteChanges): number {
    let group = this.#groupOf(id);
    while (group > 0 && changes.get(this.groups[group]!.routes[0]!.id) === null) group--;
    return group;
  }

  /** The group in which an id is, or would be. */
  #groupOf(id: string): number {
    let low = 0;
    let high = this.groups.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareBytes(this.groups[middle]!.routes[0]!.id, id) <= 0) low = middle + 1;
      else high = middle;
    }
    return Math.max(low - 1, 0);
  }
}

function isChange(before: ServedRoute | undefined, after: ServedRoute | null): boolean {
  if (before === undefined || after === null) return before !== (after ?? undefined);
  return before.line !== after.line;
}

function countZones(zones: Map<string, number>, { zones: names }: ServedRoute, by: number): void {
  for (const zone of names) {
    const count = (zones.get(zone) ?? 0) + by;
    if (count === 0) zones.delete(zone);
    else zones.set(zone, count);
  }
}

function grouped(routes: ReadonlyMap<string, ServedRoute>): RouteGroup[] {
  const sorted = [...routes.values()].sort((a, b) => compareBytes(a.id, b.id));
  const groups: RouteGroup[] = [];
  let from = 0;
  for (let i = 1; i <= sorted.length; i++) {
    if (i < sorted.length && !beginsGroup(sorted[i]!.id)) continue;
    groups.push(new RouteGroup(sorted.slice(from, i)));
    from = i;
  }
  return groups;
}

/** FNV-1a over the units of the id, its halves folded together. */
function beginsGroup(id: string): boolean {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return ((hash ^ (hash >>> 16)) & (GROUP_ROUTES - 1)) === 0;
}
