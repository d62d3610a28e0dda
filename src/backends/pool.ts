// Hot path: lending and taking back an idle connection allocates nothing. Guarded by bench P1.
//
// The backend connections of one worker, by scheme and host:port (spec proxy 11). Idle ones wait in a stack, so that the one used
// last is used next and the surplus grows old and is closed. Limits of the process are divided among its workers by the caller.

import type { Deadlines } from "../util/deadlines.ts";
import { LONGEST_TIMER_MS } from "../util/longest-timer.ts";
import { BackendConnection, type BackendOwner } from "./backend-connection.ts";
import { Dialer, type DialOptions } from "./dialer.ts";
import { ReadBuffers } from "./read-buffers.ts";

export interface PoolOptions extends DialOptions {
  tlsTimeoutMs: number;
  /** Idle connections kept for one host. */
  idlePerHost: number;
  /** Idle connections kept in all; Infinity for no limit. */
  idleTotal: number;
  /** Period after which all idle connections are closed; Infinity for never. */
  closeIdlePeriodMs: number;
  keepAlive: boolean;
}

/** All connections to one scheme and host:port. */
export class HostPool {
  readonly scheme: "http" | "https";
  readonly hostname: string;
  readonly port: number;
  readonly idle: BackendConnection[] = [];
  readonly #pools: Pools;

  constructor(pools: Pools, scheme: "http" | "https", hostname: string, port: number) {
    this.#pools = pools;
    this.scheme = scheme;
    this.hostname = hostname;
    this.port = port;
  }

  /** An idle connection, or a new one that is being opened: what is written waits until it is open. */
  acquire(owner: BackendOwner): BackendConnection {
    const idle = this.idle.pop();
    if (idle !== undefined) {
      this.#pools.idleCount--;
      idle.lend(owner);
      return idle;
    }
    return this.connect(owner);
  }

  /** A new connection, also when idle ones are there. */
  connect(owner: BackendOwner): BackendConnection {
    return new BackendConnection(this, this.#pools, owner);
  }

  /** Takes a connection back that can carry another request. */
  release(connection: BackendConnection): void {
    const pools = this.#pools;
    if (
      !pools.options.keepAlive ||
      this.idle.length >= pools.options.idlePerHost ||
      pools.idleCount >= pools.options.idleTotal
    ) {
      connection.destroy();
      return;
    }
    this.idle.push(connection);
    pools.idleCount++;
    connection.deadlineMs = pools.deadlines.now + pools.options.closeIdlePeriodMs;
  }

  /** An idle connection was closed by its other end, or has waited too long. */
  forget(connection: BackendConnection): void {
    const index = this.idle.indexOf(connection);
    if (index < 0) return;
    this.idle.splice(index, 1);
    this.#pools.idleCount--;
  }

  closeIdle(): void {
    for (let idle = this.idle.pop(); idle !== undefined; idle = this.idle.pop()) {
      this.#pools.idleCount--;
      idle.destroy();
    }
  }
}

/** Hosts between two looks at which of them are gone. */
const LEAST_HOSTS = 1024;

export class Pools {
  readonly options: PoolOptions;
  readonly deadlines: Deadlines;
  readonly dialer: Dialer;
  readonly buffers = new ReadBuffers();
  idleCount = 0;
  /**
   * A host is held by the built routes and the connections that use it, and there is one of each. Clients choose the hosts of
   * dynamic backends, so those that nobody holds any more are left to the garbage collector.
   */
  readonly #hosts = new Map<string, WeakRef<HostPool>>();
  #sweepAt = LEAST_HOSTS;
  readonly #closer: NodeJS.Timeout | null;

  constructor(options: PoolOptions, deadlines: Deadlines) {
    this.options = options;
    this.deadlines = deadlines;
    this.dialer = new Dialer(options);
    this.#closer = Number.isFinite(options.closeIdlePeriodMs)
      ? setInterval(() => this.closeIdle(), Math.min(options.closeIdlePeriodMs, LONGEST_TIMER_MS)).unref()
      : null;
  }

  host(scheme: "http" | "https", hostname: string, port: number): HostPool {
    const key = `${scheme}://${hostname}:${port}`;
    const known = this.#hosts.get(key)?.deref();
    if (known !== undefined) return known;
    const pool = new HostPool(this, scheme, hostname, port);
    this.#hosts.set(key, new WeakRef(pool));
    if (this.#hosts.size > this.#sweepAt) this.#sweep();
    return pool;
  }

  /** Forgets the hosts that are gone; the next look comes when there are twice as many as remain. */
  #sweep(): void {
    for (const [key, pool] of this.#hosts) if (pool.deref() === undefined) this.#hosts.delete(key);
    this.#sweepAt = Math.max(LEAST_HOSTS, 2 * this.#hosts.size);
  }

  /** Closes every idle connection: makes DNS changes effective. */
  closeIdle(): void {
    for (const pool of this.#hosts.values()) pool.deref()?.closeIdle();
    this.#sweep();
  }

  close(): void {
    if (this.#closer !== null) clearInterval(this.#closer);
    this.closeIdle();
  }
}
