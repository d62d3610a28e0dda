// Clients that do not read: pipelined answers must wait at the client, not in the proxy, and an answer that was given is not cut short.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { RunningProxy, until } from "./running-proxy.ts";

const ANSWER_BYTES = 100_000;
const REQUESTS = 2000;
/** Far below the 200 MB of all answers: socket buffers and one batch. */
const MAX_GROWTH = 40 * 1024 * 1024;
const STEADY_READINGS = 50;
const STEADY_BYTES = 1024 * 1024;

test("answers to pipelined requests wait until the client reads", async () => {
  const proxy = await RunningProxy.start(
    `r: * -> inlineContent("${"x".repeat(ANSWER_BYTES)}") -> <shunt>`,
    "-workers=1",
  );
  try {
    const client = connect(proxy.port, "127.0.0.1");
    await once(client, "connect");
    client.pause();
    const before = proxy.residentBytes;
    client.write("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n".repeat(REQUESTS));
    // Memory that stays within a small band says that the socket buffers of both ends are full; a collector may still move it a little.
    const readings: number[] = [];
    await until("the proxy stops writing", () => {
      readings.push(proxy.residentBytes);
      const recent = readings.slice(-STEADY_READINGS);
      return recent.length === STEADY_READINGS && Math.max(...recent) - Math.min(...recent) < STEADY_BYTES;
    });
    const peak = Math.max(...readings);
    assert.ok(peak - before < MAX_GROWTH, `grew by ${peak - before} bytes`);
    let received = 0;
    client.on("data", (chunk: Buffer) => {
      received += chunk.length;
    });
    client.resume();
    await until("all answers", () => received >= REQUESTS * ANSWER_BYTES);
    client.destroy();
  } finally {
    await proxy.stop();
  }
});

test("a client that reads late gets the whole of an answer behind which the connection closes", async () => {
  const length = 8_000_000;
  const proxy = await RunningProxy.start(`r: * -> inlineContent("${"x".repeat(length)}") -> <shunt>`, "-workers=1");
  try {
    const client = connect(proxy.port, "127.0.0.1");
    await once(client, "connect");
    client.pause();
    const sentAt = Date.now();
    client.write("GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n");
    // Well beyond the moment for which a closing connection listens on.
    await until("the client has waited", () => Date.now() - sentAt > 2500);
    let received = 0;
    client.on("data", (chunk: Buffer) => {
      received += chunk.length;
    });
    client.resume();
    await once(client, "end");
    assert.ok(received > length, `${received} bytes`);
  } finally {
    await proxy.stop();
  }
});
