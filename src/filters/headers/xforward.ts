// xforward: adds the client address to X-Forwarded-For (spec filters 6.1).

import { defineFilter } from "../../spec/filter.ts";
import { forwardedFilter } from "./forwarded-filter.ts";

export const xforward = defineFilter({
  name: "xforward",
  summary: "Adds the client address to the end of X-Forwarded-For and sets X-Forwarded-Host to the incoming host.",
  args: [],
  anyArgs: true,
  examples: [
    {
      route: '* -> xforward() -> "http://backend.test"',
      send: { headers: { Host: "a.example", "X-Forwarded-For": "192.0.2.1" } },
      expect: { backend: { headers: { "x-forwarded-host": "a.example" } } },
    },
  ],
  create: () => forwardedFilter((old, peer) => `${old}, ${peer}`),
});
