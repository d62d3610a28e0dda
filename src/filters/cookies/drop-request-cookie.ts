// dropRequestCookie: removes a cookie from the request (spec filters 10).

import { cookieValue, isToken, trimBlanks } from "../../http/cookies.ts";
import { bytes } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

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
          const text = trimBlanks(pair);
          const equals = text.indexOf("=");
          const pairName = trimBlanks(equals < 0 ? text : text.slice(0, equals));
          if (pairName !== name && isToken(pairName) && isCookieText(text)) kept.push(text);
        }
      }
      if (kept.length === 0) headers.delete("Cookie");
      else headers.set("Cookie", kept.join("; "));
    },
  }),
});

/** True when the bytes of a pair can all stand in one. */
function isCookieText(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x20 || c > 0x7e || c === 0x5c) return false;
  }
  return true;
}
