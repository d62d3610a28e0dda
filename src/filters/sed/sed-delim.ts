// sedDelim: replaces in the chunks of response bodies (spec filters 7.4).

import { defineFilter } from "../../spec/filter.ts";
import { sedDelimArgs, sedDetails, sedFilter } from "./sed-filter.ts";

export const sedDelim = defineFilter({
  name: "sedDelim",
  summary: "Replaces what matches in the response body, chunk by chunk: no match crosses a delimiter.",
  details: sedDetails,
  args: sedDelimArgs,
  examples: [
    {
      route: '* -> sedDelim("^[a-z]+", "x", "\\n") -> inlineContent("one two\\nthree") -> <shunt>',
      expect: { status: 200, body: "x two\nx" },
    },
  ],
  create: ([pattern, text, delimiter, limit, handling]) =>
    sedFilter("response", pattern, text, delimiter, limit, handling),
});
