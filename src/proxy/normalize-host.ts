// -normalize-host (spec matching 10): the request host without port and trailing dot, in lower case.

/** Port and one trailing dot removed, ASCII letters lower-cased. A bare IPv6 address and `a:b:c` have no port. */
export function normalizeHost(host: string): string {
  let name = withoutPort(host);
  if (name.endsWith(".")) name = name.slice(0, -1);
  return lowerAscii(name);
}

function withoutPort(host: string): string {
  const colon = host.lastIndexOf(":");
  if (colon < 0) return host;
  if (host[0] === "[") {
    const close = host.indexOf("]");
    return close === colon - 1 ? host.slice(1, close) : host;
  }
  return host.indexOf(":") === colon ? host.slice(0, colon) : host;
}

/** Bytes above ASCII stay as they are. */
function lowerAscii(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c >= 65 && c <= 90) return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  }
  return text;
}
