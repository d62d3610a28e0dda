// copyRequestHeader: copies the first value of a request header to another (spec filters 6.1).

import { headerName } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { requestHeaderValue, writeRequestHeader } from "./header-writer.ts";

export const copyRequestHeader = defineFilter({
  name: "copyRequestHeader",
  summary: "Copies the first value of a request header to another request header.",
  details:
    "An absent or empty source changes nothing. Copying to Host also changes the Host header of the backend request.",
  args: [one("source", headerName), one("target", headerName)],
  examples: [
    {
      route: '* -> copyRequestHeader("X-A", "X-B") -> "http://backend.test"',
      send: { headers: { "X-A": "1" } },
      expect: { backend: { headers: { "x-b": "1" } } },
    },
  ],
  create: ([source, target]) => writeRequestHeader("set", target, requestHeaderValue(source)),
});
