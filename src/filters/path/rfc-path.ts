// rfcPath: reserved characters that came escaped are escaped again in the path (spec filters 6.3, matching 9).

import { defineFilter } from "../../spec/filter.ts";

export const rfcPath = defineFilter({
  name: "rfcPath",
  summary: "Shows escaped reserved characters of the request path as they were sent, such as %2F, instead of decoded.",
  details:
    "It counts for later filters, templates and the routes of a loopback; the backend gets each of them escaped once. Nothing happens when a filter changed the path before.",
  args: [],
  anyArgs: true,
  examples: [
    {
      route: '* -> rfcPath() -> setResponseHeader("X-Path", "${request.path}") -> status(204) -> <shunt>',
      send: { path: "/a%2Fb" },
      expect: { headers: { "x-path": "/a%2Fb" } },
    },
  ],
  create: () => ({
    request(ctx) {
      ctx.request.patchPath();
    },
  }),
});
