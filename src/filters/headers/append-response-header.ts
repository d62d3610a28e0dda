// appendResponseHeader: adds a response header to a template (spec filters 6.1).

import { headerName, template } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { writeResponseHeader } from "./header-writer.ts";

export const appendResponseHeader = defineFilter({
  name: "appendResponseHeader",
  summary: "Adds a response header, behind the values that are there.",
  details: "A template with an unresolved placeholder leaves the header alone.",
  args: [one("name", headerName), one("value", template)],
  examples: [
    {
      route: '* -> appendResponseHeader("X-Path", "${request.path}") -> inlineContent("x") -> <shunt>',
      send: { path: "/a" },
      expect: { headers: { "x-path": "/a" } },
    },
  ],
  create: ([name, value]) => writeResponseHeader("append", name, (ctx) => value.apply(ctx)),
});
