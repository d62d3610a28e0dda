import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { FromWorker } from "./messages.ts";
import { seriesPosts } from "./series-posts.ts";

test("the series of one turn leave in one message, in order; later ones in the next", async () => {
  const posted: FromWorker[] = [];
  const announce = seriesPosts((message) => posted.push(message));
  const series = (cell: number) => ({ metric: 1, labels: [], cell, createdMs: 0 });
  announce(series(1));
  announce(series(2));
  assert.deepEqual(posted, []);
  await turn();
  announce(series(3));
  await turn();
  await turn();
  assert.deepEqual(posted, [
    { type: "series", series: [series(1), series(2)] },
    { type: "series", series: [series(3)] },
  ]);
});
