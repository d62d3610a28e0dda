// Requests through a proxy while something happens to its sources of routes: none of them may fail.

import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { type RunningProxy, until } from "./running-proxy.ts";

/** Clients that ask at the same time. */
const CLIENTS = 4;

/** The status for a host, 0 without an answer. `agent` false: on a connection of its own. */
export function ask(proxy: RunningProxy, host: string, agent: Agent | false = false): Promise<number> {
  return new Promise((resolve) => {
    const sent = request({ port: proxy.port, headers: { host }, agent }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode!));
      response.on("error", () => resolve(0));
    });
    sent.on("error", () => resolve(0));
    sent.end();
  });
}

/** Asks these proxies on and on until `work` is done; fails when an answer was not 200. */
export async function withoutFailure(
  proxies: readonly RunningProxy[],
  host: string,
  work: () => Promise<void>,
): Promise<void> {
  let isDone = false;
  const statuses = new Map<number, number>();
  const agent = new Agent({ keepAlive: true });
  const askOn = async (proxy: RunningProxy): Promise<void> => {
    while (!isDone) {
      const status = await ask(proxy, host, agent);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  const asking = Promise.all(Array.from({ length: CLIENTS }, (_, i) => askOn(proxies[i % proxies.length]!)));
  try {
    await work();
  } finally {
    isDone = true;
    await asking;
    agent.destroy();
  }
  assert.deepEqual([...statuses.keys()], [200], JSON.stringify([...statuses]));
}

export function sees(proxy: RunningProxy, host: string, status: number): Promise<void> {
  return until(`${host} is ${status}`, async () => (await ask(proxy, host)) === status);
}
