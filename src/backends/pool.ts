// Hot path: lending and taking back an idle connection allocates nothing. Guarded by bench P1.
//
// The backend connections of one worker, by scheme and host:port (spec proxy 11). Idle ones wait in a stack, so that the one used
// last is used next and the surplus grows old and is closed. Limits of the process are divided among its workers by the caller.

import type { Deadlines } from "../util/deadlines.ts";
import { BackendConnection, type BackendOwner } from "./backend-connection.ts";
import { ReadBuffers } from "./read-buffers.ts";

export interface PoolOptions {
  connectTimeoutMs: number;
  tlsTimeoutMs: number;
  keepAliveMs: number;
  dualStack: boolean;
  /** Idle connections kept for one host. */
  idlePerHost: number;
  /** Idle connections kept in all; Infinity for no limit. */
  idleTotal: number;
  /** Period after which all idle connections are closed; Infinity for never. */
  closeIdlePeriodMs: number;
  keepAlive: boolean;
  /** False: certificates of https backends are not verified. */
  verifyTls: boolean;
  clientCerts: readonly { cert: string; key: string }[];
  tlsMinVersion: "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
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
}

export class Pools {
  readonly options: PoolOptions;
  readonly deadlines: Deadlines;
  readonly buffers = new ReadBuffers();
  idleCount = 0;
  readonly #hosts = new Map<string, HostPool>();
  readonly #closer: NodeJS.Timeout | null;

  constructor(options: PoolOptions, deadlines: Deadlines) {
    this.options = options;
    this.deadlines = deadlines;
    this.#closer = Number.isFinite(options.closeIdlePeriodMs)
      ? setInterval(() => this.closeIdle(), options.closeIdlePeriodMs).unref()
      : null;
  }

  host(scheme: "http" | "https", hostname: string, port: number): HostPool {
    const key = `${scheme}://${hostname}:${port}`;
    let pool = this.#hosts.get(key);
    if (pool === undefined) {
      pool = new HostPool(this, scheme, hostname, port);
      this.#hosts.set(key, pool);
    }
    return pool;
  }

  /** Closes every idle connection and forgets hosts that have none: makes DNS changes effective and bounds the map. */
  closeIdle(): void {
    for (const [key, pool] of this.#hosts) {
      while (pool.idle.length > 0) {
        this.idleCount--;
        pool.idle.pop()!.destroy();
      }
      this.#hosts.delete(key);
    }
  }

  close(): void {
    if (this.#closer !== null) clearInterval(this.#closer);
    this.closeIdle();
  }
}
