// tee: sends a copy of the request to a shadow server (spec filters 9.4).

import { expansion, regexp } from "../../spec/arg-kinds.ts";
import { one, optional } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { shadowUrl } from "./shadow-url.ts";
import { checkPathChange, teeFilter } from "./tee-filter.ts";

export const tee = defineFilter({
  name: "tee",
  summary: "Sends a copy of the request to another server, whose answer nobody sees.",
  details:
    "The copy goes to scheme and host of the URL with the path of the request, in which a pattern may be replaced, and with method, query, headers and body as they are here. Its answer is dropped. A copy that takes more than 30s, lags more than 8 MiB behind the request or meets 256 others at its server is dropped, and counted as tee.custom.dropped or tee.custom.failed; the request never waits for it. Redirects are followed up to 10 times. Copy and request carry X-Skipper-Shadow-Traffic; a request that comes with it, not empty, is a loop and is answered with 465.",
  args: [one("url", shadowUrl), optional("pattern", regexp), optional("expansion", expansion)],
  examples: [
    {
      route: '* -> tee("http://127.0.0.1:1") -> "http://backend.test"',
      send: { path: "/a" },
      expect: { status: 200, backend: { target: "/a" } },
    },
    {
      route: '* -> tee("http://127.0.0.1:1", "^/v1/", "/v2/") -> inlineContent("x") -> <shunt>',
      send: { headers: { "X-Skipper-Shadow-Traffic": "shadow.example" } },
      expect: { status: 465, body: "Skipper Shadow Traffic Loop detected" },
    },
  ],
  check: ([, pattern, expansion]) => checkPathChange(pattern, expansion),
  create: ([url, pattern, expansion], env) =>
    teeFilter({ name: "tee", timeoutMs: 30_000, followsRedirects: true }, env, url, pattern, expansion),
});
