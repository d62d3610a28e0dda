// Stands between a proxy and its Route Server and counts the bytes that the proxy is sent.

import { once } from "node:events";
import net from "node:net";

export class CountingRelay {
  bytes = 0;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();

  private constructor(to: number) {
    this.#server = net.createServer({ noDelay: true }, (client) => {
      const server = net.connect({ port: to, host: "127.0.0.1", noDelay: true });
      for (const [socket, other] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#sockets.add(socket);
        socket.on("error", () => other.destroy());
        socket.on("close", () => this.#sockets.delete(socket));
      }
      server.on("data", (chunk) => {
        this.bytes += (chunk as Buffer).length;
      });
      client.pipe(server);
      server.pipe(client);
    });
  }

  /** In front of a port of this machine. */
  static async start(to: number): Promise<CountingRelay> {
    const relay = new CountingRelay(to);
    relay.#server.listen(0, "127.0.0.1");
    await once(relay.#server, "listening");
    return relay;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
