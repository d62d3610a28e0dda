// The addresses that eskip accepts for backends and endpoints (spec eskip 5.2 to 5.4). Used by the parser for endpoints, by the
// routing table for backend addresses and by the etcd client for its nodes. Not a URL library: it checks and splits, nothing else.

/** The parts of a backend address that the proxy uses. */
export interface BackendAddress {
  /** Lower case. */
  readonly scheme: string;
  /** Lower case, with the port as written. */
  readonly host: string;
  /** Without port and brackets, lower case. */
  readonly hostname: string;
  /** As written, else the default of the scheme (http and h2c 80, https 443), else 0; also 0 for a number that is no port. */
  readonly port: number;
}

// Characters that a host name must not hold; bytes above ASCII are allowed there, but not in user and password.
const refusedInHost = " #\\^`{|}";
const refusedInUserinfo = ' #\\^`{|}"<>[]/?';

/** "" when `text` is an absolute URL or absolute path as of spec eskip 5.4, else the whole error text. */
export function checkUrl(text: string): string {
  const reason = findFault(text);
  return reason === "" ? "" : `parse ${JSON.stringify(text)}: ${reason}`;
}

/**
 * Splits the address of a network backend or endpoint. `error` is the detail that stands behind `failed_backend_split: `
 * (spec route-sources 6.1).
 */
export function splitBackendAddress(address: string): BackendAddress | { readonly error: string } {
  let reason = findFault(address);
  const scheme = schemeOf(address);
  const rest = address.slice(scheme.length + 1);
  let authority = "";
  if (reason === "") {
    if (scheme === "") reason = "missing scheme";
    else {
      authority = authorityOf(rest);
      if (hostOf(authority) === "") reason = "missing host";
    }
  }
  if (reason !== "") {
    const quoted = JSON.stringify(address);
    return { error: `failed to parse backend address ${quoted}: parse ${quoted}: ${reason}` };
  }
  const host = hostOf(authority).toLowerCase();
  const colon = portColon(host);
  const name = colon < 0 ? host : host.slice(0, colon);
  const port = colon < 0 ? "" : host.slice(colon + 1);
  return {
    scheme,
    host,
    hostname: name.startsWith("[") ? name.slice(1, -1) : name,
    port: port === "" ? defaultPort(scheme) : portNumber(port),
  };
}

/** The scheme in lower case, "" when there is none. */
export function schemeOf(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i) | 0x20;
    if (c >= 0x61 && c <= 0x7a) continue;
    const plain = text[i]!;
    if (plain === ":") return text.slice(0, i).toLowerCase();
    if (i === 0 || !"0123456789+-.".includes(plain)) return "";
  }
  return "";
}

/** Numbers beyond the range parse (spec eskip 5.4); nobody listens on port 0, so calls end as a failure to connect. */
function portNumber(digits: string): number {
  const port = Number(digits);
  return port <= 65_535 ? port : 0;
}

function defaultPort(scheme: string): number {
  if (scheme === "http" || scheme === "h2c") return 80;
  return scheme === "https" ? 443 : 0;
}

/** What is wrong, or "". */
function findFault(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x20 || c === 0x7f) return "net/url: invalid control character in URL";
  }
  if (text === "") return "empty url";
  if (text === "*") return "";
  if (text.startsWith(":")) return "missing protocol scheme";
  const scheme = schemeOf(text);
  let rest = scheme === "" ? text : text.slice(scheme.length + 1);
  const query = rest.indexOf("?");
  if (query >= 0) rest = rest.slice(0, query);
  if (!rest.startsWith("/")) return scheme === "" ? "invalid URI for request" : "";
  if (scheme !== "" && rest.startsWith("//")) {
    const authority = authorityOf(rest);
    const fault = findAuthorityFault(authority);
    if (fault !== "") return fault;
    rest = rest.slice(2 + authority.length);
  }
  return findEscapeFault(rest);
}

/** What stands between `//` and the path or query; "" when there is no `//`. */
function authorityOf(rest: string): string {
  if (!rest.startsWith("//")) return "";
  for (let i = 2; i < rest.length; i++) if (rest[i] === "/" || rest[i] === "?") return rest.slice(2, i);
  return rest.slice(2);
}

/** The authority without user and password. */
function hostOf(authority: string): string {
  return authority.slice(authority.lastIndexOf("@") + 1);
}

function findAuthorityFault(authority: string): string {
  const at = authority.lastIndexOf("@");
  if (at >= 0) {
    const userinfo = authority.slice(0, at);
    for (const c of userinfo) if (refusedInUserinfo.includes(c) || c > "\x7f") return "net/url: invalid userinfo";
    const fault = findEscapeFault(userinfo);
    if (fault !== "") return fault;
  }
  const host = authority.slice(at + 1);
  if (host.includes("[")) {
    if (!host.includes("]")) return "missing ']' in host";
    if (host.lastIndexOf("[") > 0 || host.indexOf("]") < host.lastIndexOf("]")) return "invalid IP-literal";
  }
  const colon = portColon(host);
  if (host.startsWith("[") && colon < 0 && !host.endsWith("]")) {
    return `invalid port ${JSON.stringify(host.slice(host.lastIndexOf("]") + 1))} after host`;
  }
  if (colon >= 0) {
    for (let i = colon + 1; i < host.length; i++) {
      const c = host.charCodeAt(i);
      if (c < 0x30 || c > 0x39) return `invalid port ${JSON.stringify(host.slice(colon))} after host`;
    }
  }
  for (const c of host) if (refusedInHost.includes(c)) return `invalid character ${JSON.stringify(c)} in host name`;
  return findEscapeFault(host) || findAsciiEscape(host);
}

/** In a host only bytes above ASCII are escaped, and the percent sign in front of an IPv6 zone (RFC 6874). */
function findAsciiEscape(host: string): string {
  const found = /%(?!25)[0-7]./.exec(host);
  return found === null ? "" : `invalid URL escape ${JSON.stringify(found[0])}`;
}

/** Index of the colon before the port, -1 when there is none. */
function portColon(host: string): number {
  if (!host.startsWith("[")) return host.lastIndexOf(":");
  const close = host.lastIndexOf("]");
  return host[close + 1] === ":" ? close + 1 : -1;
}

function findEscapeFault(text: string): string {
  for (let i = text.indexOf("%"); i >= 0; i = text.indexOf("%", i + 1)) {
    if (!isHex(text.charCodeAt(i + 1)) || !isHex(text.charCodeAt(i + 2))) {
      return `invalid URL escape ${JSON.stringify(text.slice(i, i + 3))}`;
    }
  }
  return "";
}

function isHex(c: number): boolean {
  return (c >= 0x30 && c <= 0x39) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x66);
}
