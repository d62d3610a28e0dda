// Replays test/vectors/queues.json: requests that come at given times to a route with a queue, what each gets and in which order they
// end. Each case starts the real command, with one worker and with two: the order must be one over all of them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type IncomingMessage, request, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startBackend, until } from "../e2e/running-proxy.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { freePort } from "./socket-reader.ts";

interface Step {
  readonly request: { readonly path: string };
  readonly expect: {
    readonly status: number;
    readonly absentHeaders: readonly string[];
    /** Which backend answers; null: none. */
    readonly backend: string | null;
    readonly body?: string;
  };
}

interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly routes: string;
  readonly servers: { readonly be: { readonly rules: readonly [{ readonly respond: { readonly delayMs: number } }] } };
  readonly steps: readonly { readonly parallel: readonly Step[]; readonly finishOrder: readonly number[] }[];
}

const vectors = new URL("../vectors/queues.json", import.meta.url);
const { scenarios } = JSON.parse(readFileSync(vectors, "utf8")) as { scenarios: Scenario[] };

/** A request on a connection of its own. */
async function send(port: number, path: string): Promise<{ message: IncomingMessage; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request({ host: "127.0.0.1", port, path, agent: false }, resolve).on("error", reject).end();
  const message = await promise;
  let body = "";
  for await (const chunk of message) body += String(chunk);
  return { message, body };
}

/** Requests that the proxy has taken up. */
async function arrived(support: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${support}/metrics`);
  const { counters } = (await answer.json()) as { counters?: Record<string, { count: number }> };
  return counters?.["skipper.incoming.HTTP/1.1"]?.count ?? 0;
}

/**
 * The requests come in the order of the vector, each when the one before has arrived. Then the backend answers one after the other, each
 * after the vector's delay without anything else happening, so that a busy machine changes nothing.
 */
async function replay(scenario: Scenario, workers: number): Promise<void> {
  const { delayMs } = scenario.servers.be.rules[0].respond;
  const held: ServerResponse[] = [];
  const backend = await startBackend((_, response) => void held.push(response));
  const routes = scenario.routes.replaceAll("$${url:be}", `http://127.0.0.1:${backend.port}`);
  const [port, support] = [await freePort(), await freePort()];
  const addresses = [`-address=127.0.0.1:${port}`, `-support-listener=127.0.0.1:${support}`];
  const flags = ["-access-log-disabled", "-wait-first-route-load", `-workers=${workers}`, `-inline-routes=${routes}`];
  const proxy = new ProxyProcess([...addresses, ...flags], tmpdir());
  try {
    await proxy.ready(port);
    for (const { parallel, finishOrder } of scenario.steps) {
      const finished: number[] = [];
      const before = await arrived(support);
      const checks: Promise<void>[] = [];
      for (const [i, step] of parallel.entries()) {
        const answer = send(port, step.request.path).finally(() => finished.push(i));
        checks.push(answer.then((got) => check(step, got)));
        await until(`request ${i} arrives`, async () => (await arrived(support)) === before + i + 1);
      }
      while (finished.length < parallel.length) {
        const seen = finished.length;
        await sleep(delayMs);
        if (finished.length > seen) continue;
        held.shift()?.writeHead(200, { "X-Backend": "be" }).end("{}");
        await until("another one ends", () => finished.length > seen);
      }
      await Promise.all(checks);
      assert.deepEqual(finished, finishOrder);
    }
  } finally {
    await proxy.stop();
    await backend.close();
  }
}

function check({ request: { path }, expect }: Step, { message, body }: Awaited<ReturnType<typeof send>>): void {
  assert.equal(message.statusCode, expect.status, path);
  for (const name of expect.absentHeaders) assert.equal(message.headers[name.toLowerCase()], undefined, name);
  assert.equal(message.headers["x-backend"] ?? null, expect.backend);
  if (expect.body !== undefined) assert.equal(body, expect.body);
}

describe("queue vectors", { concurrency: 2 }, () => {
  for (const scenario of scenarios) {
    for (const workers of [1, 2]) {
      test(`${scenario.id}, ${workers === 1 ? "one worker" : "two workers"}: ${scenario.title}`, () =>
        replay(scenario, workers));
    }
  }
});
