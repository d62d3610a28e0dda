// A thread that works for long gives up its core now and then, for workers that share it with the thread. The scheduler of Linux lets
// a thread go on to the end of its slice, 1.4 ms or more, when another one that has to answer a request wakes up; a lower priority (nice)
// changes nothing about that.

/** So long a thread works in one go, in milliseconds. */
const TURN_MS = 0.1;
/** Sleep between two turns, in milliseconds; with the slack of timers it becomes some 0.08. */
const SLEEP_MS = 0.02;

/** Nobody wakes up those who wait for it. */
const never = new Int32Array(new SharedArrayBuffer(4));
let turnEnds = 0;

/** To be called between two small pieces of work: sleeps for a moment when the thread has not slept here for a turn. */
export function yieldCore(): void {
  if (performance.now() < turnEnds) return;
  Atomics.wait(never, 0, 0, SLEEP_MS);
  turnEnds = performance.now() + TURN_MS;
}
