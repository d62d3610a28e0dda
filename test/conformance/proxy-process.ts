// The skipper command as a child process.

import { type ChildProcess, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { dial } from "./socket-reader.ts";

const root = dirname(dirname(import.meta.dirname));
const START_LIMIT_MS = 20_000;

export class ProxyProcess {
  readonly #child: ChildProcess;
  errors = "";

  constructor(args: readonly string[], cwd: string) {
    this.#child = spawn(join(root, "bin/skipper"), args, { cwd, stdio: ["ignore", "ignore", "pipe"] });
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.errors += text;
    });
  }

  /** Waits until the port accepts connections. */
  async ready(port: number): Promise<void> {
    const limit = Date.now() + START_LIMIT_MS;
    for (;;) {
      if (!this.#isRunning) throw new Error(`the proxy ended: ${this.errors}`);
      try {
        (await dial(port)).destroy();
        return;
      } catch (error) {
        if (Date.now() > limit) throw error;
        await sleep(50);
      }
    }
  }

  get #isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async stop(): Promise<void> {
    if (!this.#isRunning) return;
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await gone;
  }

  /** JSON lines of the log that have a key. */
  lines(key: string): Readonly<Record<string, unknown>>[] {
    const found: Readonly<Record<string, unknown>>[] = [];
    // The last one may not be whole yet.
    for (const line of this.errors.split("\n").slice(0, -1)) {
      if (!line.startsWith("{")) continue;
      const value: Readonly<Record<string, unknown>> = JSON.parse(line);
      if (key in value) found.push(value);
    }
    return found;
  }
}
