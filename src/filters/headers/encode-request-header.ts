// encodeRequestHeader: encodes a request header to a single byte character set (spec filters 6.1).

import { headerName } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { charset, encodingFilter } from "./encoding-filter.ts";

export const encodeRequestHeader = defineFilter({
  name: "encodeRequestHeader",
  summary: "Encodes the first value of a request header from UTF-8 to a single byte character set.",
  details:
    "It becomes the only value. A value with a character that the set lacks becomes empty, and the log says so; an absent or empty header stays.",
  args: [one("name", headerName), one("charset", charset)],
  examples: [
    {
      route: '* -> encodeRequestHeader("X-A", "ISO8859_1") -> "http://backend.test"',
      send: { headers: { "X-A": "abc" } },
      expect: { backend: { headers: { "x-a": "abc" } } },
    },
  ],
  create: ([name, charset], env) => encodingFilter("request", "encodeRequestHeader", name, charset, env.log),
});
