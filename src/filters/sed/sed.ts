// sed: replaces in response bodies (spec filters 7.4).

import { defineFilter } from "../../spec/filter.ts";
import { sedArgs, sedDetails, sedFilter } from "./sed-filter.ts";

export const sed = defineFilter({
  name: "sed",
  summary: "Replaces what matches in the response body.",
  details: sedDetails,
  args: sedArgs,
  examples: [
    {
      route: '* -> sed("foo|bar", "x") -> inlineContent("a foo and a bar") -> <shunt>',
      expect: { status: 200, body: "a x and a x" },
    },
  ],
  create: ([pattern, text, limit, handling]) => sedFilter("response", pattern, text, "", limit, handling),
});
