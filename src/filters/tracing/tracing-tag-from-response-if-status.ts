// tracingTagFromResponseIfStatus: a tag on the span of the request, for some statuses (spec filters 11).

import { bytes, intBetween, template } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { tagFromResponse } from "./tag-from-response.ts";

const HIGHEST_STATUS = 599;

export const tracingTagFromResponseIfStatus = defineFilter({
  name: "tracingTagFromResponseIfStatus",
  summary: "Sets a tag of the request's span when the status of the response lies between two bounds, both included.",
  details: "A template with an unresolved placeholder sets nothing. Without tracing nothing happens.",
  args: [
    one("tag", bytes),
    one("value", template),
    one("lowest status", intBetween(0, HIGHEST_STATUS)),
    one("highest status", intBetween(0, HIGHEST_STATUS)),
  ],
  examples: [
    {
      route: '* -> tracingTagFromResponseIfStatus("error", "server", 500, 599) -> status(204) -> <shunt>',
      expect: { status: 204 },
    },
  ],
  check: ([, , min, max]) => (min <= max ? "" : "the lowest status is above the highest"),
  create: ([tag, value, min, max]) => ({
    response(ctx) {
      const { status } = ctx.response;
      if (status >= min && status <= max) tagFromResponse(ctx, tag, value);
    },
  }),
});
