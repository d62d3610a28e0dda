// Requests through a running proxy by the name of a host: single ones, and a stream of them that must not fail.

import assert from "node:assert/strict";
import { request } from "node:http";
import { type RunningProxy, until } from "./running-proxy.ts";

/** The status for a host, 0 without an answer. */
export function ask(proxy: RunningProxy, host: string): Promise<number> {
  return new Promise((resolve) => {
    const sent = request({ port: proxy.port, headers: { host }, agent: false }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode!));
    });
    sent.on("error", () => resolve(0));
    sent.end();
  });
}

/** Asks on and on until `work` is done; fails when an answer was not 200. */
export async function withoutFailure(proxy: RunningProxy, host: string, work: () => Promise<void>): Promise<void> {
  let isDone = false;
  const statuses = new Map<number, number>();
  const asking = (async () => {
    while (!isDone) {
      const status = await ask(proxy, host);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  })();
  try {
    await work();
  } finally {
    isDone = true;
    await asking;
  }
  assert.deepEqual([...statuses.keys()], [200]);
}

export const sees = (proxy: RunningProxy, host: string, status: number): Promise<void> =>
  until(`${host} is ${status}`, async () => (await ask(proxy, host)) === status, 8000);
