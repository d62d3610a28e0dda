// The claims of a bearer token, for routing only: nothing is verified here (spec predicates 7).

import { decodeUtf8 } from "../util/utf8.ts";

const SCHEME = "Bearer ";
const BASE64URL = /^[A-Za-z0-9_-]*$/;

/** The claims of the token in an Authorization value, null when there is none that can be read. */
export function bearerClaims(authorization: string | undefined): Readonly<Record<string, unknown>> | null {
  if (authorization === undefined || !authorization.startsWith(SCHEME)) return null;
  const first = authorization.indexOf(".", SCHEME.length);
  const second = first < 0 ? -1 : authorization.indexOf(".", first + 1);
  if (second < 0 || authorization.indexOf(".", second + 1) >= 0) return null;
  const payload = authorization.slice(first + 1, second);
  if (payload.length % 4 === 1 || !BASE64URL.test(payload)) return null;
  try {
    const claims: unknown = JSON.parse(decodeUtf8(Buffer.from(payload, "base64url")));
    if (claims === null) return {};
    return typeof claims === "object" && !Array.isArray(claims) ? (claims as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** A claim that is a string, as Unicode text; undefined for any other. */
export function stringClaim(claims: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === "string" ? value.toWellFormed() : undefined;
}
