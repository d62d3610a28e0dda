// What is thought of a RouteGroup, in its status: the condition Accepted. Nothing is written about a group without faults unless its
// status still speaks of some. Every proxy of a cluster finds the same, so each waits a random time first and looks again; and what
// one has written it writes again only when it thinks otherwise, so that two that do not agree do not quarrel.

import type { Logger } from "../observability/log.ts";
import type { ApiClient } from "./api-client.ts";
import { ApiError } from "./api-error.ts";
import type { ClusterState } from "./cluster-state.ts";
import type { AcceptedCondition, RouteGroup } from "./objects.ts";
import type { Translation } from "./translation.ts";

export interface RouteGroupStatusOptions {
  readonly client: ApiClient;
  readonly state: ClusterState;
  readonly log: Logger;
  /** Longest time that a change waits, in milliseconds. */
  readonly waitMs: number;
}

type Verdict = Pick<AcceptedCondition, "status" | "reason" | "message">;

const accepted: Verdict = { status: "True", reason: "Accepted", message: "" };
/** Answers after which nothing more is written: no right, no such subresource, no such way of patching. */
const refusals = [403, 405, 415, 422];
/** The same in words, with status 500: the RouteGroup definition of the cluster is an older one, without conditions. */
const WITHOUT_CONDITIONS = "field not declared in schema";
const MAX_MESSAGE_CHARS = 2048;
/** A write that failed is tried again after so many times `waitMs`. */
const RETRY_WAITS = 10;

export class RouteGroupStatus {
  readonly #options: RouteGroupStatusOptions;
  /** By `namespace/name`: what is to be written, unless it stands there already. */
  readonly #pending = new Map<string, Verdict>();
  /** What was written or found last; only of groups that had faults. */
  readonly #last = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #isWriting = false;
  #isOff = false;

  constructor(options: RouteGroupStatusOptions) {
    this.#options = options;
  }

  stop(): void {
    this.#isOff = true;
    clearTimeout(this.#timer);
  }

  /** A group was translated; null: it is gone, or not ours any more. */
  judge(key: string, group: RouteGroup | null, translation: Translation | null): void {
    if (this.#isOff) return;
    if (group === null || translation === null) {
      this.#pending.delete(key);
      this.#last.delete(key);
      return;
    }
    const verdict = verdictOf(translation);
    const text = JSON.stringify(verdict);
    if (this.#last.get(key) === text || (verdict === accepted && isAccepted(group))) {
      this.#pending.delete(key);
      return;
    }
    this.#pending.set(key, verdict);
    this.#schedule(Math.random() * this.#options.waitMs);
  }

  #schedule(ms: number): void {
    if (this.#isOff || this.#isWriting || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#write();
    }, ms).unref();
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    let hasFailed = false;
    for (const [key, verdict] of this.#pending) {
      this.#pending.delete(key);
      try {
        await this.#writeOne(key, verdict);
      } catch (error) {
        hasFailed = true;
        this.#failed(key, verdict, error as Error);
      }
      if (this.#isOff || hasFailed) break;
    }
    this.#isWriting = false;
    const { waitMs } = this.#options;
    if (this.#pending.size > 0) this.#schedule(hasFailed ? RETRY_WAITS * waitMs : Math.random() * waitMs);
  }

  async #writeOne(key: string, verdict: Verdict): Promise<void> {
    const { state, client } = this.#options;
    const group = state.source(`RouteGroup ${key}`);
    if (group?.kind !== "RouteGroup") return;
    if (!isSame(group.accepted, verdict)) {
      const { namespace, name } = group.metadata;
      const path = `/apis/zalando.org/v1/namespaces/${namespace}/routegroups/${name}/status`;
      await client.send("PATCH", `${path}?fieldManager=skipper&force=true`, "application/apply-patch+yaml", {
        apiVersion: "zalando.org/v1",
        kind: "RouteGroup",
        metadata: { namespace, name },
        status: { conditions: [condition(verdict, group.accepted)] },
      });
    }
    if (verdict === accepted) this.#last.delete(key);
    else this.#last.set(key, JSON.stringify(verdict));
  }

  #failed(key: string, verdict: Verdict, error: Error): void {
    const { log } = this.#options;
    const { status, detail } = error instanceof ApiError ? error : { status: 0, detail: "" };
    const isOldDefinition = detail.includes(WITHOUT_CONDITIONS);
    if (refusals.includes(status) || isOldDefinition) {
      const why = isOldDefinition ? `their definition in the cluster has no conditions: ${detail}` : error.message;
      log.warn(`the status of RouteGroups is not written: ${why}`);
      this.#isOff = true;
      this.#pending.clear();
      return;
    }
    log.debug(`the status of RouteGroup ${key} is not written yet: ${error.message}`);
    // A group that is gone is not looked for again.
    if (status !== 404 && !this.#pending.has(key)) this.#pending.set(key, verdict);
  }
}

function verdictOf({ problems, isRejected }: Translation): Verdict {
  const faults = new Set(problems.filter(({ level }) => level === "error").map(({ message }) => message));
  if (faults.size === 0) return accepted;
  const message = [...faults].join("\n");
  const short = message.length > MAX_MESSAGE_CHARS ? `${message.slice(0, MAX_MESSAGE_CHARS)}...` : message;
  if (isRejected) return { status: "False", reason: "Invalid", message: short };
  return { status: "True", reason: "Incomplete", message: short };
}

function isAccepted(group: RouteGroup): boolean {
  return group.accepted === null || isSame(group.accepted, accepted);
}

function isSame(present: AcceptedCondition | null, { status, reason, message }: Verdict): boolean {
  return present?.status === status && present.reason === reason && present.message === message;
}

/** The time is that of the last change of the status itself. */
function condition(verdict: Verdict, present: AcceptedCondition | null): object {
  const isOld = present?.status === verdict.status && present.lastTransitionTime !== "";
  const lastTransitionTime = isOld ? present.lastTransitionTime : `${new Date().toISOString().slice(0, 19)}Z`;
  return { type: "Accepted", ...verdict, lastTransitionTime };
}
