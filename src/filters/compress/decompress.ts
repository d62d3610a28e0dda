// decompress: undoes the encodings of response bodies (spec filters 7.3). A body that is not what its header says breaks off
// (decisions: never an empty success).

import { decoder, isCoding } from "../../http/content-coding.ts";
import { defineFilter } from "../../spec/filter.ts";

/** In the state bag: the response has an encoding that nobody here knows. */
const NOT_POSSIBLE = "filter::decompress::not-possible";

export const decompress = defineFilter({
  name: "decompress",
  summary: "Decodes response bodies that come as gzip, deflate, br or zstd, also several of them around each other.",
  details:
    "Content-Encoding, Content-Length and Vary are removed. With an encoding that is not known the response stays as it is, and the state bag says so. A body that cannot be decoded breaks off.",
  args: [],
  anyArgs: true,
  examples: [{ route: '* -> decompress() -> inlineContent("x") -> <shunt>', expect: { status: 200, body: "x" } }],
  create: () => ({
    response(ctx) {
      const { headers } = ctx.response;
      const encoding = headers.get("Content-Encoding") ?? "";
      if (encoding === "") return;
      const codings = encoding.split(",").map((name) => name.trim());
      if (!codings.every(isCoding)) {
        ctx.stateBag.set(NOT_POSSIBLE, true);
        return;
      }
      for (const name of ["Content-Encoding", "Vary", "Content-Length"]) headers.delete(name);
      for (const coding of codings.reverse()) ctx.transformResponseBody(decoder(coding));
    },
  }),
});
