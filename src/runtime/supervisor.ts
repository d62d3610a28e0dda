// The workers of the process, seen from the main thread: starts them, passes on what they must know, replaces one that dies.

import { Worker } from "node:worker_threads";
import type { EndpointRegistry } from "../backends/endpoint-registry.ts";
import type { Logger } from "../observability/log.ts";
import type { MetricsHub } from "../observability/metrics-hub.ts";
import type { HostCertificateChange, ServerCertificate } from "../proxy/server-certificates.ts";
import type { TableGeneration } from "../routing/table-generation.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

export interface SupervisorOptions {
  readonly count: number;
  /** The worker's entry file. */
  readonly entry: URL;
  /** What a worker is built from, but for its shared memory and the table; structured-cloneable. */
  readonly settings: object;
  readonly hub: MetricsHub;
  readonly endpoints: EndpointRegistry;
  readonly log: Logger;
  /** The present table for a new worker. */
  generation(): TableGeneration;
  /** All certificates of the cluster for a new worker; null when there are none. */
  hostCertificates(): HostCertificateChange | null;
  /** True from SIGTERM on, for a worker that starts late. */
  shuttingDown(): boolean;
}

/** A worker that dies again and again is replaced after this pause. */
const RESTART_PAUSE_MS = 200;

/**
 * What a request allocates is garbage when it ends: a larger nursery than this (three times 8 MB) is collected less often, but not
 * for less in all, and takes 30 MB more in each worker.
 */
const YOUNG_GENERATION_MB = 24;

interface Running {
  readonly number: number;
  readonly worker: Worker;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #running = new Set<Running>();
  #next = 1;
  #listening = false;
  #draining = false;
  #allDrained: (() => void) | null = null;
  /** Those that came after the start. */
  #certificates: readonly ServerCertificate[] | null = null;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Starts the workers; they do not listen yet. */
  start(): void {
    for (let i = 0; i < this.#options.count; i++) this.#spawn();
  }

  /** Opens the listeners of all workers; rejects when one cannot. */
  async listen(): Promise<void> {
    this.#listening = true;
    await Promise.all([...this.#running].map((running) => this.#listen(running)));
  }

  #listen(running: Running): Promise<void> {
    return new Promise((resolve, reject) => {
      const onMessage = (message: FromWorker) => {
        if (message.type !== "listening" && message.type !== "failed") return;
        running.worker.off("message", onMessage);
        if (message.type === "listening") resolve();
        else reject(new Error(message.message));
      };
      running.worker.on("message", onMessage);
      this.#say(running, { type: "listen" });
    });
  }

  /** The routing table moved: everybody adopts it. */
  publish(generation: TableGeneration): void {
    for (const running of this.#running) this.#say(running, { type: "table", generation });
  }

  /** New handshakes get these certificates, also those of workers that start later. */
  replaceCertificates(certificates: readonly ServerCertificate[]): void {
    this.#certificates = certificates;
    for (const running of this.#running) this.#say(running, { type: "certificates", certificates });
  }

  /** New handshakes get the certificates of the cluster that changed. */
  changeHostCertificates(change: HostCertificateChange): void {
    for (const running of this.#running) this.#say(running, { type: "hostCertificates", change });
  }

  shuttingDown(): void {
    for (const running of this.#running) this.#say(running, { type: "shuttingDown" });
  }

  /** Closes the listeners; resolves when the last request of every worker is done. */
  async drain(): Promise<void> {
    this.#draining = true;
    if (this.#running.size === 0) return;
    const done = new Promise<void>((resolve) => {
      this.#allDrained = resolve;
    });
    for (const running of this.#running) this.#say(running, { type: "drain" });
    await done;
  }

  /** Ends one worker as a crash would: its connections break, another takes its place. */
  crashOne(): void {
    const [first] = this.#running;
    void first?.worker.terminate();
  }

  #say(running: Running, message: ToWorker): void {
    running.worker.postMessage(message);
  }

  #spawn(): void {
    const { entry, settings, hub, endpoints, log, generation, shuttingDown } = this.#options;
    const number = this.#next++;
    const cells = hub.addWorker(number);
    const worker = new Worker(entry, {
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
      workerData: {
        settings,
        cells,
        endpoints: endpoints.addWorker(number),
        generation: generation(),
        shuttingDown: shuttingDown(),
      },
    });
    const running: Running = { number, worker };
    this.#running.add(running);
    if (this.#certificates !== null) this.#say(running, { type: "certificates", certificates: this.#certificates });
    const change = this.#options.hostCertificates();
    if (change !== null) this.#say(running, { type: "hostCertificates", change });
    worker.on("message", (message: FromWorker) => {
      if (message.type === "series") for (const series of message.series) hub.announced(number, series);
      else if (message.type === "drained") void worker.terminate();
    });
    worker.on("error", (error: Error) => log.error(`worker ${number} died: ${error.stack ?? error.message}`));
    worker.on("exit", (code) => this.#exited(running, code));
  }

  /** The thread is no more: it writes no shared memory, and all its messages have come. */
  #exited(running: Running, code: number): void {
    const { log, hub, endpoints } = this.#options;
    this.#running.delete(running);
    hub.retire(running.number);
    endpoints.retire(running.number);
    if (this.#draining) {
      if (this.#running.size === 0) this.#allDrained?.();
      return;
    }
    hub.main.customCounter("worker.restarts").add(1);
    log.error(`worker ${running.number} ended with code ${code}: starting another`);
    setTimeout(() => {
      if (this.#draining) return;
      this.#spawn();
      if (!this.#listening) return;
      const started = [...this.#running].at(-1)!;
      this.#listen(started).catch((error: Error) =>
        log.error(`worker ${started.number} cannot listen: ${error.message}`),
      );
    }, RESTART_PAUSE_MS);
  }
}
