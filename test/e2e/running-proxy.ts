// The skipper command as a child process for the end-to-end tests, and node:http servers as its backends. A proxy that is stopped
// must leave by itself: a test that ends holds no process and no socket.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../conformance/socket-reader.ts";

const root = dirname(dirname(import.meta.dirname));
const LIMIT_MS = 20_000;

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Waits for a condition; fails with `what` when it does not come. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs: number = LIMIT_MS,
): Promise<void> {
  for (const limit = Date.now() + limitMs; !(await condition()); await sleep(10)) {
    if (Date.now() > limit) assert.fail(`waited for: ${what}`);
  }
}

export class RunningProxy {
  readonly port: number;
  log = "";
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  readonly #folder: string;

  private constructor(
    command: readonly string[],
    port: number,
    folder: string,
    flags: readonly string[],
    env: Readonly<Record<string, string>>,
  ) {
    this.port = port;
    this.#folder = folder;
    this.#child = spawn(
      command[0]!,
      [
        ...command.slice(1),
        `-address=127.0.0.1:${port}`,
        "-support-listener=",
        "-metrics-listener=",
        "-access-log-disabled",
        "-wait-first-route-load",
        "-source-poll-timeout=50",
        "-wait-for-healthcheck-interval=0s",
        `-routes-file=${join(folder, "routes.eskip")}`,
        ...flags,
      ],
      { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ...env } },
    );
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.log += text;
    });
    this.#closed = once(this.#child, "close");
    // A test that fails before `stop` ends all the same, and takes the proxy along.
    this.#child.unref();
    (this.#child.stderr as Socket).unref();
    running.add(this.#child);
    this.#child.on("exit", () => running.delete(this.#child));
  }

  /** Starts the proxy and waits until all its workers accept connections and signals are heard. */
  static start(routes: string, ...flags: string[]): Promise<RunningProxy> {
    return RunningProxy.startIn({}, routes, ...flags);
  }

  /** The same, with further environment variables. */
  static startIn(env: Readonly<Record<string, string>>, routes: string, ...flags: string[]): Promise<RunningProxy> {
    return RunningProxy.#start([join(root, "bin/skipper")], routes, flags, env);
  }

  /** As `start`, and a worker dies with each SIGUSR2. */
  static startMortal(routes: string, ...flags: string[]): Promise<RunningProxy> {
    return RunningProxy.#start([process.execPath, join(root, "test/soak/crashing-skipper.ts")], routes, flags, {});
  }

  static async #start(
    command: readonly string[],
    routes: string,
    flags: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<RunningProxy> {
    const proxy = await RunningProxy.#spawn(command, routes, flags, env);
    await proxy.listens();
    return proxy;
  }

  /** Spawns the proxy and does not wait for `listens`. */
  static launch(routes: string, ...flags: string[]): Promise<RunningProxy> {
    return RunningProxy.#spawn([join(root, "bin/skipper")], routes, flags, {});
  }

  static async #spawn(
    command: readonly string[],
    routes: string,
    flags: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<RunningProxy> {
    const folder = mkdtempSync(join(tmpdir(), "skipper-e2e-"));
    writeFileSync(join(folder, "routes.eskip"), routes);
    return new RunningProxy(command, await freePort(), folder, flags, env);
  }

  async listens(): Promise<void> {
    await until("the proxy listens", () => {
      assert.ok(this.#isRunning, `the proxy ended: ${this.log}`);
      return this.log.includes('msg="Listen on ');
    });
  }

  /** It has not ended, neither by itself nor by a signal. */
  get #isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Waits for something that the proxy logs; what it writes comes through a pipe, later than its answers. */
  logs(line: RegExp | string, from = 0): Promise<void> {
    const isThere =
      typeof line === "string" ? (text: string) => text.includes(line) : (text: string) => line.test(text);
    return until(`the proxy logs ${line}`, () => isThere(this.log.slice(from)));
  }

  writeRoutes(text: string): void {
    const file = join(this.#folder, "routes.eskip");
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  }

  /** Resident memory in bytes. */
  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "latin1");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Sends a signal; the exit code when the process has ended and all that it logged is here. */
  async terminate(signal: "SIGTERM" | "SIGINT" = "SIGTERM"): Promise<number | null> {
    if (this.#isRunning) {
      this.#child.ref();
      (this.#child.stderr as Socket).ref();
      this.#child.kill(signal);
    }
    await this.#closed;
    return this.#child.exitCode;
  }

  /** Removes what it left behind. */
  forget(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Ends it in order; it must not need more. */
  async stop(): Promise<void> {
    const killer = setTimeout(() => this.#child.kill("SIGKILL"), LIMIT_MS);
    const code = await this.terminate();
    clearTimeout(killer);
    this.forget();
    assert.equal(code, 0, `the proxy ended with ${code}:\n${this.log}`);
  }
}

export interface Backend {
  readonly server: Server;
  readonly port: number;
  /** Fails when a connection is still in a request. */
  close(): Promise<void>;
}

export async function startBackend(listener: RequestListener): Promise<Backend> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    server,
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      await closed;
    },
  };
}
