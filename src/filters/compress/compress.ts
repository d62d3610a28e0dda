// compress: encodes response bodies for clients that accept it (spec filters 7.2).

import { CODINGS, encoder } from "../../http/content-coding.ts";
import type { Headers } from "../../http/headers.ts";
import { type ArgKind, Refused, rest } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { bestCoding } from "./accept-encoding.ts";

const defaultTypes: readonly string[] = [
  "text/plain",
  "text/html",
  "application/json",
  "application/javascript",
  "application/x-javascript",
  "text/javascript",
  "text/css",
  "image/svg+xml",
  "application/octet-stream",
];
/** As the first type: the default ones count too. */
const AND_DEFAULTS = "...";
const FASTEST = 1;

/** A level, or the text of a MIME type. */
const levelOrType: ArgKind<number | string> = {
  kind: "level or MIME type",
  expected: "a whole level from -2 to 11 or a MIME type",
  accepts: [0, 11, -2, "text/plain", "..."],
  refuses: [-3, 12, 1.5],
  parse: (value) =>
    typeof value === "string" || (Number.isInteger(value) && value >= -2 && value <= 11) ? value : new Refused(),
};

export const compress = defineFilter({
  name: "compress",
  summary: "Compresses response bodies in the coding that the client prefers: gzip, deflate, br or zstd.",
  details:
    'The first argument may be a level: 0 is none, 1 the fastest (default), 9 the best (11 for br), -1 the default of the coding, -2 Huffman only. MIME types replace the default list, or extend it behind "...". What is already encoded, is marked no-transform or has another type passes unchanged. The body streams: each piece is compressed and sent at once.',
  args: [rest("level or MIME type", levelOrType)],
  options: ["compress-encodings"],
  examples: [
    {
      route: '* -> compress(9, "text/plain") -> inlineContent("hello") -> <shunt>',
      send: { headers: { "Accept-Encoding": "gzip" } },
      expect: { status: 200, headers: { "content-encoding": "gzip", vary: "Accept-Encoding" } },
    },
  ],
  check: ([items]) => (items.slice(1).some((item) => typeof item === "number") ? "a level stands only in front" : ""),
  create([items], { options }) {
    const level = typeof items[0] === "number" ? items[0] : FASTEST;
    const own = items.filter((item) => typeof item === "string");
    const types = new Set(own.length === 0 || own[0] === AND_DEFAULTS ? [...defaultTypes, ...own.slice(1)] : own);
    const offered = options.compressEncodings.length === 0 ? CODINGS : options.compressEncodings;
    return {
      response(ctx) {
        const { headers } = ctx.response;
        if (!isCompressible(headers, types)) return;
        const coding = bestCoding(ctx.request.headers.get("Accept-Encoding") ?? "", offered);
        if (coding === null) return;
        headers.delete("Content-Length");
        headers.set("Content-Encoding", coding);
        const vary = headers.getAll("Vary");
        if (!vary.some((value) => value.toLowerCase() === "accept-encoding")) headers.append("Vary", "Accept-Encoding");
        ctx.transformResponseBody(encoder(coding, level));
      },
    };
  },
});

function isCompressible(headers: Headers, types: ReadonlySet<string>): boolean {
  const encoding = headers.get("Content-Encoding") ?? "";
  if (encoding !== "" && encoding !== "identity") return false;
  if (headers.getAll("Cache-Control").some((value) => value.toLowerCase().includes("no-transform"))) return false;
  return types.has((headers.get("Content-Type") ?? "").split(";", 1)[0]!);
}
