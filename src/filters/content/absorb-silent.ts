// absorbSilent: reads and drops the request body, without log lines (spec filters 7).

import { defineFilter } from "../../spec/filter.ts";
import { silentAbsorbFilter } from "./absorb-filter.ts";

export const absorbSilent = defineFilter({
  name: "absorbSilent",
  summary: "Reads the whole request body, drops it, and answers with status 200 and an empty body.",
  details: "Nothing is logged.",
  args: [],
  anyArgs: true,
  examples: [
    {
      route: "* -> absorbSilent() -> <shunt>",
      send: { method: "POST", body: "abc" },
      expect: { status: 200, body: "" },
    },
  ],
  create: () => silentAbsorbFilter(),
});
