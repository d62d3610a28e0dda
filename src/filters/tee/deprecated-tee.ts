// Tee: the deprecated name of tee, with less time (spec filters 9.4).

import { expansion, regexp } from "../../spec/arg-kinds.ts";
import { one, optional } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { shadowUrl } from "./shadow-url.ts";
import { checkPathChange, teeFilter } from "./tee-filter.ts";

export const deprecatedTee = defineFilter({
  name: "Tee",
  summary: "Sends a copy of the request to another server, whose answer nobody sees.",
  details: "As tee, but the copy has 1s.",
  args: [one("url", shadowUrl), optional("pattern", regexp), optional("expansion", expansion)],
  examples: [
    {
      route: '* -> Tee("http://127.0.0.1:1") -> "http://backend.test"',
      send: { path: "/a" },
      expect: { status: 200, backend: { target: "/a" } },
    },
    {
      route: '* -> Tee("http://127.0.0.1:1", "^/v1/", "/v2/") -> inlineContent("x") -> <shunt>',
      send: { headers: { "X-Skipper-Shadow-Traffic": "shadow.example" } },
      expect: { status: 465, body: "Skipper Shadow Traffic Loop detected" },
    },
  ],
  deprecated: "use tee",
  check: ([, pattern, expansion]) => checkPathChange(pattern, expansion),
  create: ([url, pattern, expansion], env) =>
    teeFilter({ name: "Tee", timeoutMs: 1_000, followsRedirects: true }, env, url, pattern, expansion),
});
