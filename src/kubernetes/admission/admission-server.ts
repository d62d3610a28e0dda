// The listener of the admission webhook: node:http or node:https around the handler, with the limits of spec kubernetes 14. Its
// certificate can be replaced while it serves.

import type { Server } from "node:http";
import type { Server as TlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { http, https } from "../../util/lazy-builtin.ts";
import { systemErrorText } from "../../util/system-error.ts";
import type { AdmissionHandler } from "./handler.ts";

/** Certificate and key as PEM. */
export interface ServerKeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface AdmissionServer {
  readonly port: number;
  /** New connections get this certificate. */
  replaceCertificate(pair: ServerKeyPair): void;
  /** Ends when the requests that have begun are answered, at the latest after `limitMs`. */
  stop(limitMs: number): Promise<void>;
}

/** Reading a head, and a whole request; also the wait for the next one. */
const TIMEOUT_MS = 60_000;
/** How exactly the timeouts are kept. */
const CHECK_MS = 1000;
const IDLE_CHECK_MS = 20;

const limits = {
  headersTimeout: TIMEOUT_MS,
  requestTimeout: TIMEOUT_MS,
  keepAliveTimeout: TIMEOUT_MS,
  connectionsCheckingInterval: CHECK_MS,
};

/** Listens; rejects with the system's words when that fails. `pair` null: plain HTTP. */
export async function startAdmissionServer(
  handler: AdmissionHandler,
  address: { readonly host: string; readonly port: number },
  pair: ServerKeyPair | null,
): Promise<AdmissionServer> {
  const secure: TlsServer | null =
    pair === null ? null : https().createServer({ ...limits, ...pair, minVersion: "TLSv1.2" }, handler);
  const server: Server | TlsServer = secure ?? http().createServer(limits, handler);
  await new Promise<void>((resolve, reject) => {
    const { host, port } = address;
    const failed = (cause: unknown) => {
      reject(new Error(`listen tcp ${host}:${port}: bind: ${systemErrorText(cause)}`, { cause }));
    };
    server.once("error", failed);
    server.listen({ port, ...(host === "" ? {} : { host }) }, () => {
      server.off("error", failed);
      resolve();
    });
  });
  return {
    // Never a path or closed: it listens on a port.
    port: (server.address() as AddressInfo).port,
    replaceCertificate: (next) => secure?.setSecureContext({ ...next, minVersion: "TLSv1.2" }),
    stop: (limitMs) =>
      new Promise((resolve) => {
        const limit = setTimeout(() => server.closeAllConnections(), limitMs);
        // A connection is idle again when its last answer has left.
        const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
        server.close(() => {
          clearTimeout(limit);
          clearInterval(idle);
          resolve();
        });
      }),
  };
}
