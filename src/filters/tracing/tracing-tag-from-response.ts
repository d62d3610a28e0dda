// tracingTagFromResponse: a tag on the span of the request, from what the response says (spec filters 11).

import { bytes, template } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { tagFromResponse } from "./tag-from-response.ts";

export const tracingTagFromResponse = defineFilter({
  name: "tracingTagFromResponse",
  summary: "Sets a tag of the request's span in the response phase.",
  details: "A template with an unresolved placeholder sets nothing. Without tracing nothing happens.",
  args: [one("tag", bytes), one("value", template)],
  examples: [
    {
      route: '* -> tracingTagFromResponse("type", "${response.header.Content-Type}") -> status(204) -> <shunt>',
      expect: { status: 204 },
    },
  ],
  create: ([tag, value]) => ({ response: (ctx) => tagFromResponse(ctx, tag, value) }),
});
