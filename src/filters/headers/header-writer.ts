// What the filters that write one header have in common (spec filters 6.1): where the value comes from is a function made with
// the filter, undefined leaves the message alone. The host rule stands here once: writing `Host` also sets the outgoing host.

import type { FilterContext } from "../../spec/context.ts";
import type { Filter } from "../../spec/filter.ts";

/** The value for one request, undefined when the header must be left alone. */
export type HeaderValue = (ctx: FilterContext) => string | undefined;

export type WriteMode = "set" | "append";

/** A filter that writes a request header (name in canonical form), with the host rule. */
export function writeRequestHeader(mode: WriteMode, header: string, value: HeaderValue): Filter {
  const isHost = header === "Host";
  if (mode === "append") {
    return {
      request(ctx) {
        const text = value(ctx);
        if (text === undefined) return;
        if (isHost) ctx.outgoingHost = text;
        ctx.request.headers.append(header, text);
      },
    };
  }
  return {
    request(ctx) {
      const text = value(ctx);
      if (text === undefined) return;
      if (isHost) ctx.outgoingHost = text;
      ctx.request.headers.set(header, text);
    },
  };
}

/** A filter that writes a response header (name in canonical form). */
export function writeResponseHeader(mode: WriteMode, header: string, value: HeaderValue): Filter {
  if (mode === "append") {
    return {
      response(ctx) {
        const text = value(ctx);
        if (text !== undefined) ctx.response.headers.append(header, text);
      },
    };
  }
  return {
    response(ctx) {
      const text = value(ctx);
      if (text !== undefined) ctx.response.headers.set(header, text);
    },
  };
}

/** The first value of a request header; an empty one counts as absent. */
export function requestHeaderValue(name: string): HeaderValue {
  return (ctx) => ctx.request.headers.get(name) || undefined;
}

/** The first value of a response header; an empty one counts as absent. */
export function responseHeaderValue(name: string): HeaderValue {
  return (ctx) => ctx.response.headers.get(name) || undefined;
}
