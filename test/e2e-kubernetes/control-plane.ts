// A control plane on loopback addresses: etcd and a real kube-apiserver, with certificates of its own. The API server can be stopped
// and started again at the same address. Nothing else of a cluster runs: no controllers, no nodes.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../conformance/socket-reader.ts";
import { until } from "../e2e/running-proxy.ts";
import { KubeApi } from "./kube-api.ts";

const ADMIN_TOKEN = "e2e-admin";
/** Time for an API server to become ready: it sets up its roles and namespaces first. */
const START_LIMIT_MS = 120_000;
/** Time for a process to end by itself. */
const END_LIMIT_MS = 20_000;

export interface Programs {
  readonly apiserver: string;
  readonly etcd: string;
}

export class ControlPlane {
  readonly folder: string;
  readonly url: string;
  /** As a member of system:masters. */
  readonly admin: KubeApi;
  readonly #programs: Programs;
  readonly #etcdPort: number;
  readonly #port: number;
  #etcd: Program | null = null;
  #apiserver: Program | null = null;

  private constructor(programs: Programs, folder: string, port: number, etcdPort: number) {
    this.#programs = programs;
    this.folder = folder;
    this.#port = port;
    this.#etcdPort = etcdPort;
    this.url = `https://127.0.0.1:${port}`;
    this.admin = new KubeApi(this.url, readFileSync(this.caFile, "utf8"), ADMIN_TOKEN);
  }

  static async start(programs: Programs): Promise<ControlPlane> {
    const folder = mkdtempSync(join(tmpdir(), "e2e-kubernetes-"));
    makeCertificates(folder);
    const plane = new ControlPlane(programs, folder, await freePort(), await freePort());
    try {
      await plane.#startEtcd();
      await plane.startApiServer();
    } catch (error) {
      await plane.stop();
      throw error;
    }
    return plane;
  }

  get caFile(): string {
    return join(this.folder, "ca.crt");
  }

  /** A certificate for 127.0.0.1, signed by the CA. */
  get serverCertificate(): { readonly cert: string; readonly key: string } {
    return { cert: join(this.folder, "server.crt"), key: join(this.folder, "server.key") };
  }

  async startApiServer(): Promise<void> {
    const at = (name: string) => join(this.folder, name);
    writeFileSync(at("tokens.csv"), `${ADMIN_TOKEN},admin,admin,"system:masters"\n`, { mode: 0o600 });
    const apiserver = new Program(this.#programs.apiserver, [
      `--etcd-servers=http://127.0.0.1:${this.#etcdPort}`,
      "--bind-address=127.0.0.1",
      "--advertise-address=127.0.0.1",
      "--endpoint-reconciler-type=none",
      `--secure-port=${this.#port}`,
      `--tls-cert-file=${this.serverCertificate.cert}`,
      `--tls-private-key-file=${this.serverCertificate.key}`,
      `--cert-dir=${this.folder}`,
      "--authorization-mode=RBAC",
      `--token-auth-file=${at("tokens.csv")}`,
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${at("accounts.key")}`,
      `--service-account-signing-key-file=${at("accounts.key")}`,
      "--service-cluster-ip-range=10.96.0.0/16",
      "--v=1",
    ]);
    this.#apiserver = apiserver;
    const isReady = async () => {
      apiserver.mustRun();
      return (await this.admin.ask("GET", "/readyz")).status === 200;
    };
    await until("the API server is ready", isReady, START_LIMIT_MS);
    // Made by the API server itself, a moment after it is ready.
    await until("the namespaces are there", async () => {
      const paths = ["/api/v1/namespaces/default", "/api/v1/namespaces/kube-system"];
      const answers = await Promise.all(paths.map((path) => this.admin.ask("GET", path)));
      return answers.every(({ status }) => status === 200);
    });
  }

  async stopApiServer(): Promise<void> {
    await this.#apiserver?.stop();
    this.#apiserver = null;
  }

  async stop(): Promise<void> {
    await this.stopApiServer();
    await this.#etcd?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #startEtcd(): Promise<void> {
    const url = `http://127.0.0.1:${this.#etcdPort}`;
    const peer = `http://127.0.0.1:${await freePort()}`;
    const etcd = new Program(this.#programs.etcd, [
      `--data-dir=${join(this.folder, "etcd")}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
    ]);
    this.#etcd = etcd;
    await until("etcd is healthy", async () => {
      etcd.mustRun();
      return await fetch(`${url}/health`).then(
        (response) => response.ok,
        () => false,
      );
    });
  }
}

/** A child process whose last words are kept for the case that it ends by itself. */
class Program {
  readonly #name: string;
  readonly #child: ChildProcess;
  #words = "";

  constructor(command: string, args: readonly string[]) {
    this.#name = command;
    this.#child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
    this.#child.on("error", (error) => {
      this.#words = error.message;
    });
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.#words = (this.#words + text).slice(-4000);
    });
  }

  mustRun(): void {
    const { exitCode, signalCode, pid } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) {
      throw new Error(`${this.#name} does not run (${exitCode ?? signalCode ?? "not started"}):\n${this.#words}`);
    }
  }

  async stop(): Promise<void> {
    const { exitCode, signalCode, pid } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    const limit = setTimeout(() => this.#child.kill("SIGKILL"), END_LIMIT_MS);
    await ended;
    clearTimeout(limit);
  }
}

function makeCertificates(folder: string): void {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  const key = ["-newkey", "rsa:2048", "-nodes"];
  openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.crt", "-days", "2", "-subj", "/CN=e2e-ca");
  openssl("req", ...key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=127.0.0.1");
  writeFileSync(join(folder, "names"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
  const by = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"];
  openssl("x509", "-req", "-in", "server.csr", ...by, "-out", "server.crt", "-days", "2", "-extfile", "names");
  openssl("genrsa", "-out", "accounts.key", "2048");
}
