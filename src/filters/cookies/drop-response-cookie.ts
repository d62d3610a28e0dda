// dropResponseCookie: removes a cookie from the response (spec filters 10).

import { bytes } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { formatSetCookie, parseSetCookie } from "./set-cookie.ts";

export const dropResponseCookie = defineFilter({
  name: "dropResponseCookie",
  summary: "Removes the Set-Cookie lines of a cookie from the response.",
  details: "When there is one, the other Set-Cookie lines are written anew in normal form, without unknown attributes.",
  args: [one("name", bytes)],
  examples: [
    {
      route:
        '* -> dropResponseCookie("k") -> responseCookie("k", "1") -> jsCookie("m", "2") -> inlineContent("x") -> <shunt>',
      send: { headers: { Host: "example.org" } },
      expect: { headers: { "set-cookie": "m=2; Path=/; Domain=example.org; Secure" } },
    },
  ],
  create: ([name]) => ({
    response(ctx) {
      const headers = ctx.response.headers;
      if (!headers.has("Set-Cookie")) return;
      const lines = headers.getAll("Set-Cookie");
      const cookies = lines.map(parseSetCookie);
      if (!cookies.some((cookie) => cookie?.name === name)) return;
      headers.delete("Set-Cookie");
      for (const [i, cookie] of cookies.entries()) {
        // A line that is no cookie for us may be one for the client: it stays as it is.
        if (cookie === undefined) headers.append("Set-Cookie", lines[i]!);
        else if (cookie.name !== name) headers.append("Set-Cookie", formatSetCookie(cookie));
      }
    },
  }),
});
