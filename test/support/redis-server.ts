// A real redis-server on a loopback port for the tests, which keeps nothing on disk. `.ci/run` installs it.

import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createClient, RESP_TYPES } from "@redis/client";
import { freePort } from "../conformance/socket-reader.ts";

const isInstalled = spawnSync("redis-server", ["--version"]).status === 0;

/** Why tests with a server are skipped, false when they are not. */
export const withoutRedis: string | false = isInstalled ? false : "redis-server absent";

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

function client(port: number, password: string) {
  return createClient({
    RESP: 2,
    socket: { host: "127.0.0.1", port, reconnectStrategy: (tries) => (tries < 200 ? 20 : new Error("does not start")) },
    ...(password === "" ? {} : { password }),
  }).on("error", () => {});
}

export class RedisServer {
  readonly port: number;
  readonly #flags: readonly string[];
  readonly #password: string;
  #child: ChildProcess | null = null;
  #client: ReturnType<typeof client> | null = null;

  private constructor(port: number, password: string, flags: readonly string[]) {
    this.port = port;
    this.#password = password;
    this.#flags = [...flags, ...(password === "" ? [] : ["--requirepass", password])];
  }

  /** Starts a server; `flags` of redis-server. */
  static async start(password = "", ...flags: string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), password, flags);
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://${this.#password === "" ? "" : `:${this.#password}@`}127.0.0.1:${this.port}`;
  }

  /** Starts it on its port, and waits until it answers. */
  async restart(): Promise<void> {
    const settings = ["--port", String(this.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    const child = spawn("redis-server", [...settings, ...this.#flags], { stdio: "ignore", cwd: "/tmp" });
    child.unref();
    running.add(child);
    child.on("exit", () => running.delete(child));
    this.#child = child;
    this.#client = client(this.port, this.#password);
    await this.#client.connect();
  }

  /** The reply to a command; texts as byte strings. */
  async say(...command: (string | Buffer)[]): Promise<unknown> {
    assert.ok(this.#client !== null, "the server runs");
    const reply = await this.#client.sendCommand(command, { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } });
    return readable(reply);
  }

  /** Commands that it has executed. */
  async calls(command: string): Promise<number> {
    const stats = String(await this.say("INFO", "commandstats"));
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  }

  /** SIGSTOP: connections stand and nothing is answered; SIGCONT. */
  signal(name: "SIGSTOP" | "SIGCONT"): void {
    this.#child?.kill(name);
  }

  /** Ends it at once: what it had is gone. */
  async kill(): Promise<void> {
    this.#client?.destroy();
    this.#client = null;
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null) return;
    child.ref();
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  }
}

function readable(reply: unknown): unknown {
  if (Buffer.isBuffer(reply)) return reply.toString("latin1");
  return Array.isArray(reply) ? reply.map(readable) : reply;
}
