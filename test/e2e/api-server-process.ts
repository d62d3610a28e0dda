// A stand-in for an API server that can be killed: a process of its own. What was written stays here, where etcd would have it, and
// goes to the next process in the same order, so that all objects have the versions that they had.

import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { ApiMessage } from "../support/kubernetes-api-process.ts";
import type { StoredObject } from "../support/kubernetes-store.ts";

const entry = join(import.meta.dirname, "../support/kubernetes-api-process.ts");

export class ApiServerProcess {
  readonly #objects: StoredObject[] = [];
  #child: ChildProcess | null = null;
  #url = "";

  static async start(): Promise<ApiServerProcess> {
    const api = new ApiServerProcess();
    await api.up();
    return api;
  }

  get url(): string {
    return this.#url;
  }

  /** Also while there is no process: the next one has it. */
  put(...objects: readonly StoredObject[]): void {
    this.#objects.push(...objects);
    this.#send(objects);
  }

  /** Starts a process; after `down` on the same port. */
  async up(): Promise<void> {
    this.#child = fork(entry, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    this.#send(this.#objects);
    const [url] = await once(this.#child, "message");
    this.#url = url as string;
  }

  /** Kills the process, as `kill -9` of its id does. */
  async down(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    const exit = once(child, "exit");
    process.kill(child.pid!, "SIGKILL");
    const [, signal] = await exit;
    assert.equal(signal, "SIGKILL");
  }

  #send(objects: readonly StoredObject[]): void {
    const message: ApiMessage = { port: Number(URL.parse(this.#url)?.port ?? 0), objects };
    this.#child?.send(message);
  }
}
