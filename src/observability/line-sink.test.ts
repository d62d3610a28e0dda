import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LineSink, type WriteBytes } from "./line-sink.ts";

type Done = Parameters<WriteBytes>[3];

/** A descriptor that takes nothing until it is told to. */
class StuckDescriptor {
  readonly taken: string[] = [];
  waiting: { text: string; done: Done; length: number } | null = null;

  readonly write: WriteBytes = (buffer, start, length, done) => {
    assert.equal(this.waiting, null, "one write at a time");
    this.waiting = { text: buffer.toString("latin1", start, start + length), done, length };
  };

  take(): boolean {
    const { waiting } = this;
    if (waiting === null) return false;
    this.waiting = null;
    this.taken.push(waiting.text);
    waiting.done(null, waiting.length);
    return true;
  }
}

const quiet = { maxWriteBytes: 65536, flushMs: 5, onError: () => assert.fail("no error is expected") };

test("lines that come together leave in one write", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const sink = new LineSink({
    ...quiet,
    write: (buffer, start, length, done) => {
      resolve(buffer.toString("latin1", start, start + length));
      done(null, length);
    },
  });
  const keep = setTimeout(() => {}, 20_000); // the sink's own timer keeps no process alive
  sink.add("a\n");
  sink.add("b\n");
  assert.equal(await promise, "a\nb\n");
  clearTimeout(keep);
});

test("a descriptor that takes nothing: the sink holds 1 MiB and counts what it drops", async () => {
  const descriptor = new StuckDescriptor();
  const sink = new LineSink({ ...quiet, write: descriptor.write });
  const line = `${"x".repeat(999)}\n`;
  const lines = 5000;
  for (let i = 0; i < lines; i++) {
    if (!sink.reserve(line.length)) continue;
    sink.commit(sink.length + sink.buffer.write(line, sink.length, "latin1"));
  }
  const heldBytes = (lines - sink.dropped) * line.length;
  assert.ok(heldBytes > 900_000 && heldBytes < 1.1 * 1024 * 1024, `held ${heldBytes}`);
  const closed = sink.close(10_000);
  while (descriptor.take());
  await closed;
  const text = descriptor.taken.join("");
  assert.equal(text, line.repeat(lines - sink.dropped), "what was held comes whole once it moves again");
});

test("closing does not wait longer than it may, and later lines are dropped", async () => {
  const descriptor = new StuckDescriptor();
  const sink = new LineSink({ ...quiet, write: descriptor.write });
  sink.add("a\n");
  await sink.close(1);
  sink.add("late\n");
  assert.equal(sink.dropped, 1);
  assert.deepEqual(descriptor.taken, []);
});

test("a pipe that is full for now is tried again, a failed write is reported and not repeated", async () => {
  const written: string[] = [];
  let calls = 0;
  const errors: [string, number][] = [];
  const sink = new LineSink({
    maxWriteBytes: 65536,
    flushMs: 1,
    write: (buffer, start, length, done) => {
      calls++;
      const code = calls === 1 ? "EAGAIN" : calls === 3 ? "EIO" : "";
      if (code === "") written.push(buffer.toString("latin1", start, start + length));
      setImmediate(() => done(code === "" ? null : Object.assign(new Error(code), { code }), length));
    },
    onError: (error, lines) => errors.push([error.message, lines]),
  });
  sink.add("a\n");
  await until(() => written.length === 1);
  sink.add("b\nb\n");
  await until(() => errors.length === 1);
  sink.add("c\n");
  await sink.close(10_000);
  assert.deepEqual(written, ["a\n", "c\n"]);
  assert.deepEqual(errors, [["EIO", 1]]);
  assert.equal(sink.dropped, 1);
});

/** Waits for a condition that the event loop brings about. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, "the condition came about");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("writes are whole lines, no longer than asked unless one line is, and nothing is lost or moved", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 500 }),
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 }),
      async (sizes, maxWriteBytes, taken) => {
        const pieces: { text: string; whole: boolean }[] = [];
        let call = 0;
        let rest = 0;
        let out = "";
        const sink = new LineSink({
          ...quiet,
          maxWriteBytes,
          write: (buffer, start, length, done) => {
            const text = buffer.toString("latin1", start, start + length);
            pieces.push({ text, whole: rest === 0 });
            const size = Math.min(length, taken[call++ % taken.length]!);
            rest = length - size;
            out += text.slice(0, size);
            queueMicrotask(() => done(null, size));
          },
        });
        const lines = sizes.map((size, i) => `${String(i % 10).repeat(size)}\n`);
        for (const line of lines) sink.add(line);
        await sink.close(10_000);
        assert.equal(out, lines.join(""));
        for (const { text } of pieces) {
          assert.ok(text.endsWith("\n"));
          assert.ok(text.length <= maxWriteBytes || text.indexOf("\n") === text.length - 1, "longer only for one line");
        }
      },
    ),
    { numRuns: 200 },
  );
});

test("a line longer than a chunk goes out whole", async () => {
  const descriptor = new StuckDescriptor();
  const sink = new LineSink({ ...quiet, write: descriptor.write });
  const long = `${"y".repeat(100_000)}\n`;
  sink.add("a\n");
  sink.add(long);
  sink.add("b\n");
  const closed = sink.close(10_000);
  while (descriptor.take());
  await closed;
  assert.equal(descriptor.taken.join(""), `a\n${long}b\n`);
});
