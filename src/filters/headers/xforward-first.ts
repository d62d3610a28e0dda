// xforwardFirst: puts the client address in front of X-Forwarded-For (spec filters 6.1).

import { defineFilter } from "../../spec/filter.ts";
import { forwardedFilter } from "./forwarded-filter.ts";

export const xforwardFirst = defineFilter({
  name: "xforwardFirst",
  summary: "Puts the client address in front of X-Forwarded-For and sets X-Forwarded-Host to the incoming host.",
  args: [],
  anyArgs: true,
  examples: [
    {
      route: '* -> xforwardFirst() -> "http://backend.test"',
      send: { headers: { Host: "a.example", "X-Forwarded-For": "192.0.2.1" } },
      expect: { backend: { headers: { "x-forwarded-host": "a.example" } } },
    },
  ],
  create: () => forwardedFilter((old, peer) => `${peer}, ${old}`),
});
