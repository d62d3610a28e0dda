// dropRequestHeader: removes a request header (spec filters 6.1).

import { headerName } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const dropRequestHeader = defineFilter({
  name: "dropRequestHeader",
  summary: "Removes all values of a request header.",
  details: "Dropping Host does not change the Host header of the backend request.",
  args: [one("name", headerName)],
  examples: [
    {
      route: '* -> dropRequestHeader("X-A") -> "http://backend.test"',
      send: { headers: { "X-A": "1", "X-B": "2" } },
      expect: { backend: { headers: { "x-b": "2" } } },
    },
  ],
  create: ([name]) => ({
    request(ctx) {
      ctx.request.headers.delete(name);
    },
  }),
});
