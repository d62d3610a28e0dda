// repeatContentHex: answers with bytes, given as hexadecimal digits, repeated to a length (spec filters 7).

import { nonNegativeInt } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { nonEmptyHexBytes } from "./hex-bytes.ts";
import { repeatedBodyFilter } from "./repeated-body.ts";

export const repeatContentHex = defineFilter({
  name: "repeatContentHex",
  summary:
    "Answers the request with status 200 and bytes, given as hexadecimal digits, repeated and cut to the length; the backend is not called.",
  args: [one("bytes", nonEmptyHexBytes), one("length", nonNegativeInt)],
  examples: [
    {
      route: '* -> repeatContentHex("6162", 5) -> <shunt>',
      expect: { status: 200, headers: { "content-length": "5" }, body: "ababa" },
    },
  ],
  create: ([text, length]) => repeatedBodyFilter(text, length),
});
