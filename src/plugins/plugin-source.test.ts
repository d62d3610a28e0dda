// What a source delivers while its client changes: the former one until the new one does, never both.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { DataClient, DataClientHost } from "../spec/data-client.ts";
import { PluginSource } from "./plugin-source.ts";

/** A client that the test plays; delivering is told by its name. */
class Played implements DataClient {
  readonly name: string;
  host: DataClientHost | null = null;
  stopped = 0;
  readonly #fails: boolean;

  constructor(name: string, fails = false) {
    this.name = name;
    this.#fails = fails;
  }

  async start(host: DataClientHost): Promise<void> {
    this.host = host;
    if (this.#fails) throw new Error(`${this.name} cannot`);
    this.deliver();
  }

  deliver(): void {
    this.host!.apply(true, () => this.name as unknown as undefined);
  }

  stop(): void {
    this.stopped++;
    throw new Error("nor stop");
  }
}

function played() {
  const seen: string[] = [];
  const logged: string[] = [];
  const line = (message: string): void => void logged.push(message);
  const host: DataClientHost = {
    apply: (_initial, write) => void seen.push(String(write(undefined as never))),
    failed: (_initial, reason) => void seen.push(reason),
  };
  return { seen, logged, host, log: { debug: line, info: line, warn: line, error: line } };
}

test("a new client takes over with what it delivers, the former one is stopped and heard no more", async () => {
  const { seen, logged, host, log } = played();
  const first = new Played("first");
  const second = new Played("second");
  const source = new PluginSource(first, log, 1000);
  await source.start(host);
  await source.replace(second);
  first.deliver();
  second.deliver();
  assert.deepEqual(seen, ["first", "second", "second"]);
  assert.deepEqual([first.stopped, second.stopped], [1, 0]);
  assert.deepEqual(logged, ["data client first: stop: nor stop"]);
  source.stop();
  second.deliver();
  assert.equal(seen.length, 3);
  assert.equal(second.stopped, 1);
});

test("a client that does not start leaves the former one in its place", async () => {
  const { seen, host, log } = played();
  const first = new Played("first");
  const source = new PluginSource(first, log, 1000);
  await source.start(host);
  await source.replace(new Played("second", true));
  first.deliver();
  assert.deepEqual(seen, [
    "first",
    "data client first: its new version does not start, the former goes on: second cannot",
    "first",
  ]);
  assert.equal(first.stopped, 0);
});

test("a start that never ends is not waited for any longer than the limit", async () => {
  const { logged, host, log } = played();
  const source = new PluginSource({ name: "slow", start: () => new Promise(() => {}), stop() {} }, log, 10);
  await source.start(host);
  assert.match(logged[0]!, /^data client slow: start has not ended after 10ms/);
});
