// decodeBase64ResponseHeader: decodes a response header from base64 (spec filters 6.1).

import { headerName, int } from "../../spec/arg-kinds.ts";
import { one, optional } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { base64Filter, decodeBase64 } from "./base64-filter.ts";

export const decodeBase64ResponseHeader = defineFilter({
  name: "decodeBase64ResponseHeader",
  summary: "Decodes the first value of a response header, or one blank separated part of it, from base64.",
  details:
    "Parts count from 0 and are joined by single blanks. A part that is not there or cannot be decoded changes nothing and is logged.",
  args: [one("name", headerName), optional("part", int)],
  examples: [
    {
      route:
        '* -> decodeBase64ResponseHeader("X-A") -> setResponseHeader("X-A", "aGVsbG8=") -> inlineContent("x") -> <shunt>',
      send: {},
      expect: { headers: { "x-a": "hello" } },
    },
  ],
  create: ([name, part], env) =>
    base64Filter("response", decodeBase64, "decodeBase64ResponseHeader", name, part, env.log),
});
