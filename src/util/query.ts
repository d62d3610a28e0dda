// Query strings: reading parameters, the check behind -validate-query, and writing them back (spec matching 2.3, predicates 6
// QueryParam, filters 3.6). Everything here is a byte string; a malformed pair is dropped alone and never throws.

/** More pairs than this drop all parameters, so that a client cannot make one request cost more than a few milliseconds. */
export const MAX_QUERY_PAIRS = 10_000;

const HASH = 35;
const AMPERSAND = 38;
const PERCENT = 37;
const PLUS = 43;
const SEMICOLON = 59;

/** True when no pair holds a `;` or an escape that is none, and there are not too many of them. */
export function isValidQuery(query: string): boolean {
  let pairs = 1;
  for (let i = 0; i < query.length; i++) {
    const c = query.charCodeAt(i);
    if (c === AMPERSAND) {
      if (++pairs > MAX_QUERY_PAIRS) return false;
    } else if (c === SEMICOLON) {
      return false;
    } else if (c === PERCENT) {
      // A `&` is no hex digit, so an escape cannot run over the end of its pair.
      if (!isHexDigit(query.charCodeAt(i + 1)) || !isHexDigit(query.charCodeAt(i + 2))) return false;
      i += 2;
    }
  }
  return true;
}

/**
 * Calls `visit` with name and value, both decoded, for every well-formed pair in order, until it returns true. True when one did.
 */
function somePair(query: string, visit: (name: string, value: string) => boolean): boolean {
  if (query === "" || hasTooManyPairs(query)) return false;
  for (let start = 0; start <= query.length; ) {
    let end = query.indexOf("&", start);
    if (end < 0) end = query.length;
    if (end > start) {
      const pair = query.slice(start, end);
      if (pair.indexOf(";") < 0) {
        const equals = pair.indexOf("=");
        const name = unescapeQuery(equals < 0 ? pair : pair.slice(0, equals));
        const value = equals < 0 ? "" : unescapeQuery(pair.slice(equals + 1));
        if (name !== undefined && value !== undefined && visit(name, value)) return true;
      }
    }
    start = end + 1;
  }
  return false;
}

function hasTooManyPairs(query: string): boolean {
  if (query.length < MAX_QUERY_PAIRS) return false;
  let pairs = 1;
  for (let i = query.indexOf("&"); i >= 0; i = query.indexOf("&", i + 1)) if (++pairs > MAX_QUERY_PAIRS) return true;
  return false;
}

/** All pairs in order, decoded. */
export function parseQuery(query: string): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  somePair(query, (name, value) => {
    pairs.push([name, value]);
    return false;
  });
  return pairs;
}

/** The first value of a parameter, "" when it has none, undefined when it does not occur. */
export function firstQueryValue(query: string, name: string): string | undefined {
  let found: string | undefined;
  somePair(query, (pairName, value) => {
    if (pairName !== name) return false;
    found = value;
    return true;
  });
  return found;
}

/** True when one value of the parameter passes the test. */
export function someQueryValue(query: string, name: string, test: (value: string) => boolean): boolean {
  return somePair(query, (pairName, value) => pairName === name && test(value));
}

/**
 * Writes pairs: sorted by name, values of one name in their order, blanks as `+`, unescaped only letters, digits and `-_.~`.
 */
export function encodeQuery(pairs: readonly (readonly [name: string, value: string])[]): string {
  // The sort is stable, and comparing byte strings compares bytes.
  const sorted = [...pairs].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  let out = "";
  for (const [name, value] of sorted) {
    if (out !== "") out += "&";
    out += `${escapeQuery(name)}=${escapeQuery(value)}`;
  }
  return out;
}

/** Sets one parameter to one value and gives the new query. */
export function setQueryValue(query: string, name: string, value: string): string {
  const kept: [string, string][] = parseQuery(query).filter((pair) => pair[0] !== name);
  kept.push([name, value]);
  return encodeQuery(kept);
}

/** Removes a parameter and gives the new query. */
export function deleteQueryValue(query: string, name: string): string {
  return encodeQuery(parseQuery(query).filter((pair) => pair[0] !== name));
}

/** The query with bytes that cannot stand in a request target escaped, such as blanks, line ends and `#`; all others as they are. */
export function escapeUnsendable(query: string): string {
  let out = "";
  let from = 0;
  for (let i = 0; i < query.length; i++) {
    const c = query.charCodeAt(i);
    if (c > 32 && c < 127 && c !== HASH) continue;
    out += `${query.slice(from, i)}%${HEX[c >> 4]!}${HEX[c & 15]!}`;
    from = i + 1;
  }
  return from === 0 ? query : out + query.slice(from);
}

/** Decodes `%XX` and `+`; undefined when an escape is none. */
export function unescapeQuery(text: string): string | undefined {
  let out = "";
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === PLUS) {
      out += `${text.slice(from, i)} `;
      from = i + 1;
    } else if (c === PERCENT) {
      const high = text.charCodeAt(i + 1);
      const low = text.charCodeAt(i + 2);
      if (!isHexDigit(high) || !isHexDigit(low)) return undefined;
      out += text.slice(from, i) + String.fromCharCode(hexValue(high) * 16 + hexValue(low));
      i += 2;
      from = i + 1;
    }
  }
  return from === 0 ? text : out + text.slice(from);
}

/** Escapes a name or value: everything but letters, digits and `-_.~`; a blank becomes `+`. */
export function escapeQuery(text: string): string {
  let out = "";
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (isUnreserved(c)) continue;
    out += text.slice(from, i);
    out += c === 32 ? "+" : `%${HEX[c >> 4]!}${HEX[c & 15]!}`;
    from = i + 1;
  }
  return from === 0 ? text : out + text.slice(from);
}

const HEX = "0123456789ABCDEF";

function isUnreserved(c: number): boolean {
  return (
    (c >= 97 && c <= 122) ||
    (c >= 65 && c <= 90) ||
    (c >= 48 && c <= 57) ||
    c === 45 ||
    c === 95 ||
    c === 46 ||
    c === 126
  );
}

function isHexDigit(c: number): boolean {
  return (c >= 48 && c <= 57) || (c >= 97 && c <= 102) || (c >= 65 && c <= 70);
}

function hexValue(c: number): number {
  return c <= 57 ? c - 48 : (c | 32) - 87;
}
