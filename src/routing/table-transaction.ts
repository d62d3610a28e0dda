// What goes into a change of the routing table, and what is told of it afterwards.

import type { Route } from "../eskip/route.ts";
import type { RouteText, RouteTransaction } from "../spec/data-client.ts";
import type { RouteCheckProblem } from "./check-route.ts";

/** One change of one source; the contract of data clients, with variants. */
export interface TableTransaction extends RouteTransaction {
  /**
   * `variant` (0 to 255) tells routes apart that have the same id and are to be in the table both, like a clone and a route that
   * happens to have its id: merging and deleting look at id and variant.
   */
  upsert(route: Route, text?: RouteText, variant?: number): void;
  delete(id: string, variant?: number): void;
}

export interface InvalidRoute {
  readonly route: Route;
  readonly problem: RouteCheckProblem;
}

export interface TransactionResult {
  /** Routes that were delivered, and members that went. */
  readonly upserts: number;
  readonly deletes: number;
  /** Routes of this transaction that cannot be used, in order; also those that are not listed. */
  readonly invalid: readonly InvalidRoute[];
  /** What the log says of routes of this transaction that are valid and never match, because their path cannot be built. */
  readonly unbuildable: readonly string[];
  /** What came to the list of `invalid()`, and what left it. One that came and left at once is in both. */
  readonly listed: readonly InvalidRoute[];
  readonly unlisted: readonly InvalidRoute[];
  /** Routes that came in beside one of another source with their id: how many, and the first of the ids. */
  readonly shared: { readonly count: number; readonly ids: readonly string[] };
  /** False when the table is the same as before. */
  readonly changed: boolean;
}
