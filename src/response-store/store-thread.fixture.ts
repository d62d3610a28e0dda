// A thread of the store's tests: does at once what its start data says.

import { parentPort, workerData } from "node:worker_threads";
import type { WorkerResponseStore } from "./response-store-owner.ts";
import { Shard } from "./shard.ts";
import { SharedResponseStore } from "./shared-response-store.ts";
import { keyOf } from "./store-keys.fixture.ts";

export interface ThreadTask {
  readonly store: WorkerResponseStore;
  readonly task: "churn" | "hold" | "lock" | "follow" | "lead" | "line";
  readonly seed: number;
  readonly rounds: number;
}

const { store: share, task, seed, rounds } = workerData as ThreadTask;
const store = new SharedResponseStore(share.memory, { worker: share.worker, count: () => {}, now: Date.now });
const say = (message: unknown) => parentPort!.postMessage(message);
/** Keeps the thread alive until it is ended. */
const stay = () => setInterval(() => {}, 1000);

/** A body says who wrote it: every byte is that of its head. */
function write(n: number, fill: number, bytes: number): void {
  const writer = store.write(keyOf(n));
  for (let left = bytes; left > 0; left -= 10_000) writer.append(Buffer.alloc(Math.min(left, 10_000), fill));
  writer.commit(`${fill} ${bytes}`);
}

async function readAll(n: number): Promise<string> {
  const found = store.find(keyOf(n));
  const body = found === null ? null : store.body(keyOf(n), found.stamp);
  if (found === null || body === null) return "";
  const [fill, bytes] = found.head.split(" ").map(Number);
  let length = 0;
  for await (const piece of body instanceof Uint8Array ? [body] : body) {
    length += piece.length;
    if (piece.some((byte) => byte !== fill)) return `entry ${n}: a piece with other bytes than ${fill}`;
    // Others get at the store in between.
    if (!(body instanceof Uint8Array)) await new Promise(setImmediate);
  }
  return length === bytes ? "" : `entry ${n}: ${length} of ${bytes} bytes`;
}

async function churn(): Promise<string> {
  let state = seed;
  const roll = (n: number) => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 1) % n;
  for (let i = 0; i < rounds; i++) {
    const n = roll(12);
    if (roll(3) === 0) write(n, roll(256), 1 + roll(roll(4) === 0 ? 150_000 : 5000));
    else if (roll(20) === 0) store.remove(keyOf(n));
    else {
      const wrong = await readAll(n);
      if (wrong !== "") return wrong;
    }
  }
  return "done";
}

switch (task) {
  case "churn":
    say(await churn());
    break;
  case "hold": {
    // A body that is being read, one that is being written, and a flight: none is ever let go.
    write(0, 1, 100_000);
    const body = store.body(keyOf(0), store.find(keyOf(0))!.stamp) as AsyncIterable<Uint8Array>;
    await body[Symbol.asyncIterator]().next();
    store.write(keyOf(2)).append(Buffer.alloc(60_000));
    store.join(keyOf(4), 60_000);
    say("holding");
    stay();
    break;
  }
  case "lock":
    new Shard(share.memory, 0).lock(share.worker + 1);
    say("locked");
    stay();
    break;
  case "lead": {
    const flight = store.join(keyOf(seed), 60_000);
    say(flight?.leads === true ? "leading" : "not leading");
    parentPort!.once("message", () => {
      if (flight?.leads === true) flight.land("stored");
    });
    break;
  }
  case "line":
    for (let i = 0; i < rounds; i++) store.standInLine(keyOf(seed));
    say("standing");
    stay();
    break;
  case "follow": {
    const flight = store.join(keyOf(seed), rounds);
    if (flight === null || flight.leads) say("not following");
    else {
      // A wait for shared memory alone does not keep a thread alive.
      const alive = stay();
      say("following");
      say(await flight.wait());
      clearInterval(alive);
    }
    break;
  }
}
