// Where the application log goes: app/ makes the main thread's log with it, runtime/worker.ts that of a worker.
// The main thread writes what was logged in one go at the end of that go (a change of routes has five lines, and each write would
// wake whoever reads the log), and before the process exits; a worker hands its lines to a bounded sink, since a log that nobody reads
// must not hold up requests.

import { writeSync } from "node:fs";
import process from "node:process";
import { isatty } from "node:tty";
import { closeLogDescriptor, openLogDescriptor, PIPE_ATOMIC_BYTES, sinkOn } from "./line-sink.ts";
import { ApplicationLog, type LogLevel } from "./log.ts";

/** The settings of the flags `-application-log*`; they can be sent to a worker. */
export interface LogSettings {
  readonly level: LogLevel;
  readonly prefix: string;
  readonly json: boolean;
  /** A path, `/dev/stdout`, `/dev/stderr`; "" is standard error. */
  readonly path: string;
}

export interface OpenLog {
  readonly log: ApplicationLog;
  /** Writes out what is held, at most `timeoutMs` long, and closes the file. */
  close(timeoutMs: number): Promise<void>;
}

/** What is written before the configuration is read: text without prefix on standard error. */
export const EARLY_LOG: LogSettings = { level: "info", prefix: "", json: false, path: "" };

/** The log of the main thread. Throws with the reason when the file cannot be opened. */
export function openLog(settings: LogSettings): OpenLog {
  const fd = openLogDescriptor(settings.path);
  const lines = new LinesOfTurn(fd);
  const log = new ApplicationLog({
    level: settings.level,
    prefix: settings.prefix,
    json: settings.json,
    terminal: isatty(fd),
    write: (line) => lines.add(line),
    now: Date.now,
  });
  return {
    log,
    async close() {
      lines.close();
      closeLogDescriptor(fd);
    },
  };
}

/** Lines wait for the end of the synchronous code that logs them, and no longer; one write never mixes with those of workers. */
class LinesOfTurn {
  readonly #fd: number;
  readonly #write = () => this.#flush();
  #held = "";
  #bytes = 0;

  constructor(fd: number) {
    this.#fd = fd;
    process.on("exit", this.#write);
  }

  add(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.#bytes + bytes > PIPE_ATOMIC_BYTES) this.#flush();
    if (this.#bytes === 0) queueMicrotask(this.#write);
    this.#held += line;
    this.#bytes += bytes;
  }

  close(): void {
    process.off("exit", this.#write);
    this.#flush();
  }

  #flush(): void {
    const text = this.#held;
    this.#held = "";
    this.#bytes = 0;
    if (text !== "") writeWhole(this.#fd, text);
  }
}

export interface OpenWorkerLog extends OpenLog {
  /** Writes a line, without line break, to standard error as it is. */
  writeError(line: string): void;
}

/** Where lines go by default. */
const STDERR = 2;

/** The log of a worker. Throws with the reason when the file cannot be opened. */
export function openWorkerLog(settings: LogSettings): OpenWorkerLog {
  const fd = openLogDescriptor(settings.path);
  // A log that cannot be written has no place left to say so.
  const sink = sinkOn(fd, () => {});
  const errors = fd === STDERR ? sink : sinkOn(STDERR, () => {});
  const log = new ApplicationLog({
    level: settings.level,
    prefix: settings.prefix,
    json: settings.json,
    terminal: isatty(fd),
    write: (line) => sink.add(line),
    now: Date.now,
  });
  return {
    log,
    writeError: (line) => errors.add(`${line}\n`),
    async close(timeoutMs) {
      await Promise.all([sink.close(timeoutMs), errors === sink ? null : errors.close(timeoutMs)]);
      closeLogDescriptor(fd);
    },
  };
}

/** Tries of a write to a pipe that is full and does not block; then the rest is given up. */
const FULL_PIPE_TRIES = 50;

function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text, "utf8");
  let start = 0;
  for (let tries = 0; start < bytes.length && tries < FULL_PIPE_TRIES; ) {
    try {
      start += writeSync(fd, bytes, start);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return;
      tries++;
      Atomics.wait(waiting, 0, 0, 1);
    }
  }
}

const waiting = new Int32Array(new SharedArrayBuffer(4));
