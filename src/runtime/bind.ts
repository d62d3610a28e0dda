// Whether addresses can be listened on, and how it is said when they cannot (spec flags 8).

import { readFileSync } from "node:fs";
import { createServer, isIPv6 } from "node:net";
import type { ListenAddress } from "../proxy/listener.ts";
import { parseIpAddress } from "../util/cidr.ts";
import { systemErrorText } from "../util/system-error.ts";

/** The sockets of this network, on Linux; columns: number, local address, remote address, state, ... */
const SOCKET_TABLES = ["/proc/net/tcp", "/proc/net/tcp6"] as const;
const LISTENING = "0A";

/**
 * Rejects when the address is taken. The workers share theirs by SO_REUSEPORT, which lets a second proxy of the same user take part
 * as well, and get half of the connections of the first. So it is asked who listens; trying it out would accept connections for a
 * moment that nobody serves, and is done only where the system does not tell.
 */
export async function checkFree(address: ListenAddress): Promise<void> {
  if (address.port === 0) return;
  const taken = listeningAddresses(address.port);
  if (taken === null) {
    await tryOut(address);
    return;
  }
  const wanted = hexAddress(address.host);
  const isTaken = taken.some((one) => isAny(one) || isAny(wanted) || one === wanted);
  if (isTaken) throw new Error(bindFailure(address, Object.assign(new Error("taken"), { code: "EADDRINUSE" })));
}

/** The addresses on which somebody listens, in hexadecimal digits as the kernel writes them; null when it cannot be known. */
function listeningAddresses(port: number): string[] | null {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const addresses: string[] = [];
  for (const file of SOCKET_TABLES) {
    let text: string;
    try {
      text = readFileSync(file, "latin1");
    } catch {
      if (file === SOCKET_TABLES[0]) return null;
      continue;
    }
    for (const line of text.split("\n")) {
      const [, local = "", , state] = line.trim().split(/\s+/);
      if (state === LISTENING && local.endsWith(suffix)) addresses.push(local.slice(0, -suffix.length));
    }
  }
  return addresses;
}

/** "" and addresses of zeros stand for all addresses. */
function isAny(address: string): boolean {
  return /^0*$/.test(address);
}

/** An address as the kernel writes it: words of four bytes, each with its last byte first. A name is no address of the table. */
function hexAddress(host: string): string {
  const address = parseIpAddress(host);
  if (address === null) return host;
  const words = address.family === 4 ? address.words.slice(0, 1) : address.words;
  const bytes = Buffer.alloc(words.length * 4);
  for (const [i, word] of words.entries()) bytes.writeUInt32LE(word >>> 0, i * 4);
  return bytes.toString("hex").toUpperCase();
}

async function tryOut(address: ListenAddress): Promise<void> {
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
