// wrapContentHex: puts bytes around the response body (spec filters 7).

import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { hexBytes } from "./hex-bytes.ts";
import { wrappedBodyFilter } from "./wrapped-body.ts";

export const wrapContentHex = defineFilter({
  name: "wrapContentHex",
  summary: "Puts a prefix before and a suffix behind the response body, both given as hexadecimal digits.",
  details: "A Content-Length is increased accordingly.",
  args: [one("prefix", hexBytes), one("suffix", hexBytes)],
  examples: [
    {
      route: '* -> wrapContentHex("3c", "3e") -> inlineContent("x") -> <shunt>',
      expect: { status: 200, headers: { "content-length": "3" }, body: "<x>" },
    },
  ],
  create: ([prefix, suffix]) => wrappedBodyFilter(prefix, suffix),
});
