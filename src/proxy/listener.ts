// The listening sockets of one worker: SO_REUSEPORT lets every worker have its own, so the kernel spreads the connections.

import net, { type Server, type Socket } from "node:net";
import { AcceptedConnection, type Intake } from "./accepted-connection.ts";
import { ClientConnection } from "./client-connection.ts";
import type { Proxy } from "./proxy.ts";

export interface ListenAddress {
  /** "" for all addresses, IPv4 and IPv6. */
  readonly host: string;
  readonly port: number;
}

/** A listener without TLS and PROXY protocol. */
export const plainIntake: Intake = { proxyProtocol: null, tls: null };

/** Opens the listener; rejects as `listen` does. */
export function listen(proxy: Proxy, address: ListenAddress, intake: Intake): Promise<Server> {
  const bare = intake.proxyProtocol === null && intake.tls === null;
  const server = net.createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    const peer = socket.remoteAddress;
    if (peer === undefined) socket.destroy();
    else accept(proxy, socket, plainAddress(peer), bare ? null : intake);
  });
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

function accept(proxy: Proxy, socket: Socket, peer: string, intake: Intake | null): void {
  proxy.connectionMetrics?.accepted();
  if (intake === null) new ClientConnection(proxy, socket, peer, socket.remotePort ?? 0, true);
  else new AcceptedConnection(proxy, socket, peer, socket.remotePort ?? 0, intake);
}

/** An IPv4 peer of a dual-stack socket is shown as IPv4. */
export function plainAddress(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}
