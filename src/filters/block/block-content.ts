// blockContent: refuses requests whose body holds one of the texts (spec filters 7.5).

import { bytes } from "../../spec/arg-kinds.ts";
import { rest } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { blockDetails, blockFilter } from "./block-filter.ts";

export const blockContent = defineFilter({
  name: "blockContent",
  summary: "Refuses requests whose body holds one of the texts.",
  details: blockDetails,
  args: [rest("text", bytes, 1)],
  options: ["max-matcher-buffer-size"],
  examples: [
    {
      route: '* -> blockContent("attack") -> "http://backend.test"',
      send: { method: "POST", body: "an attack" },
      expect: { status: 400, body: "Bad Request\n" },
    },
  ],
  create: ([texts], env) => blockFilter(texts, env),
});
