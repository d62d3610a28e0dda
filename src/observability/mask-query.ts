// Replaces values of a query by their hash before the access log writes it (spec filters, maskAccessLogQuery). Called by
// access-log.ts for the requests of routes that ask for it, never for others.

/** xxHash64 (seed 0) of bytes. */
export type Hash64 = (bytes: Uint8Array) => bigint;

/** The hash; compiled asynchronously, so a worker loads it before it serves. */
export async function loadHash64(): Promise<Hash64> {
  const { default: load } = await import("xxhash-wasm");
  const { h64Raw } = await load();
  return (bytes) => h64Raw(bytes);
}

/**
 * The target with its query encoded anew, sorted by name; of the `masked` names the first value, unless it is empty, is replaced by
 * its hash in decimal, and further values of it are left out. Pairs that do not decode or hold `;` are left out. Byte strings.
 */
export function maskQuery(target: string, masked: ReadonlySet<string>, hash: Hash64): string {
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const values = mark < 0 ? new Map<string, string[]>() : parseQuery(target.slice(mark + 1));
  for (const name of masked) {
    const first = values.get(name)?.[0];
    if (first !== undefined && first !== "") values.set(name, [hash(Buffer.from(first, "latin1")).toString()]);
  }
  let query = "";
  for (const name of [...values.keys()].sort(compareBytes)) {
    const key = encodeQuery(name);
    for (const value of values.get(name)!) query += `${query === "" ? "" : "&"}${key}=${encodeQuery(value)}`;
  }
  return `${path}?${query}`;
}

function parseQuery(query: string): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const pair of query.split("&")) {
    if (pair === "" || pair.includes(";")) continue;
    const equals = pair.indexOf("=");
    const name = decodeQuery(equals < 0 ? pair : pair.slice(0, equals));
    const value = decodeQuery(equals < 0 ? "" : pair.slice(equals + 1));
    if (name === undefined || value === undefined) continue;
    const list = values.get(name);
    if (list === undefined) values.set(name, [value]);
    else list.push(value);
  }
  return values;
}

function decodeQuery(text: string): string | undefined {
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === "+") out += " ";
    else if (c !== "%") out += c;
    else {
      const high = hexValue(text.charCodeAt(i + 1));
      const low = hexValue(text.charCodeAt(i + 2));
      if (high < 0 || low < 0) return undefined;
      out += String.fromCharCode(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

/** The value of a hexadecimal digit, -1 when it is none. */
function hexValue(c: number): number {
  if (c >= 48 && c <= 57) return c - 48;
  const lower = c | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function encodeQuery(bytes: string): string {
  let out = "";
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes.charCodeAt(i);
    if (isUnreserved(c)) out += bytes[i];
    else if (c === 32) out += "+";
    else out += `%${c.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}

/** RFC 3986 2.3. */
function isUnreserved(c: number): boolean {
  return (
    (c >= 97 && c <= 122) ||
    (c >= 65 && c <= 90) ||
    (c >= 48 && c <= 57) ||
    c === 45 ||
    c === 46 ||
    c === 95 ||
    c === 126
  );
}

function compareBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
