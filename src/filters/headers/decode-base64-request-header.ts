// decodeBase64RequestHeader: decodes a request header from base64 (spec filters 6.1).

import { headerName, int } from "../../spec/arg-kinds.ts";
import { one, optional } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { base64Filter, decodeBase64 } from "./base64-filter.ts";

export const decodeBase64RequestHeader = defineFilter({
  name: "decodeBase64RequestHeader",
  summary: "Decodes the first value of a request header, or one blank separated part of it, from base64.",
  details:
    "Parts count from 0 and are joined by single blanks. A part that is not there or cannot be decoded changes nothing and is logged.",
  args: [one("name", headerName), optional("part", int)],
  examples: [
    {
      route: '* -> decodeBase64RequestHeader("X-A") -> "http://backend.test"',
      send: { headers: { "X-A": "aGVsbG8=" } },
      expect: { backend: { headers: { "x-a": "hello" } } },
    },
  ],
  create: ([name, part], env) =>
    base64Filter("request", decodeBase64, "decodeBase64RequestHeader", name, part, env.log),
});
