// copyResponseHeader: copies the first value of a response header to another (spec filters 6.1).

import { headerName } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { responseHeaderValue, writeResponseHeader } from "./header-writer.ts";

export const copyResponseHeader = defineFilter({
  name: "copyResponseHeader",
  summary: "Copies the first value of a response header to another response header.",
  details: "An absent or empty source changes nothing.",
  args: [one("source", headerName), one("target", headerName)],
  examples: [
    {
      route: '* -> copyResponseHeader("X-A", "X-B") -> setResponseHeader("X-A", "1") -> inlineContent("x") -> <shunt>',
      send: {},
      expect: { headers: { "x-b": "1" } },
    },
  ],
  create: ([source, target]) => writeResponseHeader("set", target, responseHeaderValue(source)),
});
