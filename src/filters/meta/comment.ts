// comment: a note in the route (spec filters 7). It is left out of the chain of the built route.

import { defineFilter } from "../../spec/filter.ts";

export const comment = defineFilter({
  name: "comment",
  summary: "Does nothing; its arguments are a note for readers of the route.",
  args: [],
  anyArgs: true,
  examples: [{ route: '* -> comment("owned by team a") -> status(204) -> <shunt>', expect: { status: 204 } }],
  create: () => ({}),
});
