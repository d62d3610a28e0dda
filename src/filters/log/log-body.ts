// logBody: writes the beginning of a body into the log while it passes (spec filters 8).

import { oneOf, wholeNumber } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import type { FilterContext } from "../../spec/context.ts";
import { defineFilter } from "../../spec/filter.ts";
import { watchBody } from "./passing-body.ts";

export const logBody = defineFilter({
  name: "logBody",
  summary: "Logs the body of the request or of the response, piece by piece as it passes.",
  details: "Not more than the limit in bytes is logged of one body. The lines carry the X-Flow-Id of the request.",
  args: [one("message", oneOf("request", "response")), one("limit", wholeNumber)],
  examples: [{ route: '* -> logBody("response", 1024) -> inlineContent("x") -> <shunt>', expect: { body: "x" } }],
  create([message, limit], env) {
    const body = (ctx: FilterContext) => {
      const flowId = ctx.request.headers.get("X-Flow-Id") ?? "";
      return watchBody(limit, (piece) =>
        env.log.info(`logBody("${message}") ${flowId}: ${JSON.stringify(piece.toString())}`),
      );
    };
    return message === "request"
      ? { request: (ctx) => ctx.transformRequestBody(body(ctx)) }
      : { response: (ctx) => ctx.transformResponseBody(body(ctx)) };
  },
});
