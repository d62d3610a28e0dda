// bin/skipper or bin/webhook as a child process that trusts the CA of the test.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { until } from "../e2e/running-proxy.ts";

const root = dirname(dirname(import.meta.dirname));
const END_LIMIT_MS = 30_000;

export class SkipperProcess {
  log = "";
  readonly #child: ChildProcess;

  private constructor(program: string, args: readonly string[], caFile: string) {
    this.#child = spawn(join(root, "bin", program), args, {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, NODE_EXTRA_CA_CERTS: caFile },
    });
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.log += text;
    });
  }

  /** Waits for `line` in the log. */
  static async start(program: string, args: readonly string[], caFile: string, line: string): Promise<SkipperProcess> {
    const started = new SkipperProcess(program, args, caFile);
    try {
      await until(`${program} logs ${line}`, () => {
        if (started.#child.exitCode !== null) throw new Error(`${program} ended:\n${started.log}`);
        return started.log.includes(line);
      });
    } catch (error) {
      started.#child.kill("SIGKILL");
      throw new Error(`${(error as Error).message}\n${started.log}`);
    }
    return started;
  }

  /** SIGTERM; the exit code. */
  async stop(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, "exit");
      this.#child.kill("SIGTERM");
      const limit = setTimeout(() => this.#child.kill("SIGKILL"), END_LIMIT_MS);
      await ended;
      clearTimeout(limit);
    }
    return this.#child.exitCode;
  }
}
