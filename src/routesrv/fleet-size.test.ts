import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { test } from "node:test";
import { FleetSize } from "./fleet-size.ts";

test("the fleet is as large as it was at any time of this and the last five minutes", () => {
  let now = 0;
  const gauges: number[] = [];
  const fleet = new FleetSize({ gauge: (_key, value) => void gauges.push(value) }, () => now);
  const sockets = Array.from({ length: 5 }, () => new EventEmitter() as unknown as Socket);
  for (const socket of [...sockets, sockets[0]!]) fleet.seen(socket);
  assert.equal(fleet.size, 5);
  for (const socket of sockets.slice(2)) socket.emit("close");
  assert.deepEqual(gauges, [1, 2, 3, 4, 5, 4, 3, 2]);
  for (const [minutes, size] of [
    [4.9, 5],
    [5, 5],
    [9.9, 5],
    [10, 2],
  ] as const) {
    now = minutes * 60_000;
    assert.equal(fleet.size, size, `after ${minutes} minutes`);
  }
  now += 60 * 60_000;
  assert.equal(fleet.size, 2);
  sockets[0]!.emit("close");
  now += 60 * 60_000;
  assert.equal(fleet.size, 1);
});
