// appendContextResponseHeader: adds a response header to a value of the state bag (spec filters 6.1).

import { bytes, headerName } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { contextValueText } from "./context-value.ts";
import { writeResponseHeader } from "./header-writer.ts";

export const appendContextResponseHeader = defineFilter({
  name: "appendContextResponseHeader",
  summary: "Adds a response header from the value under a key of the state bag, behind the values that are there.",
  details: "Without such a value nothing happens.",
  args: [one("name", headerName), one("key", bytes)],
  examples: [
    {
      route:
        '* -> setFastCgiFilename("a.php") -> appendContextResponseHeader("X-File", "fastCgiFilename") -> inlineContent("x") -> <shunt>',
      send: {},
      expect: { headers: { "x-file": "a.php" } },
    },
  ],
  create: ([name, key]) => writeResponseHeader("append", name, (ctx) => contextValueText(ctx, key)),
});
