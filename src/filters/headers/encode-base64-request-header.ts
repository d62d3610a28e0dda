// encodeBase64RequestHeader: encodes a request header to base64 (spec filters 6.1).

import { headerName, int } from "../../spec/arg-kinds.ts";
import { one, optional } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { base64Filter, encodeBase64 } from "./base64-filter.ts";

export const encodeBase64RequestHeader = defineFilter({
  name: "encodeBase64RequestHeader",
  summary: "Encodes the first value of a request header, or one blank separated part of it, to base64.",
  details:
    "Parts count from 0 and are joined by single blanks. A part that is not there or cannot be decoded changes nothing and is logged.",
  args: [one("name", headerName), optional("part", int)],
  examples: [
    {
      route: '* -> encodeBase64RequestHeader("X-A") -> "http://backend.test"',
      send: { headers: { "X-A": "hello" } },
      expect: { backend: { headers: { "x-a": "aGVsbG8=" } } },
    },
  ],
  create: ([name, part], env) =>
    base64Filter("request", encodeBase64, "encodeBase64RequestHeader", name, part, env.log),
});
