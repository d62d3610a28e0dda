// What each filter costs a request: `node src/filters/filters.bench.ts [milliseconds per filter]`. Its steps run with the arguments of
// its first example on the context that the proxy uses, over a request and a response as they are parsed; body changes see 1 kB. The
// figure is the best of many batches, without what the context costs itself. A filter that waits (for a time, a file, a coding) is
// measured up to there and marked. A filter that no route uses is in no list that a request goes through: it costs nothing.

import { fakeEnv, makeFilters } from "../../test/support/fake-context.ts";
import { parseDocument } from "../eskip/parser.ts";
import { printFilters } from "../eskip/printer.ts";
import type { Call } from "../eskip/route.ts";
import { defaultResponseLimits, requestHeadLimits } from "../http/h1/limits.ts";
import { RequestHead } from "../http/h1/request-head.ts";
import { parseRequestHead } from "../http/h1/request-parser.ts";
import { parseResponseHead, ResponseHead } from "../http/h1/response-parser.ts";
import type { ClientStream } from "../proxy/client-stream.ts";
import { RequestContext } from "../proxy/request-context.ts";
import type { RouteInstance } from "../proxy/route-instance.ts";
import type { BodyTransform } from "../spec/context.ts";
import type { Filter, FilterSpec } from "../spec/filter.ts";
import { filterSpecs } from "./index.ts";

const milliseconds = Number(process.argv[2] ?? 100);
const BATCH = 200;

const request = Buffer.from(
  "GET /api/items/42?page=1&b=c HTTP/1.1\r\nHost: bench.example.org\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n" +
    "X-Forwarded-For: 192.0.2.7\r\nX-A: v1\r\nOrigin: https://a.example\r\nCookie: a=b; c=d\r\nContent-Length: 1024\r\n\r\n",
);
const response = Buffer.from(
  "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1024\r\nX-A: v1\r\nSet-Cookie: a=b\r\n\r\n",
);
const body = Buffer.alloc(1024, "a line of text, and another one\n");

const requestHead = new RequestHead();
const responseHead = new ResponseHead();
parseRequestHead(requestHead, request, 0, request.length, requestHeadLimits(1 << 20));
parseResponseHead(responseHead, response, 0, response.length, defaultResponseLimits);

const route = {
  id: "bench",
  backendHost: "backend.test",
  backend: { target: { scheme: "http" } },
  pathParam: () => undefined,
  enter: () => {},
} as unknown as RouteInstance;
const client = { certificates: [] } as unknown as ClientStream;
const ctx = new RequestContext();

/** True when a filter waited, so that not all of its work was measured. */
let waited = false;

function changeBody(transforms: readonly BodyTransform[] | null): void {
  if (transforms === null) return;
  for (const transform of transforms) {
    const written = transform.write(body);
    if (written instanceof Uint8Array || written === null) transform.end();
    else waited = true;
    transform.destroy?.();
  }
}

/** One request through one filter, as the exchange does it. */
function exchange(filter: Filter): void {
  ctx.reset();
  ctx.request.start(requestHead);
  ctx.request.client = client;
  ctx.request.remoteAddress = "192.0.2.1";
  ctx.request.host = "bench.example.org";
  ctx.request.setTarget("/api/items/42", "/api/items/42", "page=1&b=c", true);
  ctx.enter(ctx.nextFrame(), route);
  ctx.outgoingHost = route.backendHost;
  if (filter.request?.(ctx) !== undefined) waited = true;
  changeBody(ctx.requestTransforms);
  if (!ctx.served) {
    ctx.response.status = responseHead.status;
    const { text, lines, lineCount, kinds, special } = responseHead;
    ctx.response.headers.reset(text, lines, lineCount, kinds, special);
  }
  ctx.hasResponse = true;
  if (filter.response?.(ctx) !== undefined) waited = true;
  changeBody(ctx.responseTransforms);
}

/** Microseconds of one exchange: those of the best batch. */
function measure(filter: Filter): number {
  let best = Number.POSITIVE_INFINITY;
  // What waits leaves something behind for each request.
  exchange(filter);
  const batch = waited ? BATCH / 20 : BATCH;
  for (const limit = performance.now() + milliseconds; performance.now() < limit; ) {
    const start = performance.now();
    for (let i = 0; i < batch; i++) exchange(filter);
    best = Math.min(best, ((performance.now() - start) * 1000) / batch);
  }
  return best;
}

function exampleCall(spec: FilterSpec): Call {
  const { routes } = parseDocument(`example: ${spec.examples[0]!.route};`);
  return routes[0]!.filters.find((call) => call.name === spec.name)!;
}

const env = { ...fakeEnv(), log: { debug() {}, info() {}, warn() {}, error() {} }, audit() {} };
const rows: { filter: string; micros: number; note: string }[] = [];
for (let round = 0; round < 3; round++) measure({});
const nothing = measure({});
for (const spec of filterSpecs) {
  const chain = printFilters([exampleCall(spec)]);
  const filter = makeFilters(chain, env)[0]!;
  waited = false;
  const micros = measure(filter) - nothing;
  rows.push({ filter: chain, micros: Math.max(0, micros), note: waited ? "up to where it waits" : "" });
}
rows.sort((a, b) => b.micros - a.micros);
for (const { filter, micros, note } of rows)
  process.stdout.write(`${micros.toFixed(3).padStart(8)} µs  ${filter}  ${note}\n`);
const told = rows.filter(({ note }) => note === "");
const mean = told.reduce((sum, { micros }) => sum + micros, 0) / told.length;
process.stdout.write(
  `${rows.length} filters; mean ${mean.toFixed(3)} µs; the context itself ${nothing.toFixed(3)} µs\n`,
);
process.exit(0);
