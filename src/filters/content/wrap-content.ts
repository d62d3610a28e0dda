// wrapContent: puts texts around the response body (spec filters 7).

import { bytes } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { wrappedBodyFilter } from "./wrapped-body.ts";

export const wrapContent = defineFilter({
  name: "wrapContent",
  summary: "Puts a prefix before and a suffix behind the response body.",
  details: "A Content-Length is increased accordingly.",
  args: [one("prefix", bytes), one("suffix", bytes)],
  examples: [
    {
      route: '* -> wrapContent("<", ">") -> inlineContent("x") -> <shunt>',
      expect: { status: 200, headers: { "content-length": "3" }, body: "<x>" },
    },
  ],
  create: ([prefix, suffix]) => wrappedBodyFilter(prefix, suffix),
});
