// How a cookie value is written, in requests and in responses (spec filters 10, RFC 6265 4.1.1).

/** The value as it is sent: bytes that cannot stand in a cookie are dropped, one with a blank or comma is quoted. */
export function cookieValueText(value: string): string {
  let out = "";
  let quoted = false;
  for (const c of value) {
    if (c < " " || c > "~" || c === '"' || c === ";" || c === "\\") continue;
    if (c === " " || c === ",") quoted = true;
    out += c;
  }
  return quoted ? `"${out}"` : out;
}

/** Key of the state bag under which the cookie filters leave the value of a cookie. */
export function cookieStateKey(name: string): string {
  return `CookieSet:${name}`;
}
