// logHeader: writes the headers of requests and responses into the log (spec filters 8).

import type { Headers } from "../../http/headers.ts";
import { statusText } from "../../http/status.ts";
import { string } from "../../spec/arg-kinds.ts";
import { rest } from "../../spec/args.ts";
import type { FilterContext } from "../../spec/context.ts";
import { defineFilter, type Filter } from "../../spec/filter.ts";
import { fromByteString } from "../../util/bytes.ts";

export const logHeader = defineFilter({
  name: "logHeader",
  summary: "Logs the head of the request, of the response, or of both.",
  details:
    'Arguments are "request" and "response" in any case; none means "request". The value of Authorization is not shown.',
  args: [rest("message", string)],
  examples: [{ route: '* -> logHeader("request", "response") -> status(204) -> <shunt>', expect: { status: 204 } }],
  create([messages], env) {
    const chosen = messages.map((message) => message.toLowerCase());
    const filter: { -readonly [K in keyof Filter]: Filter[K] } = {};
    if (chosen.length === 0 || chosen.includes("request")) {
      filter.request = (ctx) => env.log.info(fromByteString(requestText(ctx)));
    }
    if (chosen.includes("response")) {
      filter.response = (ctx) => env.log.info(fromByteString(responseText(ctx)));
    }
    return filter;
  },
});

function requestText(ctx: FilterContext): string {
  return `${requestLine(ctx)}\r\nHost: ${ctx.request.host}\r\n${headerLines(ctx.request.headers)}\r\n`;
}

function responseText(ctx: FilterContext): string {
  const { status, headers } = ctx.response;
  return `Response for ${requestLine(ctx)}\r\n${status} ${statusText(status)}\r\n${headerLines(headers)}\r\n`;
}

function requestLine(ctx: FilterContext): string {
  return `${ctx.request.method} ${ctx.request.path} ${ctx.request.protocol}`;
}

/** One line per name, values of a name joined by blanks. */
function headerLines(headers: Headers): string {
  const lines = new Map<string, string>();
  headers.forEach((name, value) => {
    const shown = name === "Authorization" ? "TRUNCATED" : value;
    const old = lines.get(name);
    lines.set(name, old === undefined || name === "Authorization" ? shown : `${old} ${shown}`);
  });
  let out = "";
  for (const [name, value] of lines) if (name !== "Host") out += `${name}: ${value}\r\n`;
  return out;
}
