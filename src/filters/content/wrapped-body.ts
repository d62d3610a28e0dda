// The common part of wrapContent and wrapContentHex (spec filters 7).

import type { BodyTransform } from "../../spec/context.ts";
import type { Filter } from "../../spec/filter.ts";

/** A filter that puts a prefix and a suffix (byte strings) around the response body. */
export function wrappedBodyFilter(prefixText: string, suffixText: string): Filter {
  const prefix = Buffer.from(prefixText, "latin1");
  const suffix = Buffer.from(suffixText, "latin1");
  const added = prefix.length + suffix.length;
  return {
    response(ctx) {
      const headers = ctx.response.headers;
      const length = headers.get("Content-Length");
      if (length !== undefined && /^\d{1,15}$/.test(length))
        headers.set("Content-Length", String(Number(length) + added));
      ctx.transformResponseBody(wrap(prefix, suffix));
    },
  };
}

function wrap(prefix: Uint8Array, suffix: Uint8Array): BodyTransform {
  let begun = false;
  return {
    write(chunk) {
      if (begun) return chunk;
      begun = true;
      return Buffer.concat([prefix, chunk]);
    },
    end: () => (begun ? suffix : Buffer.concat([prefix, suffix])),
  };
}
