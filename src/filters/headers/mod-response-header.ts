// modResponseHeader: replaces matches in a response header (spec filters 6.1).

import { expansion, headerName, regexp } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { modifyResponseHeader } from "./modify-header.ts";

export const modResponseHeader = defineFilter({
  name: "modResponseHeader",
  summary: "Replaces all matches in the first value of a response header, which becomes its only value.",
  details: "An absent header stays absent.",
  args: [one("name", headerName), one("pattern", regexp), one("expansion", expansion)],
  examples: [
    {
      route:
        '* -> modResponseHeader("X-A", "v([0-9])", "w$1") -> setResponseHeader("X-A", "v1") -> inlineContent("x") -> <shunt>',
      send: {},
      expect: { headers: { "x-a": "w1" } },
    },
  ],
  create: ([name, pattern, expansion]) => modifyResponseHeader(name, pattern, expansion),
});
