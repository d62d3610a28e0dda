// encodeBase64ResponseHeader: encodes a response header to base64 (spec filters 6.1).

import { headerName, int } from "../../spec/arg-kinds.ts";
import { one, optional } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { base64Filter, encodeBase64 } from "./base64-filter.ts";

export const encodeBase64ResponseHeader = defineFilter({
  name: "encodeBase64ResponseHeader",
  summary: "Encodes the first value of a response header, or one blank separated part of it, to base64.",
  details:
    "Parts count from 0 and are joined by single blanks. A part that is not there or cannot be decoded changes nothing and is logged.",
  args: [one("name", headerName), optional("part", int)],
  examples: [
    {
      route:
        '* -> encodeBase64ResponseHeader("X-A") -> setResponseHeader("X-A", "hello") -> inlineContent("x") -> <shunt>',
      send: {},
      expect: { headers: { "x-a": "aGVsbG8=" } },
    },
  ],
  create: ([name, part], env) =>
    base64Filter("response", encodeBase64, "encodeBase64ResponseHeader", name, part, env.log),
});
