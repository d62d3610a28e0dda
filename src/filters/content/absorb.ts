// absorb: reads and drops the request body (spec filters 7).

import { defineFilter } from "../../spec/filter.ts";
import { absorbFilter } from "./absorb-filter.ts";

export const absorb = defineFilter({
  name: "absorb",
  summary: "Reads the whole request body, drops it, and answers with status 200 and an empty body.",
  details:
    "The log names the request by its X-Flow-Id, or by a random id, and says about once a second and at the end how many bytes came.",
  args: [],
  anyArgs: true,
  examples: [
    {
      route: "* -> absorb() -> <shunt>",
      send: { method: "POST", body: "abc" },
      expect: { status: 200, body: "" },
    },
  ],
  create: (_values, env) => absorbFilter(env),
});
