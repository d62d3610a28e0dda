import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeThread } from "../../../test/support/fake-thread.ts";
import { takeProfiles } from "./take-profiles.ts";
import type { ProfilingAnswer } from "./thread-profiler.ts";

const START = { do: "start", profile: "heap", intervalBytes: 1024 } as const;
const HOUR: number = 3600;
const here = (): AbortSignal => new AbortController().signal;

test("every thread is started and stopped; what one could not do is its answer", async () => {
  const cannot: ProfilingAnswer = { type: "failed", problem: "no" };
  const threads = [new FakeThread("main"), new FakeThread("worker-1", { start: cannot })];
  const answers = await takeProfiles(threads, START, { seconds: 0.001, signal: here() });
  assert.deepEqual(answers, [
    { thread: "main", answer: { type: "done" } },
    { thread: "worker-1", answer: cannot },
  ]);
  assert.deepEqual(
    threads.map(({ heardToDo }) => heardToDo),
    [["start", "stop"], ["start"]],
  );
});

test("a client that leaves ends it in all threads", async () => {
  const threads = [new FakeThread("main"), new FakeThread("worker-1")];
  const left = new AbortController();
  const taken = takeProfiles(threads, START, { seconds: HOUR, signal: left.signal });
  left.abort();
  await assert.rejects(taken, { name: "AbortError" });
  for (const { heardToDo } of threads) assert.deepEqual(heardToDo, ["start", "cancel"]);
});

test("when the last of the threads has ended, nothing is waited for", async () => {
  const threads = [new FakeThread("worker-1"), new FakeThread("worker-2")];
  const taken = takeProfiles(threads, START, { seconds: HOUR, signal: here() });
  for (const thread of threads) thread.end();
  assert.deepEqual(
    (await taken).map(({ answer }) => answer),
    [
      { type: "failed", problem: "worker-1 ended" },
      { type: "failed", problem: "worker-2 ended" },
    ],
  );
});
