// Filters that work on streaming bodies hold no share of them: a body of 64 MB passes each with little memory more, and a client that
// reads nothing makes the backend stand still.

import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { chainWith, type StreamingFilter, streamingFilters } from "../../bench/data/streaming-filters.ts";
import { pieces, streamBackend } from "../../bench/load/stream-backend.ts";
import { type Backend, RunningProxy, startBackend, until } from "./running-proxy.ts";

const MIB = 1024 * 1024;
const BODY = 64 * MIB;
const WARM_UP = 4 * MIB;
/** Well below the body; what it is for one of 1 GB the benchmark `filter-memory` says. */
const MAX_GROWTH = 36 * MIB;
/** Socket buffers of three connections, what a filter may hold, and what a coding makes of it. */
const MAX_AHEAD = 32 * MIB;

/** What is true of gzip is of deflate, which is the same engine. */
const filters = streamingFilters.filter(({ name }) => !name.endsWith("deflate"));

let backend: Backend;
let proxy: RunningProxy;
let produced = 0;

before(async () => {
  backend = await startBackend(
    streamBackend((bytes) => {
      produced += bytes;
    }),
  );
  const routes = filters.map(
    (filter, i) =>
      `r${i}: Header("X-Filter", "${i}")${filter.chain === "" ? "" : ` -> ${chainWith(filter, backend.port)}`} -> "http://127.0.0.1:${backend.port}";`,
  );
  proxy = await RunningProxy.start(routes.join("\n"), "-workers=1");
});

after(async () => {
  await proxy.stop();
  await backend.close();
});

function open(filter: StreamingFilter, bytes: number) {
  const upload = filter.direction === "upload";
  return request({
    host: "127.0.0.1",
    port: proxy.port,
    path: `/${filter.body}/${bytes}`,
    method: upload ? "POST" : "GET",
    headers: {
      "X-Filter": String(filters.indexOf(filter)),
      "Accept-Encoding": filter.acceptEncoding ?? "identity",
      ...(upload ? { "Content-Length": String(bytes) } : {}),
    },
    agent: false,
  });
}

/** Sends or fetches a body; gives the highest reading of the proxy's memory meanwhile. */
async function transfer(filter: StreamingFilter, bytes: number): Promise<number> {
  const sent = open(filter, bytes);
  const answered = once(sent, "response") as Promise<[IncomingMessage]>;
  let highest = 0;
  const timer = setInterval(() => {
    highest = Math.max(highest, proxy.residentBytes);
  }, 20);
  try {
    if (filter.direction === "upload") {
      for (const piece of pieces(filter.body, bytes)) if (!sent.write(piece)) await once(sent, "drain");
    }
    sent.end();
    const [response] = await answered;
    assert.equal(response.statusCode, 200);
    for await (const _ of response);
    assert.ok(response.complete);
  } finally {
    clearInterval(timer);
  }
  return Math.max(highest, proxy.residentBytes);
}

describe("a body of 64 MB takes little memory", () => {
  for (const filter of filters) {
    test(filter.name, async () => {
      // Engines are loaded and pools filled by then.
      await transfer(filter, WARM_UP);
      const idle = proxy.residentBytes;
      const growth = (await transfer(filter, BODY)) - idle;
      assert.ok(growth < MAX_GROWTH, `grew by ${Math.round(growth / MIB)} MiB`);
    });
  }
});

describe("a client that reads nothing holds the backend", () => {
  for (const filter of filters.filter(({ direction }) => direction === "download")) {
    test(filter.name, async () => {
      const idle = proxy.residentBytes;
      produced = 0;
      const sent = open(filter, 4 * BODY);
      sent.on("error", () => {});
      sent.end();
      const [response] = (await once(sent, "response")) as [IncomingMessage];
      response.on("error", () => {});
      let last = -1;
      await until("the backend stands still", async () => {
        const still = produced === last && produced > 0;
        last = produced;
        await sleep(200);
        return still;
      });
      const growth = proxy.residentBytes - idle;
      response.destroy();
      assert.ok(produced < MAX_AHEAD, `${Math.round(produced / MIB)} MiB were taken from the backend`);
      assert.ok(growth < MAX_GROWTH, `grew by ${Math.round(growth / MIB)} MiB`);
    });
  }
});
