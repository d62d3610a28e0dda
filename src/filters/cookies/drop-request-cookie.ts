// dropRequestCookie: removes a cookie from the request (spec filters 10).

import { cookieValue, isToken, pairValue, trimBlanks } from "../../http/cookies.ts";
import { bytes } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { cookieValueText } from "./cookie-value.ts";

export const dropRequestCookie = defineFilter({
  name: "dropRequestCookie",
  summary: "Removes all cookies of a name from the request.",
  details: "When there is one, the Cookie header is written anew in one line, and pairs that are no cookies vanish.",
  args: [one("name", bytes)],
  examples: [
    {
      route: '* -> dropRequestCookie("s") -> "http://backend.test"',
      send: { headers: { Cookie: "x=1; s=old; y=2" } },
      expect: { backend: { headers: { cookie: "x=1; y=2" } } },
    },
  ],
  create: ([name]) => ({
    request(ctx) {
      const headers = ctx.request.headers;
      if (cookieValue(headers, name) === undefined) return;
      const kept: string[] = [];
      for (const line of headers.getAll("Cookie")) {
        for (const pair of line.split(";")) {
          const equals = pair.indexOf("=");
          const pairName = trimBlanks(equals < 0 ? pair : pair.slice(0, equals));
          const value = pairValue(pair, equals);
          if (pairName !== name && isToken(pairName) && value !== undefined) {
            kept.push(`${pairName}=${quotedAsReceived(pair, value)}`);
          }
        }
      }
      if (kept.length === 0) headers.delete("Cookie");
      else headers.set("Cookie", kept.join("; "));
    },
  }),
});

/** The value of a pair with the quotes that it had; one with a blank or comma gets them. */
function quotedAsReceived(pair: string, value: string): string {
  return trimBlanks(pair).endsWith(`"${value}"`) ? `"${value}"` : cookieValueText(value);
}
