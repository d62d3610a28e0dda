// sedRequest: replaces in request bodies (spec filters 7.4).

import { defineFilter } from "../../spec/filter.ts";
import { sedArgs, sedDetails, sedFilter } from "./sed-filter.ts";

export const sedRequest = defineFilter({
  name: "sedRequest",
  summary: "Replaces what matches in the request body.",
  details: sedDetails,
  args: sedArgs,
  examples: [
    {
      route: '* -> sedRequest("secret", "***") -> "http://backend.test"',
      send: { method: "POST", body: "a secret" },
      expect: { status: 200, backend: { body: "a ***" } },
    },
  ],
  create: ([pattern, text, limit, handling]) => sedFilter("request", pattern, text, "", limit, handling),
});
