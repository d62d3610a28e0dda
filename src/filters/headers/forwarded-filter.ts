// The common part of xforward and xforwardFirst (spec filters 6.1). Of a repeated X-Forwarded-For only the first line survives.

import type { Filter } from "../../spec/filter.ts";

/** A filter that writes X-Forwarded-For and X-Forwarded-Host; `join` puts the old value and the peer address together. */
export function forwardedFilter(join: (old: string, peer: string) => string): Filter {
  return {
    request(ctx) {
      const headers = ctx.request.headers;
      const peer = ctx.request.remoteAddress;
      const old = headers.get("X-Forwarded-For");
      headers.set("X-Forwarded-For", old ? join(old, peer) : peer);
      headers.set("X-Forwarded-Host", ctx.request.host);
    },
  };
}
