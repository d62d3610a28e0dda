// What the source of routes delivers, on its way to what is served: pre-processors in the order of spec routesrv 3, the check that a
// proxy would make, and the choice between clones that are shown under one id. Invalid routes are kept out, and each is reported once.
//
// Invariant: what is handed on is the difference between what was accepted before and now, whole transactions at a time.

import type { InvalidReason } from "../eskip/diagnostics.ts";
import type { Route } from "../eskip/route.ts";
import type { Logger } from "../observability/log.ts";
import { joinCloneId, splitCloneId } from "../routing/pre-processors/clone-id.ts";
import { preProcess } from "../routing/pre-processors/pre-processing.ts";
import type { DataClientHost, RouteTransaction } from "../spec/data-client.ts";
import type { PreProcessor } from "../spec/processor.ts";
import { type ServedRoute, serveRoute } from "./served-route.ts";

/** Why a proxy could not use a route. */
export interface RefusedRoute {
  readonly reason: InvalidReason;
  readonly text: string;
  readonly detail: string;
  /** False: the text names the route and is the whole line. */
  readonly listed: boolean;
}

export interface RouteIntakeOptions {
  readonly preProcessors: readonly PreProcessor[];
  /** Served beside those of the source, from its first delivery on: of our own making, so not checked. */
  readonly fixed: readonly Route[];
  /** Those that fixed routes run through. */
  readonly fixedPreProcessors: readonly PreProcessor[];
  /** Null: the route can be used. */
  readonly check: (route: Route) => RefusedRoute | null;
  readonly log: Logger;
  /** A route is refused for this reason (1), or not any more (-1). */
  refused(id: string, reason: InvalidReason, by: 1 | -1): void;
  /** What changed, by the ids that are served; null: gone. Called after every transaction, also without changes. */
  accepted(changes: ReadonlyMap<string, ServedRoute | null>): void;
  /** A load or an update failed. */
  failed(reason: string): void;
}

/** Refused routes of one transaction that are logged; the metric has all of them. */
const MAX_LOGGED = 100;

/** A route after pre-processing, or why it is not served. */
type Outcome = ServedRoute | RefusedRoute;

export class RouteIntake implements DataClientHost {
  readonly #options: RouteIntakeOptions;
  /** By the id with the marks of clones. */
  readonly #outcomes = new Map<string, Outcome>();
  /** What a route of the source became, where that is not simply the same id. */
  readonly #produced = new Map<string, readonly string[]>();
  /** The numbers that clones have been told apart by, largest first; 0 is for no clone. */
  #variants: readonly number[] = [0];
  #hasFixed = false;
  readonly #fixedIds = new Set<string>();

  constructor(options: RouteIntakeOptions) {
    this.#options = options;
  }

  apply(_initial: boolean, write: (transaction: RouteTransaction) => void): void {
    // The last of an id wins, and an upsert over a delete. Nothing is in force before `write` has returned.
    const delivered = new Map<string, Route | null>();
    write({
      reset: () => {
        for (const id of this.#sources()) delivered.set(id, null);
      },
      upsert: (route) => delivered.set(route.id, route),
      delete: (id) => {
        if ((delivered.get(id) ?? null) === null) delivered.set(id, null);
      },
    });
    const touched = new Set<string>();
    if (!this.#hasFixed) this.#addFixed(touched);
    let refused = 0;
    for (const [id, route] of delivered) {
      for (const [raw, outcome] of this.#replace(id, route)) {
        touched.add(splitCloneId(raw).shown);
        if (this.#report(raw, outcome, refused < MAX_LOGGED)) refused++;
      }
    }
    if (refused > MAX_LOGGED) this.#options.log.error(`failed to process routes, count: ${refused}`);
    this.#options.accepted(new Map([...touched].map((shown) => [shown, this.#served(shown)])));
  }

  failed(_initial: boolean, reason: string): void {
    this.#options.failed(reason);
  }

  #addFixed(touched: Set<string>): void {
    const { fixed, fixedPreProcessors } = this.#options;
    this.#hasFixed = true;
    for (const made of fixed.flatMap((route) => preProcess(fixedPreProcessors, route))) {
      this.#outcomes.set(made.id, this.#outcome(made, false));
      this.#fixedIds.add(made.id);
      touched.add(splitCloneId(made.id).shown);
    }
  }

  /** The ids that the source has delivered. */
  *#sources(): Generator<string> {
    yield* this.#produced.keys();
    const made = new Set([...this.#fixedIds, ...[...this.#produced.values()].flat()]);
    for (const raw of this.#outcomes.keys()) if (!made.has(raw)) yield raw;
  }

  /** What one route of the source becomes: an outcome for every id that it has or had. */
  #replace(id: string, route: Route | null): ReadonlyMap<string, Outcome | null> {
    const changes = new Map<string, Outcome | null>();
    for (const raw of this.#produced.get(id) ?? [id]) changes.set(raw, null);
    const routes = route === null ? [] : [preProcess(this.#options.preProcessors, route)].flat();
    for (const made of routes) changes.set(made.id, this.#outcome(made, true));
    if (routes.length === 0 || (routes.length === 1 && routes[0]!.id === id)) this.#produced.delete(id);
    else {
      this.#produced.set(
        id,
        routes.map((made) => made.id),
      );
    }
    return changes;
  }

  #outcome(route: Route, isChecked: boolean): Outcome {
    const { shown, variant } = splitCloneId(route.id);
    if (!this.#variants.includes(variant)) {
      this.#variants = [...this.#variants, variant].sort((a, b) => b - a);
    }
    const named = variant === 0 ? route : { ...route, id: shown };
    return (isChecked ? this.#options.check(named) : null) ?? serveRoute(shown, named);
  }

  /** Takes the outcome up; true when a reason is new and was to be told. */
  #report(raw: string, outcome: Outcome | null, isLogged: boolean): boolean {
    const { log, refused } = this.#options;
    const before = this.#outcomes.get(raw);
    if (outcome === null) this.#outcomes.delete(raw);
    else this.#outcomes.set(raw, outcome);
    const { shown } = splitCloneId(raw);
    if (before !== undefined && isRefused(before)) refused(shown, before.reason, -1);
    if (outcome === null || !isRefused(outcome)) return false;
    refused(shown, outcome.reason, 1);
    if (before !== undefined && isRefused(before) && before.text === outcome.text) return false;
    const isWhole = outcome.reason === "invalid_matcher" || !outcome.listed;
    const text = isWhole ? outcome.text : `failed to process route ${shown}: ${outcome.text}`;
    if (isLogged) log.error(text, outcome.detail === "" ? undefined : { detail: outcome.detail });
    return true;
  }

  /** Of several clones of one id the one of the latest rule, as a reader of both lines would take it. */
  #served(shown: string): ServedRoute | null {
    for (const variant of this.#variants) {
      const outcome = this.#outcomes.get(joinCloneId(shown, variant));
      if (outcome !== undefined && !isRefused(outcome)) return outcome;
    }
    return null;
  }
}

function isRefused(outcome: Outcome): outcome is RefusedRoute {
  return "reason" in outcome;
}
