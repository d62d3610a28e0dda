// setResponseHeader: sets a response header to a template (spec filters 6.1).

import { headerName, template } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { writeResponseHeader } from "./header-writer.ts";

export const setResponseHeader = defineFilter({
  name: "setResponseHeader",
  summary: "Sets a response header, replacing the values that are there.",
  details: "A template with an unresolved placeholder leaves the header alone.",
  args: [one("name", headerName), one("value", template)],
  examples: [
    {
      route: '* -> setResponseHeader("X-Path", "${request.path}") -> inlineContent("x") -> <shunt>',
      send: { path: "/a" },
      expect: { headers: { "x-path": "/a" } },
    },
  ],
  create: ([name, value]) => writeResponseHeader("set", name, (ctx) => value.apply(ctx)),
});
