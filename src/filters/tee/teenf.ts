// teenf: as tee, without following redirects (spec filters 9.4).

import { expansion, regexp } from "../../spec/arg-kinds.ts";
import { one, optional } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { shadowUrl } from "./shadow-url.ts";
import { checkPathChange, teeFilter } from "./tee-filter.ts";

export const teenf = defineFilter({
  name: "teenf",
  summary: "Sends a copy of the request to another server and does not follow its redirects.",
  details: "Everything else is as with tee.",
  args: [one("url", shadowUrl), optional("pattern", regexp), optional("expansion", expansion)],
  examples: [
    {
      route: '* -> teenf("http://127.0.0.1:1") -> "http://backend.test"',
      send: { path: "/a" },
      expect: { status: 200, backend: { target: "/a" } },
    },
    {
      route: '* -> teenf("http://127.0.0.1:1", "^/v1/", "/v2/") -> inlineContent("x") -> <shunt>',
      send: { headers: { "X-Skipper-Shadow-Traffic": "shadow.example" } },
      expect: { status: 465, body: "Skipper Shadow Traffic Loop detected" },
    },
  ],
  check: ([, pattern, expansion]) => checkPathChange(pattern, expansion),
  create: ([url, pattern, expansion], env) =>
    teeFilter({ name: "teenf", timeoutMs: 30_000, followsRedirects: false }, env, url, pattern, expansion),
});
