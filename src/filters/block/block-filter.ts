// What blockContent and blockContentHex share.

import type { FilterEnv } from "../../spec/env.ts";
import type { Filter } from "../../spec/filter.ts";
import { BodyBlocker } from "./blocker.ts";

export const blockDetails =
  "The comparison is that of bytes. Up to -max-matcher-buffer-size of the body are held back until it was seen whole; a longer body streams on, and a text is found wherever it lies. A blocked request has status 400, and the response filters do not see it. Where no backend gets the body nothing is blocked.";

/** `texts`: byte strings; "" blocks every body. */
export function blockFilter(texts: readonly string[], env: FilterEnv): Filter {
  const wanted = texts.map((text) => Buffer.from(text, "latin1"));
  return {
    request(ctx) {
      if (ctx.request.contentLength === 0) return;
      ctx.request.headers.delete("Content-Length");
      ctx.transformRequestBody(new BodyBlocker(wanted, env.options.maxMatcherBufferBytes));
    },
  };
}
