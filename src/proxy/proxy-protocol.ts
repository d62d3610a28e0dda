// The PROXY protocol, version 1 and 2 (spec proxy 3.2; the HAProxy specification of 2020/03/05): a header in front of everything
// else on a connection, in which a load balancer names the client. Pure functions on bytes; accepted-connection.ts reads the socket.

import { SocketAddress } from "node:net";
import { type CidrSet, parseIpAddress } from "../util/cidr.ts";

/** What a peer's bytes are read as. */
export const ProxyPolicy = {
  /** A header closes the connection; one without is served. */
  reject: 0,
  /** The bytes are never read as a header. */
  skip: 1,
  /** A header sets the address of the client. */
  use: 2,
} as const;
export type ProxyPolicy = (typeof ProxyPolicy)[keyof typeof ProxyPolicy];

/** Sets of peers, asked in the order deny, skip, allow. */
export interface ProxyProtocol {
  readonly deny: CidrSet;
  readonly skip: CidrSet;
  readonly allow: CidrSet;
}

export function proxyPolicy(settings: ProxyProtocol, peer: string): ProxyPolicy {
  const address = parseIpAddress(peer);
  if (address === null || settings.deny.contains(address)) return ProxyPolicy.reject;
  if (settings.skip.contains(address)) return ProxyPolicy.skip;
  return settings.allow.contains(address) ? ProxyPolicy.use : ProxyPolicy.reject;
}

/** A header that was read. */
export interface ProxyHeader {
  /** Bytes of the header. */
  readonly length: number;
  /** The client in canonical form, "" when the address of the connection counts. */
  readonly address: string;
  readonly port: number;
}

/** The bytes are the beginning of a header. */
export const HEADER_INCOMPLETE = 0;
/** The bytes are no header: they belong to HTTP or TLS. */
export const HEADER_ABSENT = -1;
export const HEADER_MALFORMED = -2;

export type ProxyHeaderResult = ProxyHeader | typeof HEADER_INCOMPLETE | typeof HEADER_ABSENT | typeof HEADER_MALFORMED;

const SIGNATURE_1 = Buffer.from("PROXY ", "latin1");
const SIGNATURE_2 = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
/** Longest line of version 1 with its CR LF, as the protocol says. */
const MAX_LINE_BYTES = 107;
/** Header of version 2 up to its addresses: signature, command, family, length. */
const FIXED_BYTES = 16;
/** Addresses and extensions of version 2; what load balancers send stays below 1 KiB. */
const MAX_VARIABLE_BYTES = 4096;

/** Reads the header at the beginning of all bytes that have arrived. */
export function readProxyHeader(bytes: Buffer): ProxyHeaderResult {
  if (bytes.length === 0) return HEADER_INCOMPLETE;
  if (beginsLike(bytes, SIGNATURE_1)) return bytes.length < SIGNATURE_1.length ? HEADER_INCOMPLETE : readLine(bytes);
  if (beginsLike(bytes, SIGNATURE_2)) return bytes.length < FIXED_BYTES ? HEADER_INCOMPLETE : readBinary(bytes);
  return HEADER_ABSENT;
}

/** True when the bytes are equal to the signature as far as both go. */
function beginsLike(bytes: Buffer, signature: Buffer): boolean {
  const length = Math.min(bytes.length, signature.length);
  return signature.compare(bytes, 0, length, 0, length) === 0;
}

/** `PROXY TCP4 <client> <proxy> <client port> <proxy port>` CR LF. */
function readLine(bytes: Buffer): ProxyHeaderResult {
  const feed = bytes.subarray(0, MAX_LINE_BYTES).indexOf(0x0a);
  if (feed < 0) return bytes.length < MAX_LINE_BYTES ? HEADER_INCOMPLETE : HEADER_MALFORMED;
  if (bytes[feed - 1] !== 0x0d) return HEADER_MALFORMED;
  const length = feed + 1;
  const line = bytes.toString("latin1", SIGNATURE_1.length, feed - 1);
  if (line === "UNKNOWN" || line.startsWith("UNKNOWN ")) return { length, address: "", port: 0 };
  const [family, client, proxy, clientPort, proxyPort, ...more] = line.split(" ");
  if (proxyPort === undefined || more.length > 0) return HEADER_MALFORMED;
  const kind = family === "TCP4" ? 4 : family === "TCP6" ? 6 : 0;
  const port = readPort(clientPort!);
  if (!isAddress(client!, kind) || !isAddress(proxy!, kind) || port < 0 || readPort(proxyPort) < 0) {
    return HEADER_MALFORMED;
  }
  return { length, address: canonicalAddress(client!, kind), port };
}

function isAddress(text: string, family: number): boolean {
  const address = parseIpAddress(text);
  return address !== null && address.family === family && !address.zoned;
}

/** A port of decimal digits without leading zeros, -1 for anything else. */
function readPort(text: string): number {
  if (text === "0") return 0;
  if (text.length === 0 || text.length > 5 || text.charCodeAt(0) === 0x30) return -1;
  let port = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    port = port * 10 + digit;
  }
  return port > 65_535 ? -1 : port;
}

/**
 *   0        12        13       14      16
 *   signature | ver/cmd | family | length | addresses | extensions
 */
function readBinary(bytes: Buffer): ProxyHeaderResult {
  const command = bytes[12]!;
  const family = bytes[13]! >> 4;
  const variable = bytes.readUInt16BE(14);
  if (command >> 4 !== 2 || (command & 15) > 1 || variable > MAX_VARIABLE_BYTES) return HEADER_MALFORMED;
  const local = (command & 15) === 0;
  const addresses = family === 1 ? 12 : family === 2 ? 36 : 0;
  if (!local && variable < addresses) return HEADER_MALFORMED;
  const length = FIXED_BYTES + variable;
  if (bytes.length < length) return HEADER_INCOMPLETE;
  if (local || addresses === 0) return { length, address: "", port: 0 };
  if (family === 1) {
    const address = `${bytes[16]}.${bytes[17]}.${bytes[18]}.${bytes[19]}`;
    return { length, address, port: bytes.readUInt16BE(24) };
  }
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(bytes.readUInt16BE(16 + i).toString(16));
  return { length, address: canonicalAddress(groups.join(":"), 6), port: bytes.readUInt16BE(48) };
}

/** The text form of RFC 5952; an IPv4 address in IPv6 clothes is shown as IPv4. */
function canonicalAddress(text: string, family: number): string {
  if (family === 4) return text;
  const address = new SocketAddress({ address: text, family: "ipv6" }).address;
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}
