// accessLogDisabled: the older switch of the access log (spec filters 10).

import { oneOf } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const accessLogDisabled = defineFilter({
  name: "accessLogDisabled",
  summary: "Switches the access log for the request off or on.",
  args: [one("disabled", oneOf("true", "false"))],
  deprecated: "use disableAccessLog or enableAccessLog",
  examples: [{ route: '* -> accessLogDisabled("true") -> status(204) -> <shunt>', expect: { status: 204 } }],
  create([disabled]) {
    const decision = { enable: disabled === "false", prefixes: [] };
    return {
      request(ctx) {
        ctx.accessLog = decision;
      },
    };
  },
});
