// preserveHost: which host the backend sees (spec filters 6.2). A host that another filter set is left alone.

import { oneOf } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const preserveHost = defineFilter({
  name: "preserveHost",
  summary: "Sends the incoming Host to the backend, or the host of the backend's address.",
  details: 'A host that was set by another filter stays. "false" undoes -proxy-preserve-host for the route.',
  args: [one("preserve", oneOf("true", "false"))],
  examples: [
    {
      route: '* -> preserveHost("true") -> "http://backend.test"',
      send: { headers: { Host: "a.example" } },
      expect: { backend: { headers: { host: "a.example" } } },
    },
  ],
  create([preserve]) {
    if (preserve === "true") {
      return {
        request(ctx) {
          if (ctx.outgoingHost === ctx.backendHost) ctx.outgoingHost = ctx.request.host;
        },
      };
    }
    return {
      request(ctx) {
        if (ctx.outgoingHost === ctx.request.host) ctx.outgoingHost = ctx.backendHost;
      },
    };
  },
});
