// inlineContent: answers with a text of the route (spec filters 7). Everything is prepared when the route is built.

import { sniffContentType } from "../../http/sniff.ts";
import { bytes } from "../../spec/arg-kinds.ts";
import { one, optional } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const inlineContent = defineFilter({
  name: "inlineContent",
  summary: "Answers the request with status 200 and the text; the backend is not called.",
  details: "Without a content type it is detected from the text.",
  args: [one("text", bytes), optional("contentType", bytes)],
  examples: [
    {
      route: '* -> inlineContent("<h1>Hello</h1>") -> <shunt>',
      expect: { status: 200, headers: { "content-type": "text/html; charset=utf-8" }, body: "<h1>Hello</h1>" },
    },
    {
      route: '* -> inlineContent("[1]", "application/json") -> <shunt>',
      expect: { status: 200, headers: { "content-type": "application/json", "content-length": "3" }, body: "[1]" },
    },
  ],
  create([text, contentType]) {
    const headers = [
      ["Content-Type", contentType ?? sniffContentType(text)],
      ["Content-Length", String(text.length)],
    ] as const;
    return {
      request(ctx) {
        ctx.serve(200, headers, text);
      },
    };
  },
});
