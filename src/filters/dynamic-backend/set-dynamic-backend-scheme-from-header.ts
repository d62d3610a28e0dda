// setDynamicBackendSchemeFromHeader: sets the scheme of the dynamic backend from a request header (spec filters 9.1).

import { bytes } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const setDynamicBackendSchemeFromHeader = defineFilter({
  name: "setDynamicBackendSchemeFromHeader",
  summary: "Sets the scheme of the dynamic backend from a request header.",
  details: "An absent or empty header changes nothing.",
  args: [one("header", bytes)],
  examples: [
    {
      route: '* -> setDynamicBackendSchemeFromHeader("X-Scheme") -> setDynamicBackendHost("backend.test") -> <dynamic>',
      send: { headers: { "X-Scheme": "http" } },
      expect: { status: 200 },
    },
  ],
  create([header]) {
    return {
      request(ctx) {
        const scheme = ctx.request.headers.get(header);
        if (scheme) ctx.dynamicScheme = scheme;
      },
    };
  },
});
