// Translates what changes of the cluster touched, in turns (pace.ts) so that the thread stays responsive.
//
// The watches of several kinds are not in step with each other: an Ingress that leads to a Service made just before it may be seen
// first. A source that changed and asks for a Service or endpoints that are not there keeps its former routes for a moment, until
// they are seen or the time is over.

import type { Logger } from "../observability/log.ts";
import {
  type ClusterState,
  type RouteSource,
  type SourceKey,
  TOUCH_ENDPOINTS,
  TOUCH_REFERENCE,
  TOUCH_SELF,
  type Touch,
} from "./cluster-state.ts";
import type { Translator } from "./data-client.ts";
import type { Pace } from "./pace.ts";
import type { Translation } from "./translation.ts";

/** A source with its new translation; both null when it is gone. */
export interface TranslationChange {
  readonly key: SourceKey;
  readonly source: RouteSource | null;
  readonly translation: Translation | null;
  /** The translation is the one before with other backends. */
  readonly isRenewal: boolean;
}

export class IncrementalTranslation {
  readonly #state: ClusterState;
  readonly #translator: Pick<Translator, "translate" | "renew">;
  /** Of sources as they are now that refer to endpoints. */
  readonly #renewable = new Map<SourceKey, Translation>();
  readonly #graceMs: number;
  readonly #log: Logger;
  /** Sources that wait for what they ask for, with the end of the wait in the time of performance.now(). */
  readonly #waiting = new Map<SourceKey, number>();

  /** `graceMs`: how long a changed source waits for what it refers to. */
  constructor(state: ClusterState, translator: Pick<Translator, "translate" | "renew">, graceMs: number, log: Logger) {
    this.#state = state;
    this.#translator = translator;
    this.#graceMs = graceMs;
    this.#log = log;
  }

  /** Milliseconds until the next wait is over; Infinity when nobody waits. */
  get nextWaitMs(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const end of this.#waiting.values()) first = Math.min(first, end);
    return first - performance.now();
  }

  /** Renews nothing of what was translated so far: it may not have been delivered. */
  forgetFormer(): void {
    this.#renewable.clear();
  }

  /** New translations of everything that is touched now. `waits` false: nobody waits for what is not there. */
  async run(waits: boolean, pace: Pace): Promise<TranslationChange[]> {
    const now = performance.now();
    for (const [key, end] of this.#waiting) if (end <= now) this.#state.touch(key, TOUCH_REFERENCE);
    const changes: TranslationChange[] = [];
    // What is touched during the pauses belongs to the next run, or a cluster that never rests would never be done.
    for (let left = this.#state.touched; left > 0; left--) {
      const next = this.#state.takeTouched();
      if (next === null) break;
      const change = this.#one(next.key, next.touch, waits);
      if (change !== null) changes.push(change);
      pace.step();
      if (pace.isOver) await pace.pause();
    }
    return changes;
  }

  #one(key: SourceKey, touch: Touch, waits: boolean): TranslationChange | null {
    const source = this.#state.source(key);
    const former = touch === TOUCH_ENDPOINTS ? this.#renewable.get(key) : undefined;
    this.#renewable.delete(key);
    if (source === undefined) {
      this.#waiting.delete(key);
      this.#state.record(key, nothing);
      return { key, source: null, translation: null, isRenewal: false };
    }
    try {
      return this.#renew(key, source, former) ?? this.#translate(key, source, waits && touch === TOUCH_SELF);
    } catch (error) {
      // A fault of ours: the object keeps its former routes, and the others go on.
      this.#log.error(`${key} cannot be translated: ${(error as Error).stack}`);
      return null;
    }
  }

  #renew(key: SourceKey, source: RouteSource, former: Translation | undefined): TranslationChange | null {
    if (former === undefined) return null;
    const translation = this.#translator.renew(former, this.#state.known);
    if (translation === null) return null;
    this.#renewable.set(key, translation);
    return { key, source, translation, isRenewal: true };
  }

  #translate(key: SourceKey, source: RouteSource, mayWait: boolean): TranslationChange | null {
    const view = this.#state.view();
    const translation = this.#translator.translate(source, view);
    this.#state.record(key, view.asked);
    if (view.isIncomplete && this.#waits(key, mayWait)) return null;
    this.#waiting.delete(key);
    if (translation.services.length > 0) this.#renewable.set(key, translation);
    return { key, source, translation, isRenewal: false };
  }

  #waits(key: SourceKey, mayBegin: boolean): boolean {
    const end = this.#waiting.get(key);
    if (end !== undefined) return performance.now() < end;
    if (!mayBegin || this.#graceMs <= 0) return false;
    this.#waiting.set(key, performance.now() + this.#graceMs);
    return true;
  }
}

const nothing: ReadonlySet<never> = new Set();
