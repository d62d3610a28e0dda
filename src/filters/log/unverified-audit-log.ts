// unverifiedAuditLog: shows who calls, as the token says without proof (spec filters 10). The signature is not checked.

import { string } from "../../spec/arg-kinds.ts";
import { rest } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

const HEADER = "X-Unverified-Audit";
const PREFIX = "Bearer ";

export const unverifiedAuditLog = defineFilter({
  name: "unverifiedAuditLog",
  summary:
    "Adds a claim of the request's bearer token as header X-Unverified-Audit, for the backend and the access log.",
  details:
    'The first key whose claim is a string is taken; without keys it is "sub". A value with unusual characters becomes <invalid-sub>. The token is not verified.',
  args: [rest("key", string)],
  examples: [
    {
      route: '* -> unverifiedAuditLog() -> "http://backend.test"',
      send: { headers: { Authorization: "Bearer e30.eyJzdWIiOiJtZSJ9.x" } },
      expect: { backend: { headers: { "x-unverified-audit": "me" } } },
    },
  ],
  create([keys]) {
    const wanted = keys.length === 0 ? ["sub"] : keys;
    return {
      request(ctx) {
        const authorization = ctx.request.headers.get("Authorization");
        if (authorization === undefined || !authorization.startsWith(PREFIX)) return;
        const claims = unverifiedClaims(authorization.slice(PREFIX.length));
        if (claims === undefined) return;
        for (const key of wanted) {
          const claim = claims[key];
          if (typeof claim !== "string") continue;
          ctx.request.headers.append(HEADER, isPlain(claim) ? claim : "<invalid-sub>");
          return;
        }
      },
    };
  },
});

/** The claims of a token of three parts (RFC 7519 3), undefined when they cannot be read. */
function unverifiedClaims(token: string): Readonly<Record<string, unknown>> | undefined {
  const first = token.indexOf(".");
  const second = token.indexOf(".", first + 1);
  if (first < 0 || second < 0 || token.indexOf(".", second + 1) >= 0) return undefined;
  const payload = token.slice(first + 1, second);
  for (let i = 0; i < payload.length; i++) if (!isBase64UrlChar(payload.charCodeAt(i))) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isBase64UrlChar(c: number): boolean {
  const letter = c | 0x20;
  return (letter >= 97 && letter <= 122) || (c >= 48 && c <= 57) || c === 45 || c === 95;
}

/** Only characters that mean nothing in logs and headers. */
function isPlain(text: string): boolean {
  return /^[a-zA-Z0-9_/:?=&%@.#-]*$/.test(text);
}
