// setDynamicBackendHost: sets host and port of the dynamic backend (spec filters 9.1).

import { bytes } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const setDynamicBackendHost = defineFilter({
  name: "setDynamicBackendHost",
  summary: "Sets host and port of the dynamic backend.",
  details:
    "Only <dynamic> backends use it, but the Host header of the backend request changes with every kind of backend.",
  args: [one("host", bytes)],
  examples: [
    {
      route: '* -> setDynamicBackendHost("backend.test") -> <dynamic>',
      send: {},
      expect: { status: 200 },
    },
  ],
  create([host]) {
    return {
      request(ctx) {
        ctx.dynamicHost = host;
        ctx.outgoingHost = host;
      },
    };
  },
});
