// tracingTag: a tag on the span of the request, from what the request says (spec filters 11).

import { bytes, template } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const tracingTag = defineFilter({
  name: "tracingTag",
  summary: "Sets a tag of the request's span.",
  details: "A template with an unresolved placeholder sets nothing. Without tracing nothing happens.",
  args: [one("tag", bytes), one("value", template)],
  examples: [
    { route: '* -> tracingTag("method", "${request.method}") -> status(204) -> <shunt>', expect: { status: 204 } },
  ],
  create: ([tag, value]) => ({
    request(ctx) {
      const text = ctx.span === null ? undefined : value.apply(ctx);
      if (text !== undefined) ctx.span!.setTag(tag, text);
    },
  }),
});
