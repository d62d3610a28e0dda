// Events about objects that cannot be translated, where `kubectl describe` shows them. All proxies of a cluster find the same faults:
// the name of an Event is made of the object and the message, so that there is one of them and the others learn that it exists.
// Where writing is not allowed, that is said once and left alone.

import { hostname } from "node:os";
import type { Logger } from "../observability/log.ts";
import { crypto } from "../util/lazy-builtin.ts";
import type { ApiClient } from "./api-client.ts";
import { ApiError } from "./api-error.ts";
import type { RouteSource } from "./cluster-state.ts";

/** Events that may be written at once, and then one in this time. */
const BURST = 25;
const REFILL_MS = 2000;
/** Those that wait; more are dropped. */
const MAX_WAITING = 500;
/** Longest note of an Event. */
const MAX_NOTE_BYTES = 1024;
const MAX_INSTANCE_CHARS = 128;
const apiVersions = { Ingress: "networking.k8s.io/v1", RouteGroup: "zalando.org/v1" } as const;
const refusals = [403, 404, 405];

export class ObjectEvents {
  readonly #client: ApiClient;
  readonly #log: Logger;
  readonly #instance = hostname().slice(0, MAX_INSTANCE_CHARS);
  readonly #waiting: { path: string; event: object }[] = [];
  #isWriting = false;
  #isOff = false;
  #tokens = BURST;
  #refilledAt = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(client: ApiClient, log: Logger) {
    this.#client = client;
    this.#log = log;
  }

  stop(): void {
    this.#isOff = true;
    clearTimeout(this.#timer);
  }

  report(source: RouteSource, message: string): void {
    if (this.#isOff || this.#waiting.length >= MAX_WAITING) return;
    const { namespace } = source.metadata;
    this.#waiting.push({
      path: `/apis/events.k8s.io/v1/namespaces/${namespace}/events`,
      event: this.#event(source, message),
    });
    void this.#write();
  }

  async #write(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    while (!this.#isOff && this.#waiting.length > 0 && this.#takeToken()) {
      const { path, event } = this.#waiting.shift()!;
      await this.#client.send("POST", path, "application/json", event).catch((error: Error) => this.#failed(error));
    }
    this.#isWriting = false;
    if (this.#isOff) this.#waiting.length = 0;
    else if (this.#waiting.length > 0) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.#write(), REFILL_MS).unref();
    }
  }

  #takeToken(): boolean {
    const now = performance.now();
    const refilled = Math.floor((now - this.#refilledAt) / REFILL_MS);
    this.#refilledAt += refilled * REFILL_MS;
    this.#tokens = Math.min(BURST, this.#tokens + refilled);
    if (this.#tokens === 0) return false;
    this.#tokens--;
    return true;
  }

  /** An Event that exists already is fine; what fails for the moment is dropped: an Event is not worth a second request. */
  #failed(error: Error): void {
    if (!(error instanceof ApiError) || !refusals.includes(error.status)) return;
    if (!this.#isOff) this.#log.warn(`Events about invalid objects are not written: ${error.message}`);
    this.#isOff = true;
  }

  #event({ kind, metadata }: RouteSource, message: string): object {
    const { namespace, name, uid, resourceVersion } = metadata;
    const hash = crypto().createHash("sha256").update(`${uid} ${message}`).digest("hex").slice(0, 16);
    return {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { name: `${name.slice(0, 200).replace(/[.-]+$/, "")}.${hash}`, namespace },
      eventTime: `${new Date().toISOString().slice(0, -1)}000Z`,
      type: "Warning",
      reason: `Invalid${kind}`,
      action: "Translate",
      note: shortened(message),
      reportingController: "skipper",
      reportingInstance: this.#instance,
      regarding: { apiVersion: apiVersions[kind], kind, namespace, name, uid, resourceVersion },
    };
  }
}

function shortened(message: string): string {
  if (Buffer.byteLength(message) <= MAX_NOTE_BYTES) return message;
  // Cut bytes of a character become U+FFFD, three bytes long.
  return `${Buffer.from(message)
    .subarray(0, MAX_NOTE_BYTES - 6)
    .toString()}...`;
}
