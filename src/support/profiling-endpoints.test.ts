import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeThread } from "../../test/support/fake-thread.ts";
import { BadQuestion, PROFILING_ENDPOINTS, type ProfileQuestion, readQuestion } from "./profiling-endpoints.ts";

const PROXY = ["main", "worker-2", "worker-7"].map((name) => new FakeThread(name));
const ROUTE_SERVER = [new FakeThread("main")];

function read(name: string, query: string, present = PROXY): ProfileQuestion | BadQuestion {
  return readQuestion(PROFILING_ENDPOINTS.get(name)!, query, present);
}

/** Format, seconds and threads. */
const accepted: [name: string, query: string, present: FakeThread[], expected: string][] = [
  ["profile", "", PROXY, "pprof 30 main,worker-2,worker-7"],
  ["profile", "seconds=1", PROXY, "pprof 1 main,worker-2,worker-7"],
  ["profile", "seconds=600&seconds=601", PROXY, "pprof 600 main,worker-2,worker-7"],
  ["profile", "thread=all&debug=1&gc=1", PROXY, "pprof 30 main,worker-2,worker-7"],
  ["profile", "thread=worker-7", PROXY, "pprof 30 worker-7"],
  ["profile", "format=pprof&thread=main", PROXY, "pprof 30 main"],
  ["profile", "format=cpuprofile", PROXY, "chrome 30 worker-2"],
  ["profile", "format=cpuprofile", ROUTE_SERVER, "chrome 30 main"],
  ["profile", "format=cpuprofile&thread=worker-7", PROXY, "chrome 30 worker-7"],
  ["heap", "", PROXY, "pprof 5 main,worker-2,worker-7"],
  ["heap", "debug=1", PROXY, "text 5 main,worker-2,worker-7"],
  ["heap", "debug=0", PROXY, "pprof 5 main,worker-2,worker-7"],
  ["allocs", "debug=2&seconds=9&thread=main", PROXY, "text 9 main"],
  ["allocs", "format=heapprofile&debug=1", PROXY, "chrome 5 worker-2"],
  ["heapsnapshot", "", PROXY, "pprof 0 worker-2"],
  ["heapsnapshot", "seconds=x", ROUTE_SERVER, "pprof 0 main"],
  ["heapsnapshot", "thread=main", PROXY, "pprof 0 main"],
  ["goroutine", "debug=1", PROXY, "text 0 main,worker-2,worker-7"],
  ["trace", "", PROXY, "pprof 1 "],
  ["trace", "seconds=02", PROXY, "pprof 2 "],
];

for (const [name, query, present, expected] of accepted) {
  test(`${name}?${query} of ${present.length} threads is ${expected}`, () => {
    const question = read(name, query, present);
    assert.ok(!(question instanceof BadQuestion), JSON.stringify(question));
    const { format, seconds, threads } = question;
    assert.equal(`${format} ${seconds} ${threads.map((thread) => thread.name)}`, expected);
  });
}

const SECONDS = "seconds: expected a whole number from 1 to 600, got";
const refused: [name: string, query: string, message: string][] = [
  ["profile", "seconds=0", `${SECONDS} "0"`],
  ["profile", "seconds=601", `${SECONDS} "601"`],
  ["profile", "seconds=99999999999999999999", `${SECONDS} "99999999999999999999"`],
  ["heap", "seconds=-1", `${SECONDS} "-1"`],
  ["allocs", "seconds=1.5", `${SECONDS} "1.5"`],
  ["trace", "seconds=", `${SECONDS} ""`],
  ["trace", "seconds=1e2", `${SECONDS} "1e2"`],
  ["profile", "format=heapprofile", 'format: expected pprof or cpuprofile, got "heapprofile"'],
  ["heap", "format=", 'format: expected pprof or heapprofile, got ""'],
  ["profile", "thread=worker-1", 'thread: expected one of all, main, worker-2, worker-7, got "worker-1"'],
  ["goroutine", "thread=", 'thread: expected one of all, main, worker-2, worker-7, got ""'],
  ["profile", "thread=all&format=cpuprofile", 'thread: expected one of main, worker-2, worker-7, got "all"'],
  ["heapsnapshot", "thread=all", 'thread: expected one of main, worker-2, worker-7, got "all"'],
];

for (const [name, query, message] of refused) {
  test(`${name}?${query} is refused: ${message}`, () => {
    const question = read(name, query);
    assert.ok(question instanceof BadQuestion, JSON.stringify(question));
    assert.equal(question.message, message);
  });
}
