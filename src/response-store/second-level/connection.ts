// One connection of a worker to a server, by @redis/client. It is opened once and never mended: whatever goes wrong with it, a reply
// that nobody understands too, ends it, and every command on it. The library is handed in, as it is loaded where there are servers only.

import type { ServerAddress } from "./server-address.ts";
import { within } from "./within.ts";

export type RedisLibrary = typeof import("@redis/client");

/** To connect, with TLS and password; no request waits so long. */
export const CONNECT_MS = 1000;

export type Argument = string | Buffer;

export class Connection {
  readonly #client: ReturnType<RedisLibrary["createClient"]>;
  readonly #inBytes: { readonly typeMapping: Record<number, unknown> };
  #isLost = false;

  private constructor(library: RedisLibrary, { host, port, tls, username, password, database }: ServerAddress) {
    this.#client = library.createClient({
      // Every server and every proxy before one knows it.
      RESP: 2,
      maintNotifications: "disabled",
      ...(username === "" ? {} : { username }),
      ...(password === "" ? {} : { password }),
      database,
      // Time limits are ours: one of the library is a signal for each command.
      commandOptions: { timeout: 0 },
      socket: {
        host,
        port,
        reconnectStrategy: false,
        connectTimeout: CONNECT_MS,
        ...(tls ? { tls: true } : {}),
      },
    }) as ReturnType<RedisLibrary["createClient"]>;
    this.#inBytes = { typeMapping: { [library.RESP_TYPES.BLOB_STRING]: Buffer } };
  }

  /** Rejects when it cannot be had in CONNECT_MS. `onLost` is called once, when an open connection has ended, with the reason. */
  static async open(
    library: RedisLibrary,
    address: ServerAddress,
    onLost: (connection: Connection, cause: Error) => void,
  ): Promise<Connection> {
    const connection = new Connection(library, address);
    const { promise: failed, reject } = Promise.withResolvers<never>();
    failed.catch(() => {});
    let isOpen = false;
    connection.#client.on("error", (cause: Error) => {
      reject(cause);
      const wasLost = connection.#isLost;
      connection.destroy();
      if (isOpen && !wasLost) onLost(connection, cause);
    });
    try {
      await within(CONNECT_MS, Promise.race([connection.#client.connect(), failed]));
    } catch (cause) {
      connection.destroy();
      throw cause;
    }
    isOpen = true;
    return connection;
  }

  /** Rejects with an ErrorReply of the library when the server says no, with another error when there is no reply. */
  send(command: readonly Argument[]): Promise<unknown> {
    return this.#client.sendCommand([...command], this.#inBytes as object);
  }

  /** All commands that wait for a reply are rejected; `onLost` is not called. */
  destroy(): void {
    this.#isLost = true;
    this.#client.destroy();
  }
}
