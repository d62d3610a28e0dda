// setDynamicBackendHostFromHeader: sets host and port of the dynamic backend from a request header (spec filters 9.1).

import { bytes } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const setDynamicBackendHostFromHeader = defineFilter({
  name: "setDynamicBackendHostFromHeader",
  summary: "Sets host and port of the dynamic backend from a request header.",
  details:
    "An absent or empty header changes nothing. Only <dynamic> backends use it, but the Host header of the backend request changes with every kind of backend.",
  args: [one("header", bytes)],
  examples: [
    {
      route: '* -> setDynamicBackendHostFromHeader("X-Host") -> <dynamic>',
      send: { headers: { "X-Host": "backend.test" } },
      expect: { status: 200 },
    },
  ],
  create([header]) {
    return {
      request(ctx) {
        const host = ctx.request.headers.get(header);
        if (!host) return;
        ctx.dynamicHost = host;
        ctx.outgoingHost = host;
      },
    };
  },
});
