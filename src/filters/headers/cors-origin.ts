// corsOrigin: Access-Control-Allow-Origin for all or for listed origins (spec filters 6.1). No preflight, no Vary.

import { bytes } from "../../spec/arg-kinds.ts";
import { rest } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const corsOrigin = defineFilter({
  name: "corsOrigin",
  summary: "Sets Access-Control-Allow-Origin: to * without arguments, else to the request's Origin when it is listed.",
  details: "Origins are compared exactly. Preflight requests are not answered and Vary is not set.",
  args: [rest("origin", bytes)],
  examples: [
    {
      route: '* -> corsOrigin("https://a.example") -> inlineContent("x") -> <shunt>',
      send: { headers: { Origin: "https://a.example" } },
      expect: { headers: { "access-control-allow-origin": "https://a.example" } },
    },
  ],
  create([origins]) {
    return {
      response(ctx) {
        if (origins.length === 0) {
          ctx.response.headers.set("Access-Control-Allow-Origin", "*");
          return;
        }
        const origin = ctx.request.headers.get("Origin");
        if (origin !== undefined && origins.includes(origin)) {
          ctx.response.headers.set("Access-Control-Allow-Origin", origin);
        }
      },
    };
  },
});
