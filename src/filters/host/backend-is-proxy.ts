// backendIsProxy: tells the proxy to send absolute request targets (spec filters 6.2).

import { defineFilter } from "../../spec/filter.ts";

export const backendIsProxy = defineFilter({
  name: "backendIsProxy",
  summary: "Says that the backend is itself a forward proxy: requests go to it with an absolute request target.",
  details: "The target names the outgoing host, so it is usually combined with preserveHost or a Host header.",
  args: [],
  anyArgs: true,
  examples: [
    {
      route: '* -> setRequestHeader("Host", "a.example") -> backendIsProxy() -> "http://backend.test"',
      send: { path: "/a?b=c" },
      expect: { backend: { target: "http://a.example/a?b=c", headers: { host: "a.example" } } },
    },
  ],
  create() {
    return {
      request(ctx) {
        ctx.backendIsProxy = true;
      },
    };
  },
});
