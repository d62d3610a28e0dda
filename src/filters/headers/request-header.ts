// requestHeader: adds a request header with a literal value (spec filters 6.1).

import { bytes, headerName } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { writeRequestHeader } from "./header-writer.ts";

export const requestHeader = defineFilter({
  name: "requestHeader",
  summary: "Adds a request header with a literal value.",
  deprecated: "use appendRequestHeader",
  args: [one("name", headerName), one("value", bytes)],
  examples: [
    {
      route: '* -> requestHeader("X-A", "b") -> "http://backend.test"',
      send: {},
      expect: { backend: { headers: { "x-a": "b" } } },
    },
  ],
  create: ([name, value]) => writeRequestHeader("append", name, () => value),
});
