// modRequestHeader: replaces matches in a request header (spec filters 6.1).

import { expansion, headerName, regexp } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { modifyRequestHeader } from "./modify-header.ts";

export const modRequestHeader = defineFilter({
  name: "modRequestHeader",
  summary: "Replaces all matches in the first value of a request header, which becomes its only value.",
  details:
    "An absent header stays absent. Host starts from a Host set before, else from the incoming host, and changes the Host header of the backend request.",
  args: [one("name", headerName), one("pattern", regexp), one("expansion", expansion)],
  examples: [
    {
      route: '* -> modRequestHeader("X-A", "v([0-9])", "w$1") -> "http://backend.test"',
      send: { headers: { "X-A": "v1v2" } },
      expect: { backend: { headers: { "x-a": "w1w2" } } },
    },
  ],
  create: ([name, pattern, expansion]) => modifyRequestHeader(name, pattern, expansion),
});
