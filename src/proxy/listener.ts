// The listening socket of one worker: SO_REUSEPORT lets every worker have its own, so the kernel spreads the connections.

import net, { type Server, type Socket } from "node:net";
import { tls } from "../util/lazy-builtin.ts";
import { ClientConnection } from "./client-connection.ts";
import type { Proxy } from "./proxy.ts";

export interface ListenAddress {
  /** "" for all addresses, IPv4 and IPv6. */
  readonly host: string;
  readonly port: number;
}

/** What TLS needs on the server side; PEM texts. */
export interface ServerTls {
  readonly certificates: readonly { readonly cert: string; readonly key: string }[];
  readonly minVersion: "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
  readonly requestCert: boolean;
  readonly verifyClient: boolean;
}

/** Opens the listener; rejects as `listen` does. */
export function listen(proxy: Proxy, address: ListenAddress, serverTls: ServerTls | null): Promise<Server> {
  const server = serverTls === null ? plainServer(proxy) : tlsServer(proxy, serverTls);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const host = address.host === "" ? {} : { host: address.host };
    server.listen({ port: address.port, ...host, reusePort: true, backlog: 4096 }, () => {
      server.off("error", reject);
      server.on("error", (error) => proxy.log.error(`listener: ${error.message}`));
      resolve(server);
    });
  });
}

function plainServer(proxy: Proxy): Server {
  return net.createServer({ noDelay: true, allowHalfOpen: true }, (socket) => serve(proxy, socket));
}

function tlsServer(proxy: Proxy, settings: ServerTls): Server {
  const first = settings.certificates[0]!;
  const server = tls().createServer({
    allowHalfOpen: true,
    cert: first.cert,
    key: first.key,
    minVersion: settings.minVersion,
    ALPNProtocols: ["http/1.1"],
    requestCert: settings.requestCert,
    rejectUnauthorized: settings.verifyClient,
  });
  server.on("secureConnection", (socket) => {
    socket.setNoDelay(true);
    serve(proxy, socket);
  });
  server.on("tlsClientError", (error, socket) => {
    proxy.log.error(`http: TLS handshake error from ${socket.remoteAddress}:${socket.remotePort}: ${error.message}`);
  });
  return server;
}

function serve(proxy: Proxy, socket: Socket): void {
  const peer = socket.remoteAddress;
  if (peer === undefined) {
    socket.destroy();
    return;
  }
  new ClientConnection(proxy, socket, plainAddress(peer), socket.remotePort ?? 0);
}

/** An IPv4 peer of a dual-stack socket is shown as IPv4. */
export function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}
