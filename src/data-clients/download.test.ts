import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { Downloader } from "./download.ts";

const LIMIT_MS = 300;

/** Starts a download with a limit of time from a server of this process. */
async function withDownload(listener: RequestListener, use: (got: Promise<unknown>) => Promise<void>): Promise<void> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const downloader = new Downloader(LIMIT_MS, {});
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  try {
    await use(downloader.get({ url, address: "", headers: {}, waitMs: 0 }));
  } finally {
    downloader.close();
    server.closeAllConnections();
    server.close();
  }
}

function standStill(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

test("time in which the process stands still is not counted against the server", async () => {
  const answer: RequestListener = (_request, response) => void response.end("text");
  await withDownload(answer, async (got) => {
    standStill(2 * LIMIT_MS);
    assert.equal(Buffer.from(((await got) as { body: Uint8Array }).body).toString(), "text");
  });
});

test("a server that does not answer is waited for as long as the limit says, and no longer", async () => {
  const since = performance.now();
  await withDownload(
    () => {},
    (got) => assert.rejects(got, /timeout after 300 ms$/),
  );
  assert.ok(performance.now() - since >= LIMIT_MS - 2 * 10);
});
