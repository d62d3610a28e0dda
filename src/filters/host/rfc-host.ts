// rfcHost: removes the trailing dot of a host name (spec filters 6.2).

import { defineFilter } from "../../spec/filter.ts";

export const rfcHost = defineFilter({
  name: "rfcHost",
  summary: "Removes the trailing dot of the host name from the incoming and the outgoing host.",
  args: [],
  anyArgs: true,
  examples: [
    {
      route: '* -> preserveHost("true") -> rfcHost() -> "http://backend.test"',
      send: { headers: { Host: "a.example.:81" } },
      expect: { backend: { headers: { host: "a.example:81" } } },
    },
  ],
  create() {
    return {
      request(ctx) {
        ctx.request.host = withoutTrailingDot(ctx.request.host);
        ctx.outgoingHost = withoutTrailingDot(ctx.outgoingHost);
      },
    };
  },
});

/** `a.b.` -> `a.b`, `a.b.:81` -> `a.b:81`, `a.b..` -> `a.b.` (spec matching 9). */
function withoutTrailingDot(host: string): string {
  const text = host.includes(".:") ? host.replaceAll(".:", ":") : host;
  return text.endsWith(".") ? text.slice(0, -1) : text;
}
