// What the writer of a transaction calls (table.ts), and what is noted of it.

import type { Route } from "../eskip/route.ts";
import type { RouteText } from "../spec/data-client.ts";
import type { InvalidRoute, TableTransaction } from "./table-transaction.ts";

/** Routes are staged as they come, deletions are noted. */
export class TableChange implements TableTransaction {
  readonly #stage: (route: Route, text: RouteText | undefined, variant: number) => void;
  isReset = false;
  upserts = 0;
  readonly deleted: { readonly id: string; readonly variant: number }[] = [];
  readonly invalid: InvalidRoute[] = [];
  readonly unbuildable: string[] = [];

  constructor(stage: (route: Route, text: RouteText | undefined, variant: number) => void) {
    this.#stage = stage;
  }

  reset(): void {
    this.isReset = true;
  }

  upsert(route: Route, text?: RouteText, variant = 0): void {
    this.upserts++;
    this.#stage(route, text, variant);
  }

  delete(id: string, variant = 0): void {
    this.deleted.push({ id, variant });
  }
}
