// sedRequestDelim: replaces in the chunks of request bodies (spec filters 7.4).

import { defineFilter } from "../../spec/filter.ts";
import { sedDelimArgs, sedDetails, sedFilter } from "./sed-filter.ts";

export const sedRequestDelim = defineFilter({
  name: "sedRequestDelim",
  summary: "Replaces what matches in the request body, chunk by chunk: no match crosses a delimiter.",
  details: sedDetails,
  args: sedDelimArgs,
  examples: [
    {
      route: '* -> sedRequestDelim("^a", "b", ",") -> "http://backend.test"',
      send: { method: "POST", body: "aa,ac" },
      expect: { status: 200, backend: { body: "ba,bc" } },
    },
  ],
  create: ([pattern, text, delimiter, limit, handling]) =>
    sedFilter("request", pattern, text, delimiter, limit, handling),
});
