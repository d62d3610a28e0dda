// setContextRequestHeader: sets a request header to a value of the state bag (spec filters 6.1).

import { bytes, headerName } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { contextValueText } from "./context-value.ts";
import { writeRequestHeader } from "./header-writer.ts";

export const setContextRequestHeader = defineFilter({
  name: "setContextRequestHeader",
  summary: "Sets a request header from the value under a key of the state bag, replacing the values that are there.",
  details: "Without such a value nothing happens. Setting Host also changes the Host header of the backend request.",
  args: [one("name", headerName), one("key", bytes)],
  examples: [
    {
      route:
        '* -> backendTimeout("90s") -> setContextRequestHeader("X-Timeout", "backend:timeout") -> "http://backend.test"',
      send: {},
      expect: { backend: { headers: { "x-timeout": "1m30s" } } },
    },
  ],
  create: ([name, key]) => writeRequestHeader("set", name, (ctx) => contextValueText(ctx, key)),
});
