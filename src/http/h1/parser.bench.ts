// Cost of one message through the codec. Run: node src/http/h1/parser.bench.ts [seconds per case]. Budgets: a request head of
// 250 bytes below 0.5 µs, a response head likewise, chunk framing below 0.1 µs per chunk.

import { ChunkEvent, ChunkedDecoder } from "./chunked.ts";
import { defaultResponseLimits, requestHeadLimits } from "./limits.ts";
import { RequestHead } from "./request-head.ts";
import { parseRequestHead } from "./request-parser.ts";
import { parseResponseHead, ResponseHead } from "./response-parser.ts";

const seconds = Number(process.argv[2] ?? 1);

const request = Buffer.from(
  "GET /api/orders/4711?expand=items HTTP/1.1\r\nHost: shop.example.org\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n" +
    "Accept: application/json\r\nAccept-Encoding: gzip, br\r\nX-Flow-Id: 1f0c9a7be3d24c51\r\nConnection: keep-alive\r\n\r\n",
);
const response = Buffer.from(
  "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 512\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n" +
    'ETag: "5d8c72a5edda8d6a"\r\nCache-Control: private, max-age=0\r\nServer: backend\r\nX-Flow-Id: 1f0c9a7be3d24c51\r\n\r\n',
);
const chunks = Buffer.from(`${`400\r\n${"x".repeat(1024)}\r\n`.repeat(16)}0\r\n\r\n`);

const requestHead = new RequestHead();
const responseHead = new ResponseHead();
const decoder = new ChunkedDecoder();
const limits = requestHeadLimits(1 << 20);

function drain(): number {
  decoder.reset();
  let bytes = 0;
  for (let pos = 0; ; pos = decoder.position) {
    const event = decoder.next(chunks, pos, chunks.length);
    if (event === ChunkEvent.data) bytes += decoder.dataEnd - decoder.dataStart;
    else return bytes;
  }
}

const cases: readonly (readonly [string, () => number])[] = [
  [`request head, ${request.length} bytes`, () => parseRequestHead(requestHead, request, 0, request.length, limits)],
  [
    `response head, ${response.length} bytes`,
    () => parseResponseHead(responseHead, response, 0, response.length, defaultResponseLimits),
  ],
  ["chunked body, 16 chunks of 1 KiB", drain],
];

const BATCH = 10_000;
for (const [name, run] of cases) {
  let check = 0;
  for (let i = 0; i < 20 * BATCH; i++) check += run();
  // The best batch: what the code costs when nothing else has the core.
  let best = Number.POSITIVE_INFINITY;
  const limit = performance.now() + seconds * 1000;
  while (performance.now() < limit) {
    const start = performance.now();
    for (let i = 0; i < BATCH; i++) check += run();
    best = Math.min(best, ((performance.now() - start) * 1000) / BATCH);
  }
  process.stdout.write(`${name}: ${best.toFixed(3)} µs${check <= 0 ? " (failed)" : ""}\n`);
}
