// setDynamicBackendUrlFromHeader: sets scheme and host of the dynamic backend by a URL in a request header (spec filters 9.1).

import { parseRequestUrl } from "../../http/url-reference.ts";
import { bytes } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const setDynamicBackendUrlFromHeader = defineFilter({
  name: "setDynamicBackendUrlFromHeader",
  summary: "Sets scheme and host of the dynamic backend by a URL in a request header.",
  details:
    "An absent or empty header changes nothing. Path, query and user info of the URL are not used. Only <dynamic> backends use it, but the Host header of the backend request changes with every kind of backend.",
  args: [one("header", bytes)],
  examples: [
    {
      route: '* -> setDynamicBackendUrlFromHeader("X-Url") -> <dynamic>',
      send: { headers: { "X-Url": "http://backend.test" } },
      expect: { status: 200 },
    },
  ],
  create([header]) {
    return {
      request(ctx) {
        const url = ctx.request.headers.get(header);
        if (!url) return;
        ctx.dynamicUrl = url;
        const parsed = parseRequestUrl(url);
        if (parsed !== undefined) ctx.outgoingHost = parsed.host;
      },
    };
  },
});
