// The proxy under soak: a child process whose workers can be crashed, with a routes file that can be replaced, watched through /proc.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { memoryBytes } from "../../bench/subjects/process-cost.ts";
import { freePort } from "../conformance/socket-reader.ts";

const keptLogBytes = 20_000;

export class ProxyProcess {
  readonly port: number;
  readonly supportPort: number;
  readonly #folder = mkdtempSync(path.join(os.tmpdir(), "skipper-soak-"));
  readonly #child: ChildProcess;
  #log = "";
  #isRunning = true;

  private constructor(port: number, supportPort: number, routes: string, flags: readonly string[]) {
    this.port = port;
    this.supportPort = supportPort;
    this.writeRoutes(routes);
    const addresses = [`-address=127.0.0.1:${port}`, `-support-listener=127.0.0.1:${supportPort}`];
    const entry = path.join(import.meta.dirname, "crashing-skipper.ts");
    this.#child = spawn(process.execPath, [entry, ...addresses, `-routes-file=${this.#routesFile}`, ...flags], {
      stdio: ["ignore", "pipe", "pipe"],
      // As bin/skipper does.
      env: { ...process.env, MALLOC_ARENA_MAX: "1" },
    });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#log = (this.#log + text).slice(-keptLogBytes);
      });
    }
    // Nothing of a soak that is cut off stays behind.
    const end = () => {
      this.#child.kill("SIGKILL");
      rmSync(this.#folder, { recursive: true, force: true });
    };
    process.once("exit", end);
    this.#child.once("exit", () => {
      this.#isRunning = false;
      process.off("exit", end);
    });
  }

  /** Starts the proxy and waits until it accepts connections. */
  static async start(routes: string, flags: readonly string[]): Promise<ProxyProcess> {
    const proxy = new ProxyProcess(await freePort(), await freePort(), routes, flags);
    const since = performance.now();
    while (!(await accepts(proxy.port))) {
      if (!proxy.isRunning || performance.now() - since > 20_000) {
        await proxy.stop();
        throw new Error(`the proxy did not start:\n${proxy.log}`);
      }
      await delay(20);
    }
    return proxy;
  }

  get #routesFile(): string {
    return path.join(this.#folder, "routes.eskip");
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** The end of what it logged. */
  get log(): string {
    return this.#log;
  }

  /** Resident memory in MB. */
  get memoryMb(): number {
    return memoryBytes(this.#child.pid!, "VmRSS") / 1e6;
  }

  get openFiles(): number {
    return this.#isRunning ? readdirSync(`/proc/${this.#child.pid}/fd`).length : 0;
  }

  /** Ends one of its workers as a crash would. */
  crashWorker(): void {
    this.#child.kill("SIGUSR2");
  }

  /** Replaces the routes in one step. */
  writeRoutes(text: string): void {
    writeFileSync(`${this.#routesFile}.new`, text);
    renameSync(`${this.#routesFile}.new`, this.#routesFile);
  }

  async stop(): Promise<void> {
    if (this.#isRunning) {
      const ended = once(this.#child, "exit");
      this.#child.kill("SIGINT");
      const timer = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(timer);
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
