// Replays test/vectors/queues.json: requests that come at given times to a route with a queue, what each gets and in which order they
// end. Each case starts the real command, with one worker and with two: the order must be one over all of them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startBackend } from "../e2e/running-proxy.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { freePort } from "./socket-reader.ts";

interface Step {
  readonly startAfterMs: number;
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

async function replay(scenario: Scenario, workers: number): Promise<void> {
  const { delayMs } = scenario.servers.be.rules[0].respond;
  const backend = await startBackend((_, response) => {
    setTimeout(() => response.writeHead(200, { "X-Backend": "be" }).end("{}"), delayMs);
  });
  const routes = scenario.routes.replaceAll("$${url:be}", `http://127.0.0.1:${backend.port}`);
  const port = await freePort();
  const address = `-address=127.0.0.1:${port}`;
  const flags = ["-support-listener=", "-access-log-disabled", "-wait-first-route-load", `-workers=${workers}`];
  const proxy = new ProxyProcess([address, ...flags, `-inline-routes=${routes}`], tmpdir());
  try {
    await proxy.ready(port);
    for (const { parallel, finishOrder } of scenario.steps) {
      const finished: number[] = [];
      await Promise.all(
        parallel.map(async ({ startAfterMs, request: { path }, expect }, i) => {
          await sleep(startAfterMs);
          const { message, body } = await send(port, path);
          finished.push(i);
          assert.equal(message.statusCode, expect.status, path);
          for (const name of expect.absentHeaders) assert.equal(message.headers[name.toLowerCase()], undefined, name);
          assert.equal(message.headers["x-backend"] ?? null, expect.backend);
          if (expect.body !== undefined) assert.equal(body, expect.body);
        }),
      );
      assert.deepEqual(finished, finishOrder);
    }
  } finally {
    await proxy.stop();
    await backend.close();
  }
}

describe("queue vectors", { concurrency: 2 }, () => {
  for (const scenario of scenarios) {
    for (const workers of [1, 2]) {
      test(`${scenario.id}, ${workers === 1 ? "one worker" : "two workers"}: ${scenario.title}`, () =>
        replay(scenario, workers));
    }
  }
});
