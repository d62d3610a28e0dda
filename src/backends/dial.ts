// Opens sockets to backends, plain or with TLS; for pooled connections, which read into a buffer of ours, and for upgrades.

import net from "node:net";
import { tls } from "../util/lazy-builtin.ts";
import type { HostPool, PoolOptions } from "./pool.ts";

/** How long an address is tried before the next one of the other family is tried beside it. */
const FAMILY_ATTEMPT_MS = 300;

/** A socket that connects to the host of the pool. `onread`: where its bytes go; without it the socket is a stream as usual. */
export function dial(pool: HostPool, options: PoolOptions, onread?: net.OnReadOpts): net.Socket {
  const connect: net.TcpNetConnectOpts = {
    host: pool.hostname,
    port: pool.port,
    noDelay: true,
    keepAlive: options.keepAliveMs > 0,
    keepAliveInitialDelay: options.keepAliveMs,
    autoSelectFamily: options.dualStack,
    autoSelectFamilyAttemptTimeout: FAMILY_ATTEMPT_MS,
    ...(onread === undefined ? {} : { onread }),
  };
  if (pool.scheme !== "https") return net.connect(connect);
  const cert = options.clientCerts[0];
  return tls().connect({
    ...connect,
    ...(net.isIP(pool.hostname) === 0 ? { servername: pool.hostname } : {}),
    rejectUnauthorized: options.verifyTls,
    minVersion: options.tlsMinVersion,
    ...(cert === undefined ? {} : { cert: cert.cert, key: cert.key }),
  });
}
