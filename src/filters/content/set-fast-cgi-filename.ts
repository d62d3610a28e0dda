// setFastCgiFilename: the script of FastCGI backends (spec filters 7).

import { bytes } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const setFastCgiFilename = defineFilter({
  name: "setFastCgiFilename",
  summary: "Sets the script file name that a fastcgi:// backend is asked for, in place of the request path.",
  args: [one("filename", bytes)],
  examples: [{ route: '* -> setFastCgiFilename("index.php") -> status(204) -> <shunt>', expect: { status: 204 } }],
  create: ([filename]) => ({
    request(ctx) {
      ctx.fastCgiFilename = filename;
    },
  }),
});
