// Servers of the second level as -cache-second-level-urls names them. What is wrong with an address is said without its text: that may
// hold a password.

import { MAX_SERVERS } from "./shared-state.ts";

export interface ServerAddress {
  /** `host:port/db`, for logs and to choose a server: no secrets, and the same in all proxies. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly database: number;
  /** "": none. */
  readonly username: string;
  readonly password: string;
  readonly tls: boolean;
}

const DEFAULT_PORT = 6379;

/** By scheme: whether it means TLS. */
const SCHEMES = new Map([
  ["redis:", false],
  ["valkey:", false],
  ["rediss:", true],
  ["valkeys:", true],
]);

const FORM = "redis://[user:password@]host[:port][/database], or the same with rediss, valkey or valkeys";

/** The servers, or what is wrong. */
export function parseServerAddresses(urls: readonly string[]): readonly ServerAddress[] | { readonly error: string } {
  const servers: ServerAddress[] = [];
  for (const [i, url] of urls.entries()) {
    const server = parseServerAddress(url);
    if (typeof server === "string") return { error: `address ${i + 1}: ${server}; expected ${FORM}` };
    if (servers.some(({ name }) => name === server.name)) return { error: `${server.name} stands there twice` };
    servers.push(server);
  }
  if (servers.length > MAX_SERVERS) return { error: `${servers.length} addresses; ${MAX_SERVERS} are the most` };
  return servers;
}

/** The server, or what is wrong with the text. */
function parseServerAddress(text: string): ServerAddress | string {
  const url = URL.parse(text.trim());
  if (url === null) return "not a URL";
  const tls = SCHEMES.get(url.protocol);
  if (tls === undefined) return "unknown scheme";
  if (url.hostname === "") return "no host";
  const database = /^\/?(\d{0,9})$/.exec(url.pathname);
  if (database === null) return "the path is no number of a database";
  if (url.search !== "" || url.hash !== "") return "a query or fragment has no meaning";
  const username = decoded(url.username);
  const password = decoded(url.password);
  if (username === null || password === null) return "a wrong percent code in user or password";
  if (username !== "" && password === "") return "a user without password";
  const port = url.port === "" ? DEFAULT_PORT : Number(url.port);
  if (port === 0) return "port 0";
  const hostname = url.hostname.toLowerCase();
  const number = Number(database[1]);
  return {
    name: `${hostname}:${port}/${number}`,
    host: hostname.replace(/^\[|\]$/g, ""),
    port,
    database: number,
    username,
    password,
    tls,
  };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
