// stateBagToTag: a tag on the span of the request, from the state bag (spec filters 11).

import { nonEmptyBytes } from "../../spec/arg-kinds.ts";
import { one, optional } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { contextValueText } from "../headers/context-value.ts";

export const stateBagToTag = defineFilter({
  name: "stateBagToTag",
  summary: "Sets a tag of the request's span to the text form of a value in the state bag.",
  details: "The tag has the name of the key when none is given. Without tracing nothing happens.",
  args: [one("key", nonEmptyBytes), optional("tag", nonEmptyBytes)],
  examples: [{ route: '* -> stateBagToTag("auth-user", "user") -> status(204) -> <shunt>', expect: { status: 204 } }],
  create: ([key, tag = key]) => ({
    request(ctx) {
      const value = ctx.span === null ? undefined : contextValueText(ctx, key);
      if (value !== undefined) ctx.span!.setTag(tag, value);
    },
  }),
});
