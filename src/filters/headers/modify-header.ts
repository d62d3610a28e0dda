// The common part of modRequestHeader and modResponseHeader (spec filters 6.1).

import type { Filter } from "../../spec/filter.ts";
import type { CompiledRegexp } from "../../util/regexp.ts";
import type { Expansion } from "../../util/regexp-expansion.ts";
import { hostSetByFilter } from "../set-host.ts";

/** Replaces matches in a request header; `Host` starts from the incoming host when no filter set one. */
export function modifyRequestHeader(header: string, pattern: CompiledRegexp, expansion: Expansion): Filter {
  const isHost = header === "Host";
  return {
    request(ctx) {
      const headers = ctx.request.headers;
      const old = isHost ? (hostSetByFilter(ctx) ?? ctx.request.host) : headers.get(header);
      if (old === undefined) return;
      const value = pattern.replaceAll(old, expansion);
      headers.set(header, value);
      if (isHost) ctx.outgoingHost = value;
    },
  };
}

/** Replaces matches in a response header. */
export function modifyResponseHeader(header: string, pattern: CompiledRegexp, expansion: Expansion): Filter {
  return {
    response(ctx) {
      const old = ctx.response.headers.get(header);
      if (old !== undefined) ctx.response.headers.set(header, pattern.replaceAll(old, expansion));
    },
  };
}
