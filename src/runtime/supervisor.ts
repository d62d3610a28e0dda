// The workers of the process, seen from the main thread: starts them, passes on what they must know, replaces one that dies. One that
// dies before the proxy serves stops the start instead: what it lacks (a file, an address) its successor would lack as well.

import { Worker } from "node:worker_threads";
import type { EndpointRegistry } from "../backends/endpoint-registry.ts";
import type { ProgramText } from "../lua/program-text.ts";
import type { Logger } from "../observability/log.ts";
import type { MetricsHub } from "../observability/metrics-hub.ts";
import type { ProfiledThread } from "../observability/profiling/profiled-thread.ts";
import type { PluginVersion } from "../plugins/load-plugin.ts";
import type { ListenAddress } from "../proxy/listener.ts";
import type { HostCertificateChange, ServerCertificate } from "../proxy/server-certificates.ts";
import type { QueueRegistry } from "../resilience/scheduler/queue-registry.ts";
import type { ResponseStoreOwner } from "../response-store/response-store-owner.ts";
import type { TableGeneration } from "../routing/table-generation.ts";
import { formatDuration } from "../util/duration.ts";
import { checkFree } from "./bind.ts";
import { CatchUp } from "./catch-up.ts";
import { type HeartbeatCell, newHeartbeat, StallWatch } from "./heartbeat.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { PluginOffer } from "./plugin-offer.ts";
import { ProfiledWorker } from "./profiled-worker.ts";

export interface SupervisorOptions {
  readonly count: number;
  /** The worker's entry file. */
  readonly entry: URL;
  /** What a worker is built from, but for its shared memory and the table; structured-cloneable. */
  readonly settings: object;
  /** What the workers listen on. */
  readonly addresses: readonly ListenAddress[];
  readonly hub: MetricsHub;
  readonly endpoints: EndpointRegistry;
  readonly queues: QueueRegistry;
  readonly responses: ResponseStoreOwner;
  readonly log: Logger;
  /** The present table for a new worker. */
  generation(): TableGeneration;
  /** All certificates of the cluster for a new worker; null when there are none. */
  hostCertificates(): HostCertificateChange | null;
  /** The plugins in force for a new worker. */
  plugins(): readonly PluginVersion[];
  /** The scripts in force that have to do with files, for a new worker. */
  programs(): readonly ProgramText[];
  /** A worker that stands still for this long is replaced, in milliseconds; 0: never. */
  readonly stallMs: number;
  /** True from SIGTERM on, for a worker that starts late. */
  shuttingDown(): boolean;
}

/** Pause before a worker that died is replaced; twice as long after each that lived for less than STEADY_MS. */
const RESTART_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;
const STEADY_MS = 10_000;
/** What a scrape may cost when a worker stands still. */
const CATCH_UP_MS = 100;

/**
 * What a request allocates is garbage when it ends: a larger nursery than this (three times 8 MB) is collected less often, but not
 * for less in all, and takes 30 MB more in each worker.
 */
const YOUNG_GENERATION_MB = 24;

