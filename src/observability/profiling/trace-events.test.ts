import assert from "node:assert/strict";
import { test } from "node:test";
import { traceEvents } from "./trace-events.ts";

interface TraceEvent {
  readonly name: string;
}

const here = (): AbortSignal => new AbortController().signal;

test("events come until the time is over; a trace that was broken off leaves the next one alone", async () => {
  const left = new AbortController();
  const broken = traceEvents({ seconds: 600, signal: left.signal }, () => {});
  setImmediate(() => left.abort());
  await assert.rejects(broken, { name: "AbortError" });

  const names = new Set<string>();
  const turns = setInterval(() => {}, 1);
  await traceEvents({ seconds: 0.1, signal: here() }, (events) => {
    for (const { name } of events as TraceEvent[]) names.add(name);
  });
  clearInterval(turns);
  assert.ok(names.has("RunTimers"), [...names].join());
});
