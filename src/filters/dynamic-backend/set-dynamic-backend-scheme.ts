// setDynamicBackendScheme: sets the scheme of the dynamic backend (spec filters 9.1).

import { bytes } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const setDynamicBackendScheme = defineFilter({
  name: "setDynamicBackendScheme",
  summary: "Sets the scheme of the dynamic backend.",
  details: "http, https, h2c and fastcgi are supported.",
  args: [one("scheme", bytes)],
  examples: [
    {
      route: '* -> setDynamicBackendScheme("http") -> setDynamicBackendHost("backend.test") -> <dynamic>',
      send: {},
      expect: { status: 200 },
    },
  ],
  create([scheme]) {
    return {
      request(ctx) {
        ctx.dynamicScheme = scheme;
      },
    };
  },
});
