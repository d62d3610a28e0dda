// inlineContentIfStatus: replaces the body of responses with a certain status (spec filters 7).

import { sniffContentType } from "../../http/sniff.ts";
import { bytes, intBetween } from "../../spec/arg-kinds.ts";
import { one, optional } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const inlineContentIfStatus = defineFilter({
  name: "inlineContentIfStatus",
  summary: "Replaces the body of the response when it has the status code; the code and other headers stay.",
  details: "Without a content type it is detected from the text. Errors that the proxy itself answers are not changed.",
  args: [one("status", intBetween(100, 599)), one("text", bytes), optional("contentType", bytes)],
  examples: [
    {
      route: '* -> inlineContentIfStatus(404, "gone") -> <shunt>',
      expect: { status: 404, headers: { "content-length": "4" }, body: "gone" },
    },
  ],
  create([status, text, contentType]) {
    const type = contentType ?? sniffContentType(text);
    const length = String(text.length);
    return {
      response(ctx) {
        if (ctx.response.status !== status) return;
        const headers = ctx.response.headers;
        headers.delete("Content-Encoding");
        headers.set("Content-Type", type);
        headers.set("Content-Length", length);
        ctx.replaceResponseBody(text);
      },
    };
  },
});
