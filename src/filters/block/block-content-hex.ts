// blockContentHex: refuses requests whose body holds one of the byte sequences, given as hexadecimal digits (spec filters 7.5).

import { rest } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { hexBytes } from "../content/hex-bytes.ts";
import { blockDetails, blockFilter } from "./block-filter.ts";

export const blockContentHex = defineFilter({
  name: "blockContentHex",
  summary: "Refuses requests whose body holds one of the byte sequences, given as hexadecimal digits.",
  details: blockDetails,
  args: [rest("bytes", hexBytes, 1)],
  options: ["max-matcher-buffer-size"],
  examples: [
    {
      route: '* -> blockContentHex("61747461636b") -> "http://backend.test"',
      send: { method: "POST", body: "an attack" },
      expect: { status: 400, body: "Bad Request\n" },
    },
  ],
  create: ([texts], env) => blockFilter(texts, env),
});
