// Sends copies to servers beside the backends, over connections of its own: one client for each kind of tee filter in a worker. Nobody
// waits for it. What a server answers is read and dropped; a copy ends with its time, and for each server only so many are under way.

import type { Agent } from "node:http";
import type { FilterEnv } from "../../spec/env.ts";
import type { ByteQueue } from "../../util/byte-queue.ts";
import { http, https } from "../../util/lazy-builtin.ts";
import { LimitedLog } from "./limited-log.ts";
import { ShadowCall, type ShadowRequest } from "./shadow-call.ts";

/** Copies under way to one server: each holds a socket and some 20 kB. */
const MAX_PER_SERVER = 256;
/** Idle connections to one server, and how long they stay (spec filters 9.4). */
const MAX_IDLE = 100;
const IDLE_MS = 30_000;

export interface ShadowClientOptions {
  /** The filter, for counters and log lines. */
  readonly name: string;
  /** For the whole of a copy. */
  readonly timeoutMs: number;
  readonly followsRedirects: boolean;
}

export class ShadowClient {
  readonly options: ShadowClientOptions;
  readonly #env: FilterEnv;
  readonly #log: LimitedLog;
  readonly #underWay = new Map<string, number>();
  #plainAgent: Agent | null = null;
  #secureAgent: Agent | null = null;

  constructor(options: ShadowClientOptions, env: FilterEnv) {
    this.options = options;
    this.#env = env;
    this.#log = new LimitedLog(env, "warn");
  }

  /** The one client of a kind of filter. */
  static of(options: ShadowClientOptions, env: FilterEnv): ShadowClient {
    return env.shared(`client of ${options.name}`, () => new ShadowClient(options, env));
  }

  agent(secure: boolean): Agent {
    const options = { keepAlive: true, maxFreeSockets: MAX_IDLE, timeout: IDLE_MS };
    if (secure) return (this.#secureAgent ??= new (https().Agent)(options));
    return (this.#plainAgent ??= new (http().Agent)(options));
  }

  /** Sends a copy after the present turn of the event loop; `body` null: it has none. */
  send(request: ShadowRequest, body: ByteQueue | null): void {
    const { host } = request.target;
    const count = this.#underWay.get(host) ?? 0;
    if (count >= MAX_PER_SERVER) {
      void body?.return();
      this.dropped();
      return;
    }
    this.#underWay.set(host, count + 1);
    const call = new ShadowCall(this, request, body, (problem) => {
      const left = this.#underWay.get(host)! - 1;
      if (left === 0) this.#underWay.delete(host);
      else this.#underWay.set(host, left);
      if (problem !== "") this.#failed(host, problem);
    });
    setImmediate(() => call.start());
  }

  /** A copy was given up, since it lagged or too many are under way. */
  dropped(): void {
    this.#env.count(this.options.name, "dropped", 1);
  }

  #failed(host: string, problem: string): void {
    const { name } = this.options;
    this.#env.count(name, "failed", 1);
    this.#log.write(`${name}: error while tee request to ${host}: ${problem}`);
  }
}
