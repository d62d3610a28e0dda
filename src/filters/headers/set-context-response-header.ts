// setContextResponseHeader: sets a response header to a value of the state bag (spec filters 6.1).

import { bytes, headerName } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { contextValueText } from "./context-value.ts";
import { writeResponseHeader } from "./header-writer.ts";

export const setContextResponseHeader = defineFilter({
  name: "setContextResponseHeader",
  summary: "Sets a response header from the value under a key of the state bag, replacing the values that are there.",
  details: "Without such a value nothing happens.",
  args: [one("name", headerName), one("key", bytes)],
  examples: [
    {
      route:
        '* -> setFastCgiFilename("a.php") -> setContextResponseHeader("X-File", "fastCgiFilename") -> inlineContent("x") -> <shunt>',
      send: {},
      expect: { headers: { "x-file": "a.php" } },
    },
  ],
  create: ([name, key]) => writeResponseHeader("set", name, (ctx) => contextValueText(ctx, key)),
});
