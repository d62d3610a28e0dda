// Whether addresses can be listened on, and how it is said when they cannot (spec flags 8).

import { createServer, isIPv6 } from "node:net";
import type { ListenAddress } from "../proxy/listener.ts";
import { systemErrorText } from "../util/system-error.ts";

/**
 * Rejects when the address is taken. The workers share theirs by SO_REUSEPORT, which lets a second proxy of the same user take part
 * as well, and get half of the connections of the first: a socket without that option finds out.
 */
export async function checkFree(address: ListenAddress): Promise<void> {
  if (address.port === 0) return;
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(new Error(bindFailure(address, cause))));
    server.listen({ port: address.port, ...(address.host === "" ? {} : { host: address.host }) }, resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}

/** `listen tcp :9090: bind: address already in use`. */
export function bindFailure({ host, port }: ListenAddress, cause: unknown): string {
  return `listen tcp ${isIPv6(host) ? `[${host}]` : host}:${port}: bind: ${systemErrorText(cause)}`;
}
