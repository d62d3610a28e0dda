// bin/skipper or bin/webhook as a child process: beside the cluster, where it trusts the CA of the test, or as in a pod, with the
// credentials of a service account where pods have them.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { until } from "../e2e/running-proxy.ts";

const root = dirname(dirname(import.meta.dirname));
const END_LIMIT_MS = 30_000;

/** Runs a command in a mount namespace of its own. */
const unshare = ["unshare", process.getuid?.() === 0 ? "-m" : "-rm"];
/** Shows the folder `$1` at `$0`, where pods find their credentials, and becomes the command behind it. */
const asPod = 'mount -t tmpfs tmpfs /run && mkdir -p "$0" && mount --bind "$1" "$0" && shift && exec "$@"';
const serviceAccount = "/run/secrets/kubernetes.io/serviceaccount";

/** Whether processes of this machine may have mounts of their own. */
export function canRunAsPod(): boolean {
  return spawnSync(unshare[0]!, [...unshare.slice(1), "true"]).status === 0;
}

export class SkipperProcess {
  log = "";
  readonly #child: ChildProcess;

  private constructor(command: readonly string[], env: Readonly<Record<string, string>>) {
    this.#child = spawn(command[0]!, command.slice(1), {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...env },
    });
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.log += text;
    });
  }

  /** Waits for `line` in the log. */
  static start(program: string, args: readonly string[], caFile: string, line: string): Promise<SkipperProcess> {
    const started = new SkipperProcess([join(root, "bin", program), ...args], { NODE_EXTRA_CA_CERTS: caFile });
    return started.#logging(line);
  }

  /** The same of the proxy as in a pod: `account` is the folder with `token` and `ca.crt`, `url` that of the API server. */
  static startInPod(args: readonly string[], account: string, url: string, line: string): Promise<SkipperProcess> {
    const { hostname, port } = new URL(url);
    const command = [...unshare, "sh", "-c", asPod, serviceAccount, account, join(root, "bin/skipper"), ...args];
    const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
    return new SkipperProcess(command, env).#logging(line);
  }

  async #logging(line: string): Promise<this> {
    try {
      await until(`the log says ${line}`, () => {
        if (this.#child.exitCode !== null) throw new Error("it ended");
        return this.log.includes(line);
      });
    } catch (error) {
      this.#child.kill("SIGKILL");
      throw new Error(`${(error as Error).message}\n${this.log}`);
    }
    return this;
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
