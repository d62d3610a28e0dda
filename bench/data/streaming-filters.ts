// The filters that work on a body while it streams, each with a body that makes it work: a large one must not be collected, whoever
// is slow. A filter that joins them needs one line here; the benchmark (scenarios/filter-memory.ts) and the test
// (test/e2e/filter-memory.test.ts) take it from there.

import type { BodyKind } from "../load/stream-backend.ts";

export interface StreamingFilter {
  readonly name: string;
  /** Filters in eskip, "" for the proxy alone; the address `http://backend.test` is replaced by that of the backend. */
  readonly chain: string;
  /** Which body it sees: the answer of the backend, or what the client sends. */
  readonly direction: "download" | "upload";
  readonly body: BodyKind;
  readonly acceptEncoding?: string;
}

export const streamingFilters: readonly StreamingFilter[] = [
  { name: "download alone", chain: "", direction: "download", body: "text" },
  { name: "upload alone", chain: "", direction: "upload", body: "text" },
  { name: "compress gzip", chain: "compress()", direction: "download", body: "text", acceptEncoding: "gzip" },
  { name: "compress deflate", chain: "compress()", direction: "download", body: "text", acceptEncoding: "deflate" },
  { name: "compress br", chain: "compress()", direction: "download", body: "text", acceptEncoding: "br" },
  { name: "compress zstd", chain: "compress()", direction: "download", body: "text", acceptEncoding: "zstd" },
  { name: "decompress gzip", chain: "decompress()", direction: "download", body: "gzip" },
  { name: "decompress deflate", chain: "decompress()", direction: "download", body: "deflate" },
  { name: "decompress br", chain: "decompress()", direction: "download", body: "br" },
  { name: "decompress zstd", chain: "decompress()", direction: "download", body: "zstd" },
  { name: "sed, some matches", chain: 'sed("needle", "x")', direction: "download", body: "text" },
  { name: "sed, no match", chain: 'sed("no such text", "x")', direction: "download", body: "text" },
  { name: "sed, no match in UTF-8", chain: 'sed("(?i)no such text", "x")', direction: "download", body: "utf8" },
  { name: "sedDelim", chain: 'sedDelim("needle", "x", "\\n")', direction: "download", body: "text" },
  { name: "sedRequest", chain: 'sedRequest("needle", "x")', direction: "upload", body: "text" },
  { name: "sedRequestDelim", chain: 'sedRequestDelim("needle", "x", "\\n")', direction: "upload", body: "text" },
  { name: "blockContent", chain: 'blockContent("no such text")', direction: "upload", body: "text" },
  { name: "tee", chain: 'tee("http://backend.test")', direction: "upload", body: "text" },
  { name: "teeResponse", chain: 'teeResponse("http://backend.test")', direction: "download", body: "text" },
  { name: "cache", chain: 'cache("1h", "1h", "1h")', direction: "download", body: "text" },
  { name: "wrapContent", chain: 'wrapContent("<", ">")', direction: "download", body: "text" },
];

/** The chain of a filter with the address of a running backend. */
export function chainWith({ chain }: StreamingFilter, backendPort: number): string {
  return chain.replaceAll("http://backend.test", `http://127.0.0.1:${backendPort}`);
}