interface Running {
  readonly number: number;
  readonly worker: Worker;
  readonly heartbeat: HeartbeatCell;
  readonly profiled: ProfiledWorker;
  readonly startedMs: number;
  /** The workers before it in its place that died early, one after the other. */
  readonly earlyDeaths: number;
  /** What killed it; "" when nothing is known. */
  problem: string;
  /** Settles the wait for its listeners; null when nobody waits. */
  listened: ((failure: Error | null) => void) | null;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #running = new Set<Running>();
  readonly #restarts = new Set<NodeJS.Timeout>();
  #next = 1;
  /** All workers have listened once: from now on the proxy serves. */
  #serving = false;
  #ending = false;
  #allEnded: (() => void) | null = null;
  /** Certificates that came after the start, for workers that start later. */
  readonly #certificates = new Map<ToWorker["type"], ToWorker>();
  readonly #startFailed = Promise.withResolvers<never>();
  readonly #stalls: StallWatch<Running> | null;
  #offer: PluginOffer<Running> | null = null;
  #offers = 0;
  readonly #catchUps = new Map<number, CatchUp<Running>>();
  #nextCatchUp = 1;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const { stallMs } = options;
    this.#stalls = stallMs > 0 ? new StallWatch(stallMs, (running) => this.#stalled(running, stallMs)) : null;
    // Nobody needs to wait for it.
    this.#startFailed.promise.catch(() => {});
  }

  /** Rejects when a worker dies before the proxy serves, with the reason. */
  get startFailed(): Promise<never> {
    return this.#startFailed.promise;
  }

  /** Starts the workers; they do not listen yet. */
  start(): void {
    for (let i = 0; i < this.#options.count; i++) this.#spawn(0);
  }

  /** Opens the listeners of all workers; rejects when one cannot. */
  async listen(): Promise<void> {
    for (const address of this.#options.addresses) await checkFree(address);
    await Promise.all([...this.#running].map((running) => this.#listen(running)));
    this.#serving = true;
  }

  #listen(running: Running): Promise<void> {
    return new Promise((resolve, reject) => {
      running.listened = (failure) => {
        running.listened = null;
        if (failure === null) resolve();
        else reject(failure);
      };
      this.#say(running, { type: "listen" });
    });
  }

  /** The routing table moved: everybody adopts it. */
  publish(generation: TableGeneration): void {
    for (const running of this.#running) this.#say(running, { type: "table", generation });
  }

  /** New handshakes with clients get these certificates, also those of workers that start later. */
  replaceCertificates(certificates: readonly ServerCertificate[]): void {
    this.#replaced({ type: "certificates", certificates });
  }

  /** The same for those with backends. */
  replaceClientCertificates(certificates: readonly ServerCertificate[]): void {
    this.#replaced({ type: "clientCertificates", certificates });
  }

  #replaced(message: ToWorker): void {
    this.#certificates.set(message.type, message);
    for (const running of this.#running) this.#say(running, message);
  }

  /** New handshakes get the certificates of the cluster that changed. */
  changeHostCertificates(change: HostCertificateChange): void {
    for (const running of this.#running) this.#say(running, { type: "hostCertificates", change });
  }

  /** Workers that start later get it with the others. */
  giveProgram(program: ProgramText): void {
    for (const running of this.#running) this.#say(running, { type: "program", program });
  }

  /**
   * Asks all workers to load plugins; gives why one of them cannot use them, or "". They are in force when `usePlugins` is called; one
   * offer at a time.
   */
  offerPlugins(plugins: readonly PluginVersion[]): Promise<string> {
    const offer = new PluginOffer<Running>(++this.#offers, plugins);
    this.#offer = offer;
    for (const running of this.#running) this.#ask(offer, running);
    offer.settleWhenDone();
    return offer.result;
  }

  #ask(offer: PluginOffer<Running>, running: Running): void {
    offer.ask(running);
    this.#say(running, offer.message);
  }

  /** What was offered last is in force; `taken` false: it is not, and forgotten. */
  usePlugins(taken: boolean): void {
    const offer = this.#offer;
    this.#offer = null;
    if (offer === null || !taken) return;
    for (const running of this.#running) this.#say(running, { type: "usePlugins", serial: offer.message.serial });
  }

  /** Resolves when the hub knows every series of what the workers did before the call; a worker that is busy is not waited for long. */
  async catchUp(): Promise<void> {
    const round = new CatchUp(this.#nextCatchUp++, this.#running, CATCH_UP_MS);
    this.#catchUps.set(round.serial, round);
    for (const running of this.#running) this.#say(running, { type: "catchUp", serial: round.serial });
    await round.done;
    this.#catchUps.delete(round.serial);
  }

  shuttingDown(): void {
    for (const running of this.#running) this.#say(running, { type: "shuttingDown" });
  }

  /** Closes the listeners; resolves when the last request of every worker is done. */
  async drain(): Promise<void> {
    const ended = this.#end();
    for (const running of this.#running) this.#say(running, { type: "drain" });
    await ended;
  }

  /** Ends all workers at once: the proxy could not start. */
  async abandon(): Promise<void> {
    const ended = this.#end();
    for (const { worker } of this.#running) void worker.terminate();
    await ended;
  }

  /** From now on a worker that ends is not replaced; resolves when there is none. */
  async #end(): Promise<void> {
    this.#ending = true;
    this.#stalls?.stop();
    for (const timer of this.#restarts) clearTimeout(timer);
    if (this.#running.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#allEnded = resolve;
    await promise;
  }

  /** Ends one worker as a crash would: its connections break, another takes its place. */
  crashOne(): void {
    const [first] = this.#running;
    void first?.worker.terminate();
  }

  /** The workers of the moment. */
  profiledWorkers(): ProfiledThread[] {
    return Array.from(this.#running, (running) => running.profiled);
  }

  /** While its heap is written down a worker stands still, and that is no fault of it. */
  #standsStill(running: Running, still: boolean): void {
    if (still) this.#stalls?.remove(running);
    else if (this.#running.has(running) && !this.#ending) this.#stalls?.add(running, running.heartbeat);
  }

  #say(running: Running, message: ToWorker): void {
    running.worker.postMessage(message);
  }

  #spawn(earlyDeaths: number): Running {
    const { entry, settings, hub, endpoints, queues, responses, log, generation, plugins, programs, shuttingDown } =
      this.#options;
    const number = this.#next++;
    const cells = hub.addWorker(number);
    const heartbeat = newHeartbeat();
    const worker = new Worker(entry, {
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
      workerData: {
        settings,
        cells,
        endpoints: endpoints.addWorker(number),
        queues: queues.addWorker(number),
        responses: responses.addWorker(number),
        generation: generation(),
        plugins: plugins(),
        programs: programs(),
        heartbeat,
        shuttingDown: shuttingDown(),
      },
    });
    const startedMs = performance.now();
    const profiled = new ProfiledWorker(number, worker, (still) => this.#standsStill(running, still));
    const running: Running = {
      number,
      worker,
      heartbeat,
      profiled,
      startedMs,
      earlyDeaths,
      problem: "",
      listened: null,
    };
    this.#running.add(running);
    this.#stalls?.add(running, heartbeat);
    if (this.#offer !== null) this.#ask(this.#offer, running);
    for (const message of this.#certificates.values()) this.#say(running, message);
    const change = this.#options.hostCertificates();
    if (change !== null) this.#say(running, { type: "hostCertificates", change });
    worker.on("message", (message: FromWorker) => this.#onMessage(running, message));
    worker.on("error", (error: Error) => {
      running.problem = error.message;
      if (this.#serving) log.error(`worker ${number} died: ${error.stack ?? error.message}`);
    });
    worker.on("exit", (code) => this.#exited(running, code));
    return running;
  }

  #onMessage(running: Running, message: FromWorker): void {
    switch (message.type) {
      case "series":
        for (const series of message.series) this.#options.hub.announced(running.number, series);
        break;
      case "listening":
        running.listened?.(null);
        break;
      case "failed":
        running.listened?.(new Error(message.message));
        break;
      case "pluginsLoaded":
        this.#offer?.answered(running, message.serial, message.problem);
        break;
      case "profiled":
        running.profiled.answered(message.serial, message.answer);
        break;
      case "caughtUp":
        this.#catchUps.get(message.serial)?.remove(running);
        break;
      case "drained":
        void running.worker.terminate();
        break;
    }
  }

  /** Nothing but its end gets it out of where it is; its connections break. */
  #stalled(running: Running, stallMs: number): void {
    if (this.#ending) return;
    const limit = formatDuration(stallMs);
    this.#options.log.error(
      `worker ${running.number} has stood still for ${limit} (-worker-stall-timeout): it is ended`,
    );
    void running.worker.terminate();
  }

  /** The thread is no more: it writes no shared memory, and all its messages have come. */
  #exited(running: Running, code: number): void {
    const { log, hub, endpoints, queues, responses } = this.#options;
    this.#running.delete(running);
    this.#stalls?.remove(running);
    this.#offer?.left(running);
    running.profiled.left();
    for (const round of this.#catchUps.values()) round.remove(running);
    hub.retire(running.number);
    endpoints.retire(running.number);
    queues.retire(running.number);
    responses.retire(running.number);
    if (this.#ending) {
      if (this.#running.size === 0) this.#allEnded?.();
      return;
    }
    const problem = new Error(running.problem === "" ? `worker ended with code ${code}` : running.problem);
    running.listened?.(problem);
    if (!this.#serving) {
      this.#startFailed.reject(problem);
      return;
    }
    hub.main.customCounter("worker.restarts").add(1);
    const isEarly = performance.now() - running.startedMs < STEADY_MS;
    const earlyDeaths = isEarly ? running.earlyDeaths + 1 : 0;
    const pauseMs = Math.min(RESTART_PAUSE_MS * 2 ** Math.max(earlyDeaths - 1, 0), LONGEST_PAUSE_MS);
    log.error(`worker ${running.number} ended with code ${code}: another starts in ${pauseMs} ms`);
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      this.#replace(earlyDeaths);
    }, pauseMs);
    this.#restarts.add(timer);
  }

  /** A new worker in place of one that died; when it cannot listen it gives way to the next. */
  #replace(earlyDeaths: number): void {
    const started = this.#spawn(earlyDeaths);
    this.#listen(started).catch((error: Error) => {
      if (!this.#running.has(started)) return; // said already
      this.#options.log.error(`worker ${started.number} cannot listen: ${error.message}`);
      void started.worker.terminate();
    });
  }
}
