import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import { DownloadLimit, type DownloadLimits, type DownloadSlot } from "./download-limit.ts";

class FakeResponse extends EventEmitter {
  destroyed = false;

  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }
}

/** As much of a response as the limit looks at. */
function response(): FakeResponse & ServerResponse {
  return new FakeResponse() as FakeResponse & ServerResponse;
}

const limits: DownloadLimits = { slots: 2, line: 2, waitMs: 60_000, slotMs: 60_000, longestMs: 60_000 };

async function slot(limit: DownloadLimit, of = response()): Promise<DownloadSlot> {
  const entered = await limit.enter(of);
  assert.ok(entered !== "full" && entered !== "gone", String(entered));
  return entered;
}

test("so many at one time, the next in their order, beyond the line none", async () => {
  const limit = new DownloadLimit(limits);
  const [first, second] = [await slot(limit), await slot(limit)];
  const order: string[] = [];
  const noted = async (name: string): Promise<DownloadSlot> => {
    const entered = await slot(limit);
    order.push(name);
    return entered;
  };
  const third = noted("third");
  const fourth = noted("fourth");
  assert.equal(await limit.enter(response()), "full");
  first.leave();
  first.leave();
  const taken = await third;
  assert.deepEqual(order, ["third"]);
  second.leave();
  const last = await fourth;
  taken.leave();
  last.leave();
  for (const one of [await slot(limit), await slot(limit)]) one.leave();
});

test("who goes away while it waits leaves the line", async () => {
  const limit = new DownloadLimit(limits);
  const held = [await slot(limit), await slot(limit)];
  const gone = response();
  const entered = limit.enter(gone);
  gone.destroy();
  assert.equal(await entered, "gone");
  const next = slot(limit);
  held[0]!.leave();
  for (const one of [held[1]!, await next]) one.leave();
  assert.equal(await limit.enter(gone), "gone");
});

test("a wait ends, and a slow client gives its slot up before it is done", async () => {
  const short = new DownloadLimit({ ...limits, slots: 1, waitMs: 5 });
  const held = await slot(short);
  assert.equal(await short.enter(response()), "full");
  held.leave();
  const slow = new DownloadLimit({ ...limits, slots: 1, slotMs: 5 });
  const first = await slot(slow);
  const second = await slot(slow);
  first.leave();
  second.leave();
});

test("a download without end is broken off", async () => {
  const limit = new DownloadLimit({ ...limits, longestMs: 5 });
  const endless = response();
  const closed = new Promise((resolve) => endless.once("close", resolve));
  const held = await slot(limit, endless);
  await closed;
  held.leave();
});
