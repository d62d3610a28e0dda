// jsCookie: sets a cookie that scripts in the browser can read (spec filters 10).

import { any, bytes, int, nonEmptyBytes } from "../../spec/arg-kinds.ts";
import { one, optional } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { setCookieFilter } from "./set-cookie-filter.ts";

export const jsCookie = defineFilter({
  name: "jsCookie",
  summary: "Adds a cookie to the response, readable by scripts, for the domain of the request and all paths.",
  details:
    'The domain is the host without port; of a name with two or more dots without its first label. The maximum age is in seconds. With "change-only" nothing is set when the request carries the cookie with this value.',
  args: [one("name", nonEmptyBytes), one("value", bytes), optional("maxAge", int), optional("mode", any)],
  examples: [
    {
      route: '* -> jsCookie("s", "abc", 3600) -> inlineContent("x") -> <shunt>',
      send: { headers: { Host: "www.example.org" } },
      expect: {
        headers: { "set-cookie": "s=abc; Path=/; Domain=example.org; Max-Age=3600; Secure" },
      },
    },
  ],
  create: ([name, value, maxAge, mode]) => setCookieFilter(name, value, maxAge, mode === "change-only", false),
});
