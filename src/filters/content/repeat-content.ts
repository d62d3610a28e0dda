// repeatContent: answers with a text repeated to a length (spec filters 7).

import { nonEmptyBytes, nonNegativeInt } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { repeatedBodyFilter } from "./repeated-body.ts";

export const repeatContent = defineFilter({
  name: "repeatContent",
  summary: "Answers the request with status 200 and a text repeated and cut to the length; the backend is not called.",
  args: [one("text", nonEmptyBytes), one("length", nonNegativeInt)],
  examples: [
    {
      route: '* -> repeatContent("ab", 5) -> <shunt>',
      expect: { status: 200, headers: { "content-length": "5" }, body: "ababa" },
    },
  ],
  create: ([text, length]) => repeatedBodyFilter(text, length),
});
