// Which routes of a table become valid or invalid, or weigh otherwise, when the registry knows some names otherwise than before. Called by
// table.ts when plugins change; it looks at every record, and parses those whose text has one of the names.

import { normalizeSlots } from "../eskip/canonical.ts";
import type { Route } from "../eskip/route.ts";
import type { Registry } from "../spec/registry.ts";
import type { RouteCheckProblem } from "./check-route.ts";
import type { TableMembers } from "./table-members.ts";
import type { TableStore } from "./table-store.ts";
import type { InvalidRoute } from "./table-transaction.ts";
import { routeWeight } from "./weight.ts";

interface CheckedTable {
  readonly store: TableStore;
  readonly members: TableMembers;
  /** The problems of invalid records; those that have another reason now are written down. */
  readonly invalid: Map<number, InvalidRoute>;
  readonly registry: Registry;
  routeOf(record: number): Route;
  check(route: Route, record: number): RouteCheckProblem | null;
}

/** By source. */
export type ChangedRoutes = ReadonlyMap<number, readonly { readonly route: Route; readonly variant: number }[]>;

export function findChangedRoutes(names: Iterable<string>, table: CheckedTable): ChangedRoutes {
  const { store, members, invalid, registry } = table;
  const needles = Array.from(names, (name) => Buffer.from(name));
  const changed = new Map<number, { readonly route: Route; readonly variant: number }[]>();
  for (let record = 1; record < store.recordCount; record++) {
    if (!members.isMember(record)) continue;
    const before = invalid.get(record);
    if (before === undefined && !hasName(store, record, needles)) continue;
    const route = before?.route ?? table.routeOf(record);
    const problem = table.check(route, record);
    if (problem !== null && before !== undefined) {
      invalid.set(record, { route, problem });
      continue;
    }
    const isSame = problem === null && before === undefined;
    if (isSame && routeWeight(normalizeSlots(route), registry) === store.recordWeight[record]) continue;
    const source = members.sourceOf(record);
    const list = changed.get(source) ?? [];
    list.push({ route, variant: members.ids.variantOf(record) });
    changed.set(source, list);
  }
  return changed;
}

/** Whether one of the names stands in the text of a record. */
function hasName(store: TableStore, record: number, needles: readonly Buffer[]): boolean {
  const { buffer, byteOffset } = store.segments[store.recordSegment[record]!]!;
  const start = store.recordStart[record]!;
  const text = Buffer.from(buffer, byteOffset + start, store.recordEnd[record]! - start);
  return needles.some((needle) => text.includes(needle));
}
