// Opens the sockets of a worker to backends: to all addresses of a name, with keep-alive probes, over TLS checked against the CAs of
// the system. Called by backend-connection.ts and, for tunnels, by proxy/upgrade.ts. Who waits for the socket limits the time.

import net from "node:net";
import type { SecureContext } from "node:tls";
import { crypto, tls } from "../util/lazy-builtin.ts";
import { Resolver } from "./resolver.ts";

export interface DialOptions {
  readonly connectTimeoutMs: number;
  /** Idle time before the first probe; 0 or less: no probes. */
  readonly keepAliveMs: number;
  /** False: the next address of a name is not tried before an attempt has failed, or had half of the time. */
  readonly dualStack: boolean;
  /** False: certificates of https backends are not verified. */
  readonly verifyTls: boolean;
  readonly clientCerts: readonly { readonly cert: string; readonly key: string }[];
  readonly tlsMinVersion: "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
}

/** What an address gets before the next one is tried. */
const FALLBACK_MS = 300;
const LONGEST_FALLBACK_MS = 30_000;
/** Node counts probes in whole seconds, and 0 would leave the time to the kernel: two hours. */
const SECOND_MS = 1000;

export class Dialer {
  readonly #options: DialOptions;
  #clientCerts: DialOptions["clientCerts"];
  readonly #resolver: Resolver;
  #context: SecureContext | null = null;

  constructor(options: DialOptions, resolver = new Resolver()) {
    this.#options = options;
    this.#clientCerts = options.clientCerts;
    this.#resolver = resolver;
  }

  /** Connections that are opened from now on offer these client certificates. */
  replaceClientCerts(pairs: DialOptions["clientCerts"]): void {
    this.#clientCerts = pairs;
    this.#context = null;
  }

  /** A socket that is being opened. `onread`: where its bytes go, else they come as events. */
  dial(scheme: "http" | "https", hostname: string, port: number, onread?: net.OnReadOpts): net.Socket {
    const { keepAliveMs, dualStack, connectTimeoutMs, verifyTls } = this.#options;
    const target: net.TcpNetConnectOpts & { onread?: net.OnReadOpts } = {
      host: hostname,
      port,
      noDelay: true,
      keepAlive: keepAliveMs > 0,
      keepAliveInitialDelay: Math.ceil(keepAliveMs / SECOND_MS) * SECOND_MS,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: dualStack ? FALLBACK_MS : Math.min(connectTimeoutMs / 2, LONGEST_FALLBACK_MS),
      lookup: this.#resolver.lookup,
      ...(onread === undefined ? {} : { onread }),
    };
    if (scheme === "http") return net.connect(target);
    this.#context ??= secureContext(this.#options, this.#clientCerts);
    return tls().connect({
      ...target,
      ...(net.isIP(hostname) === 0 ? { servername: hostname } : {}),
      rejectUnauthorized: verifyTls,
      secureContext: this.#context,
    });
  }
}

/** Made at the first https request: reading the CAs takes about 100 ms, once in a worker. */
function secureContext(
  { verifyTls, tlsMinVersion }: DialOptions,
  clientCerts: DialOptions["clientCerts"],
): SecureContext {
  const authorities = verifyTls ? tls().getCACertificates("system") : [];
  const pairs = firstOfEachKind(clientCerts);
  return tls().createSecureContext({
    minVersion: tlsMinVersion,
    cert: pairs.map((pair) => pair.cert),
    key: pairs.map((pair) => pair.key),
    // Where the system has none, those that Node brings along.
    ...(authorities.length === 0 ? {} : { ca: authorities }),
  });
}

/** TLS has one certificate for each kind of key; the first in the list counts. */
function firstOfEachKind(pairs: DialOptions["clientCerts"]): DialOptions["clientCerts"] {
  const byKind = new Map<string | undefined, DialOptions["clientCerts"][number]>();
  for (const pair of pairs) {
    const kind = crypto().createPrivateKey(pair.key).asymmetricKeyType;
    if (!byKind.has(kind)) byKind.set(kind, pair);
  }
  return [...byKind.values()];
}
