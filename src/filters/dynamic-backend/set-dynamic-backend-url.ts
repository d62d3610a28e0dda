// setDynamicBackendUrl: sets scheme and host of the dynamic backend by a URL (spec filters 9.1).

import { parseRequestUrl } from "../../http/url-reference.ts";
import { bytes } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const setDynamicBackendUrl = defineFilter({
  name: "setDynamicBackendUrl",
  summary: "Sets scheme and host of the dynamic backend by a URL.",
  details:
    "Path, query and user info of the URL are not used. It wins over a host and a scheme that were set alone. Only <dynamic> backends use it, but the Host header of the backend request changes with every kind of backend.",
  args: [one("url", bytes)],
  examples: [
    {
      route: '* -> setDynamicBackendUrl("http://backend.test") -> <dynamic>',
      send: {},
      expect: { status: 200 },
    },
  ],
  create([url]) {
    const host = parseRequestUrl(url)?.host;
    return {
      request(ctx) {
        ctx.dynamicUrl = url;
        if (host !== undefined) ctx.outgoingHost = host;
      },
    };
  },
});
