// The routesrv command as a child process for the end-to-end tests, and requests to it. A server that is stopped must leave by itself.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type IncomingHttpHeaders, request } from "node:http";
import type { Socket } from "node:net";
import { dirname, join } from "node:path";
import { freePort } from "../conformance/socket-reader.ts";
import { KubernetesApi } from "../support/kubernetes-api.ts";
import { endpoints, ingress, service } from "../support/kubernetes-objects.ts";
import type { StoredObject } from "../support/kubernetes-store.ts";
import { until } from "./running-proxy.ts";

const root = dirname(dirname(import.meta.dirname));
const LIMIT_MS = 20_000;

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class RouteServerProcess {
  readonly port: number;
  readonly supportPort: number;
  log = "";
  /** What it wrote to standard output. */
  output = "";
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;

  private constructor(port: number, supportPort: number, flags: readonly string[]) {
    const given = flags.find((flag) => flag.startsWith("-address="));
    this.port = given === undefined ? port : Number(given.split(":")[1]);
    this.supportPort = supportPort;
    this.#child = spawn(
      join(root, "bin/routesrv"),
      [
        `-address=127.0.0.1:${this.port}`,
        `-support-listener=127.0.0.1:${supportPort}`,
        "-source-poll-timeout=50",
        "-wait-for-healthcheck-interval=0s",
        ...flags,
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.log += text;
    });
    this.#closed = once(this.#child, "close");
    this.#child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      this.output += text;
    });
    // A test that fails before `stop` ends all the same, and takes the server along.
    this.#child.unref();
    for (const pipe of [this.#child.stdout, this.#child.stderr]) (pipe as Socket).unref();
    running.add(this.#child);
    this.#child.on("exit", () => running.delete(this.#child));
  }

  /** Starts it and waits until it listens; without -address among the flags on a free port. */
  static async start(...flags: string[]): Promise<RouteServerProcess> {
    const server = new RouteServerProcess(await freePort(), await freePort(), flags);
    await until("the Route Server listens", () => {
      assert.ok(server.#isRunning, `the Route Server ended: ${server.log}`);
      return server.log.includes("support listener on");
    });
    return server;
  }

  /** Starts it where that is expected to fail; what it logged. */
  static async fails(...flags: string[]): Promise<string> {
    const server = new RouteServerProcess(await freePort(), await freePort(), flags);
    server.#hold();
    await server.#closed;
    assert.equal(server.#child.exitCode, 1, server.log);
    return server.log;
  }

  get #isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** From now on its end is waited for. */
  #hold(): void {
    this.#child.ref();
    (this.#child.stderr as Socket).ref();
  }

  /** Waits for something that it logs; what it writes comes through a pipe, later than its answers. */
  logs(line: RegExp | string): Promise<void> {
    const isThere = () => (typeof line === "string" ? this.log.includes(line) : line.test(this.log));
    return until(`the Route Server logs ${line}`, isThere);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  ask(path: string, question: Question = {}): Promise<Answer> {
    return ask(this.port, path, question);
  }

  /** The samples of /metrics by name and labels. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const { text } = await ask(this.supportPort, "/metrics", {});
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    return new Map(
      lines.map((line) => {
        const space = line.lastIndexOf(" ");
        return [line.slice(0, space), Number(line.slice(space + 1))];
      }),
    );
  }

  /** Waits until /routes holds this text. */
  shows(text: string, path = "/routes"): Promise<void> {
    return until(`${path} shows ${text}`, async () => (await this.ask(path)).text.includes(text));
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Sends a signal; the exit code when the process has ended and all that it logged is here. */
  async terminate(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<number | null> {
    if (this.#isRunning) {
      this.#hold();
      this.#child.kill(signal);
    }
    await this.#closed;
    return this.#child.exitCode;
  }

  /** Ends it in order; it must not need more. */
  async stop(): Promise<void> {
    const killer = setTimeout(() => this.#child.kill("SIGKILL"), LIMIT_MS);
    const code = await this.terminate();
    clearTimeout(killer);
    assert.equal(code, 0, `the Route Server ended with ${code}:\n${this.log}`);
  }
}

/** One request on a connection of its own. */
export function ask(port: number, path: string, { method = "GET", headers = {} }: Question): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: "127.0.0.1", path, method, headers, agent: false }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      resolve({ status: response.statusCode!, headers: response.headers, body, text: body.toString() });
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** Flags without which every table has generated routes. */
export const PLAIN: readonly string[] = ["-kubernetes-healthcheck=false", "-kubernetes-https-redirect=false"];

/** A stand-in for an API server, in this process or in one of its own. */
interface ClusterApi {
  readonly url: string;
  put(...objects: readonly StoredObject[]): void;
  down(): Promise<void>;
}

/** A stand-in for an API server, and Route Servers that read from it. */
export class ServedCluster<Api extends ClusterApi = KubernetesApi> {
  readonly api: Api;
  readonly servers: RouteServerProcess[] = [];

  constructor(api: Api) {
    this.api = api;
  }

  static async open(): Promise<ServedCluster> {
    return new ServedCluster(await KubernetesApi.start());
  }

  /** The first Route Server. */
  get server(): RouteServerProcess {
    return this.servers[0]!;
  }

  get apiFlags(): string[] {
    return ["-kubernetes", `-kubernetes-url=${this.api.url}`];
  }

  /** One more Route Server on the cluster. */
  async start(...flags: readonly string[]): Promise<RouteServerProcess> {
    const server = await RouteServerProcess.start(...this.apiFlags, ...flags);
    this.servers.push(server);
    return server;
  }

  /** Starts on some Ingresses and waits until the first has its routes. */
  async startOn(names: readonly string[], ...flags: readonly string[]): Promise<RouteServerProcess> {
    this.putApps(...names);
    const server = await this.start(...PLAIN, ...flags);
    await server.shows(`Host(/^(${names[0]}[.]test`);
    return server;
  }

  /** Ingresses for `<name>.test`, all to one Service. */
  putApps(...names: readonly string[]): void {
    const objects = names.map((name) => ingress(name, `${name}.test`, "web"));
    this.api.put(...objects, service("web"), endpoints("web", "10.0.0.1"));
  }

  async close(): Promise<void> {
    for (const server of this.servers) await server.stop();
    await this.api.down();
  }
}
