// setRequestHeader: sets a request header to a template (spec filters 6.1).

import { headerName, template } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { writeRequestHeader } from "./header-writer.ts";

export const setRequestHeader = defineFilter({
  name: "setRequestHeader",
  summary: "Sets a request header, replacing the values that are there.",
  details:
    "Setting Host also changes the Host header of the backend request. A template with an unresolved placeholder leaves the header alone.",
  args: [one("name", headerName), one("value", template)],
  examples: [
    {
      route: '* -> setRequestHeader("X-Team", "${request.host}") -> "http://backend.test"',
      send: { headers: { Host: "a.example" } },
      expect: { backend: { headers: { "x-team": "a.example" } } },
    },
  ],
  create: ([name, value]) => writeRequestHeader("set", name, (ctx) => value.apply(ctx)),
});
