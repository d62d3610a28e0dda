// encodeResponseHeader: encodes a response header to a single byte character set (spec filters 6.1).

import { headerName } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { charset, encodingFilter } from "./encoding-filter.ts";

export const encodeResponseHeader = defineFilter({
  name: "encodeResponseHeader",
  summary: "Encodes the first value of a response header from UTF-8 to a single byte character set.",
  details:
    "It becomes the only value. A value with a character that the set lacks becomes empty, and the log says so; an absent or empty header stays.",
  args: [one("name", headerName), one("charset", charset)],
  examples: [
    {
      route:
        '* -> encodeResponseHeader("X-A", "KOI8R") -> setResponseHeader("X-A", "abc") -> inlineContent("x") -> <shunt>',
      expect: { headers: { "x-a": "abc" } },
    },
  ],
  create: ([name, charset], env) => encodingFilter("response", "encodeResponseHeader", name, charset, env.log),
});
