// A worker that dies in a proxy with two: the other goes on, a successor takes its place, what it had counted stays.

import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { after, before, test } from "node:test";
import { freePort } from "../conformance/socket-reader.ts";
import { RunningProxy, until } from "./running-proxy.ts";

let proxy: RunningProxy;
let support: number;

before(async () => {
  support = await freePort();
  proxy = await RunningProxy.startMortal(
    "r: * -> status(204) -> <shunt>;",
    "-workers=2",
    `-support-listener=127.0.0.1:${support}`,
  );
});
after(() => proxy.stop());

/** One request; the status, or what became of it. */
function send(agent: Agent): Promise<number | string> {
  return new Promise((resolve) => {
    const sent = request({ port: proxy.port, host: "127.0.0.1", agent }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode!));
    });
    sent.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message)).end();
  });
}

async function counter(key: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${support}/metrics/skipper.${key}`);
  if (answer.status === 404) return 0;
  const { counters } = (await answer.json()) as { counters: Record<string, { count: number }> };
  return counters[`skipper.${key}`]!.count;
}

test("connections of the other worker live on, new ones are served, and no request is counted less", async () => {
  // So many connections that each worker has some.
  const agents = Array.from({ length: 32 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  assert.deepEqual(new Set(await Promise.all(agents.map(send))), new Set([204]));
  const lookups = async (): Promise<number> => {
    const answer = await fetch(`http://127.0.0.1:${support}/metrics/skipper.routelookup`);
    const { timers } = (await answer.json()) as { timers: Record<string, { count: number }> };
    return timers["skipper.routelookup"]!.count;
  };
  const before = await lookups();
  assert.equal(before, agents.length);

  proxy.signal("SIGUSR2");
  await until("the death is counted", async () => (await counter("worker.restarts")) === 1);
  const answers = await Promise.all(agents.map(send));
  const served = answers.filter((answer) => answer === 204).length;
  assert.ok(served > 0, "the other worker went on");
  assert.equal(await lookups(), before + served);

  await until("both workers accept connections again", () => proxy.log.includes("another starts in 200 ms"));
  await until("new connections are served", async () => {
    const fresh = Array.from({ length: 32 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
    const statuses = await Promise.all(fresh.map(send));
    for (const agent of fresh) agent.destroy();
    return statuses.every((status) => status === 204);
  });
  for (const agent of agents) agent.destroy();
});
