// responseHeader: adds a response header with a literal value (spec filters 6.1).

import { bytes, headerName } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { writeResponseHeader } from "./header-writer.ts";

export const responseHeader = defineFilter({
  name: "responseHeader",
  summary: "Adds a response header with a literal value.",
  deprecated: "use appendResponseHeader",
  args: [one("name", headerName), one("value", bytes)],
  examples: [
    {
      route: '* -> responseHeader("X-A", "b") -> inlineContent("x") -> <shunt>',
      send: {},
      expect: { headers: { "x-a": "b" } },
    },
  ],
  create: ([name, value]) => writeResponseHeader("append", name, () => value),
});
