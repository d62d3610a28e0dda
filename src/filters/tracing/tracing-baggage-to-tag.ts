// tracingBaggageToTag: a tag on the span of the request, from its baggage (spec filters 11).

import { any, nonEmptyBytes } from "../../spec/arg-kinds.ts";
import { one, optional, rest } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const tracingBaggageToTag = defineFilter({
  name: "tracingBaggageToTag",
  summary: "Sets a tag of the request's span to the value of a baggage item.",
  details:
    "The tag has the name of the item when none is given. Further arguments are ignored. Without tracing nothing happens.",
  args: [one("item", nonEmptyBytes), optional("tag", nonEmptyBytes), rest("ignored", any)],
  examples: [
    { route: '* -> tracingBaggageToTag("user", "user_id") -> status(204) -> <shunt>', expect: { status: 204 } },
  ],
  create: ([item, tag = item]) => ({
    request(ctx) {
      const value = ctx.span === null ? undefined : ctx.request.baggage()?.get(item);
      if (value !== undefined && value !== "") ctx.span!.setTag(tag, value);
    },
  }),
});
