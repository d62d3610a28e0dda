// Routes from a Kubernetes cluster (spec kubernetes). Watches keep the cluster in step (resource-watch.ts, cluster-state.ts), what they
// touch is translated (incremental-translation.ts) and composed to routes, and the difference is applied.
//
// The first load waits until every kind was listed. Afterwards a kind that cannot be seen leaves its objects as they are; while that
// is so of Services or endpoints nothing is translated, because what refers to them could lose routes that are good.

import type { Route } from "../eskip/route.ts";
import type { ApplicationLog } from "../observability/log.ts";
import type { DataClient, DataClientHost } from "../spec/data-client.ts";
import type { ApiClient } from "./api-client.ts";
import type { CertificateChange, CertificateRegistry } from "./certificate-registry.ts";
import { type ClientTiming, TIMING } from "./client-timing.ts";
import { ClusterHealth } from "./cluster-health.ts";
import { ClusterState, type RouteSource, type SourceKey } from "./cluster-state.ts";
import type { TranslationUpdate } from "./composition.ts";
import { DefaultFilterFiles } from "./default-filter-files.ts";
import { IncrementalTranslation, type TranslationChange } from "./incremental-translation.ts";
import { IngressStatus } from "./ingress-status.ts";
import type { KubernetesMetrics } from "./metrics.ts";
import { ObjectEvents } from "./object-events.ts";
import { ObjectReports } from "./object-reports.ts";
import type { Kind, KubernetesObject } from "./objects.ts";
import { Pace, stepwise } from "./pace.ts";
import { ResourceWatch } from "./resource-watch.ts";
import { listPath, pluralOf } from "./resources.ts";
import { routeGroupDiscovery } from "./route-group-discovery.ts";
import { RouteGroupStatus } from "./route-group-status.ts";
import { endpointAddresses, sliceAddresses } from "./service-addresses.ts";
import type { ClusterView, Problem, Translation } from "./translation.ts";

/** The translation of objects, as the data client needs it. */
export interface Translator {
  /** The object of a list or a watch; null when it is left out. Throws when the answer cannot be used. */
  decode(kind: Kind, json: unknown): KubernetesObject | null;
  translate(source: RouteSource, view: ClusterView): Translation;
  /** What `translate` would give when nothing but endpoints is another since `former`; null: to be translated. */
  renew(former: Translation, view: ClusterView): Translation | null;
  /** Takes up changed translations. */
  compose(changes: Iterable<TranslationUpdate>): ComposedChange;
  /** Whether the class of an object is one of ours. */
  isSelected(source: RouteSource): boolean;
}

/** What changed translations make of the routes. */
export interface ComposedChange {
  readonly upserts: readonly Route[];
  readonly deletes: readonly string[];
  readonly problems: readonly Problem[];
}

export interface KubernetesOptions {
  readonly client: ApiClient;
  readonly translator: Translator;
  /** False: only certificates are read; Services and endpoints are not. */
  readonly routes: boolean;
  /** "" for all. */
  readonly namespace: string;
  /** Values of labelSelector. */
  readonly selectors: Readonly<Partial<Record<Kind, string>>>;
  readonly endpointSlices: boolean;
  readonly topologyZone: string;
  /** False: objects are polled. */
  readonly watch: boolean;
  /** Milliseconds, more than 0. */
  readonly pollMs: number;
  /** "" for none. */
  readonly defaultFiltersDir: string;
  /** -kubernetes-status-from-service; "" for none. */
  readonly statusFromService: string;
  /** False: nothing is written to the API, no Events and no status. */
  readonly writes: boolean;
  /** Null: Secrets are not read. */
  readonly certificates: CertificateRegistry | null;
  onCertificates(change: CertificateChange): void;
  readonly log: ApplicationLog;
  readonly metrics: KubernetesMetrics;
  /** Written at debug level at the start. */
  readonly description: string;
  readonly timing?: Partial<ClientTiming>;
}

/** Up to so many objects are worked on gently. */
const FEW_OBJECTS = 64;
/** Routes in one transaction of a large change. */
const SLICE = 1000;

export class KubernetesDataClient implements DataClient {
  readonly name = "kubernetes";
  readonly state: ClusterState;
  /** As routesVersions, for the routes that are being delivered, or were the last time. */
  deliveredVersions = "";
  /** Amid a delivery: the routes that came of translations are not those of the host. */
  isDelivering = false;
  readonly #options: KubernetesOptions;
  readonly #timing: ClientTiming;
  readonly #kinds: readonly Kind[];
  readonly #watches: ResourceWatch[] = [];
  readonly #health: ClusterHealth;
  readonly #translation: IncrementalTranslation;
  readonly #reports: ObjectReports;
  readonly #events: ObjectEvents | null;
  readonly #ingressStatus: IngressStatus | null;
  readonly #groupStatus: RouteGroupStatus | null;
  /** Objects whose translation says that they are invalid as a whole. */
  readonly #rejected = new Set<SourceKey>();
  readonly #listed = new Set<Kind>();
  readonly #attempted = new Set<Kind>();
  #host: DataClientHost | null = null;
  #firstAttemptOver: () => void = () => {};
  #isLoaded = false;
  /** The versions of the kinds that are in the routes for certain. */
  #versions = "";
  #stopped = false;
  #restUntil = 0;
  #batch: NodeJS.Timeout | undefined;
  #wake: NodeJS.Timeout | undefined;
  #filtersTimer: NodeJS.Timeout | undefined;

  constructor(options: KubernetesOptions) {
    const { client, translator, log, metrics, pollMs } = options;
    this.#options = options;
    this.#timing = { pollMs, ...TIMING, ...options.timing };
    this.#kinds = kindsOf(options);
    this.state = new ClusterState(() => this.#schedule());
    this.#translation = new IncrementalTranslation(this.state, translator, this.#timing.graceMs, log);
    this.#health = new ClusterHealth({ log, metrics, report: (message) => this.#reportFailure(message) });
    this.#events = options.writes ? new ObjectEvents(client, log) : null;
    const event = (source: RouteSource, message: string) => this.#events?.report(source, message);
    this.#reports = new ObjectReports({ log, metrics, event, now: Date.now });
    this.#groupStatus =
      options.routes && options.writes
        ? new RouteGroupStatus({ client, state: this.state, log, waitMs: pollMs })
        : null;
    this.#ingressStatus = options.writes && options.statusFromService !== "" ? this.#makeIngressStatus() : null;
  }

  async start(host: DataClientHost): Promise<void> {
    const { log, description } = this.#options;
    this.#host = host;
    log.debug(description);
    log.debug("loading all");
    await this.#readDefaultFilters();
    const over = new Promise<void>((resolve) => {
      this.#firstAttemptOver = resolve;
    });
    for (const kind of this.#kinds) this.#watch(kind).start();
    await over;
  }

  stop(): void {
    this.#stopped = true;
    this.#firstAttemptOver();
    clearTimeout(this.#batch);
    clearTimeout(this.#wake);
    clearTimeout(this.#filtersTimer);
    for (const watch of this.#watches) watch.stop();
    this.#health.stop();
    this.#events?.stop();
    this.#ingressStatus?.stop();
    this.#groupStatus?.stop();
    this.#options.client.close();
  }

  /** The addresses of a Service's endpoints as they are known now, sorted, without ports. */
  serviceAddresses(namespace: string, name: string): readonly string[] {
    const { known } = this.state;
    return this.#options.endpointSlices
      ? sliceAddresses(known.endpointSlices(namespace, name), "")
      : endpointAddresses(known.endpoints(namespace, name));
  }

  /** Up to where the changes of each kind are in the routes that were delivered; "" before the first. */
  routesVersions(): string {
    if (this.#isLoaded && !this.isDelivering && this.state.touched === 0) this.#confirm(this.#seenVersions());
    return this.#versions;
  }

  get isInStep(): boolean {
    return this.#isLoaded && !this.#kinds.some((kind) => this.#health.isFailing(kind));
  }

  #seenVersions(): string {
    return this.#watches.map(({ name, version }) => `${name}=${version}`).join(", ");
  }

  /** Everything up to these versions was translated, unless some of it waits or a kind is out of sight. */
  #confirm(versions: string): void {
    if (this.isInStep && !Number.isFinite(this.#translation.nextWaitMs)) this.#versions = versions;
  }

  #makeIngressStatus(): IngressStatus {
    const { client, statusFromService, endpointSlices, topologyZone, translator, log, pollMs } = this.#options;
    return new IngressStatus({
      service: statusFromService,
      client,
      state: this.state,
      endpointSlices,
      zone: topologyZone,
      isServed: (ingress) => translator.isSelected(ingress) && !this.#rejected.has(keyOfSource(ingress)),
      log,
      waitMs: pollMs,
    });
  }

  #watch(kind: Kind): ResourceWatch {
    const { client, namespace, selectors, translator, watch, log } = this.#options;
    const store = this.state.store(kind);
    const created = new ResourceWatch({
      name: pluralOf(kind),
      path: listPath(kind, namespace),
      selector: selectors[kind] ?? "",
      client,
      store,
      decode: (json) => translator.decode(kind, json),
      installation: kind === "RouteGroup" ? routeGroupDiscovery(client, () => store.size > 0, log) : null,
      watch,
      timing: this.#timing,
      log,
      inStep: () => this.#inStep(kind, store.size),
      failed: (error) => this.#failed(kind, error),
    });
    this.#watches.push(created);
    return created;
  }

  #inStep(kind: Kind, size: number): void {
    if (!this.#listed.has(kind)) this.#options.log.debug(`all ${pluralOf(kind)} received: ${size}`);
    this.#listed.add(kind);
    this.#health.inStep(kind);
    this.#checkFirstAttempt();
    this.#schedule();
  }

  #failed(kind: Kind, error: Error): void {
    if (this.#stopped) return;
    this.#health.failed(kind, error);
    this.#attempted.add(kind);
    this.#checkFirstAttempt();
  }

  /** The first attempt is over when every kind was listed or failed; when all were listed, with the routes. */
  #checkFirstAttempt(): void {
    if (this.#kinds.every((kind) => this.#listed.has(kind))) return;
    if (this.#kinds.every((kind) => this.#listed.has(kind) || this.#attempted.has(kind))) this.#firstAttemptOver();
  }

  #reportFailure(message: string): void {
    const reason = `failed to load cluster state: ${message}`;
    if (this.#isLoaded) this.#options.log.error(`polling for updates failed: ${reason}`);
    this.#host?.failed(!this.#isLoaded, reason);
  }

  /** Begins the time after which changes are translated, unless it runs or nothing may be translated now. */
  #schedule(): void {
    if (this.#stopped || this.isDelivering || this.#batch !== undefined || !this.#canTranslate()) return;
    if (this.#isLoaded && this.state.touched === 0 && this.#translation.nextWaitMs > 0) return;
    const restMs = this.#restUntil - performance.now();
    this.#batch = setTimeout(
      () => {
        this.#batch = undefined;
        void this.#flush();
      },
      this.#isLoaded ? Math.max(this.#timing.batchMs, restMs) : 0,
    );
  }

  #canTranslate(): boolean {
    if (!this.#isLoaded) return this.#kinds.every((kind) => this.#listed.has(kind));
    return !(["Service", "Endpoints", "EndpointSlice"] as const).some((kind) => this.#health.isFailing(kind));
  }

  async #flush(): Promise<void> {
    this.isDelivering = true;
    try {
      this.#restUntil = performance.now() + this.#timing.restMs;
      this.deliveredVersions = this.#seenVersions();
      const pace = new Pace(this.#isLoaded && this.state.touched <= FEW_OBJECTS);
      const changes = await this.#translation.run(this.#isLoaded, pace);
      if (this.#stopped) return;
      await this.#apply(changes, pace);
      this.#confirm(this.deliveredVersions);
    } catch (error) {
      this.#options.log.error(`routes of the cluster could not be applied: ${(error as Error).stack}`);
      this.#translation.forgetFormer();
    } finally {
      this.isDelivering = false;
    }
    this.#schedule();
    this.#wakeForWaiting();
  }

  /** Sources that wait for what they refer to are translated when their time is over. */
  #wakeForWaiting(): void {
    clearTimeout(this.#wake);
    const ms = this.#translation.nextWaitMs;
    if (this.#stopped || !Number.isFinite(ms)) return;
    this.#wake = setTimeout(() => {
      this.#schedule();
      // Timers may fire a little early, and then there was nothing to do yet.
      if (this.#translation.nextWaitMs > 0) this.#wakeForWaiting();
    }, Math.max(ms, 0) + 1);
  }

  async #apply(changes: readonly TranslationChange[], pace: Pace): Promise<void> {
    const { translator, certificates, onCertificates, log } = this.#options;
    for (const change of stepwise(changes, pace)) {
      this.#report(change);
      if (pace.isOver) await pace.pause();
    }
    const composed = translator.compose(stepwise(changes, pace));
    pace.step();
    // The routes of an object are composed again whenever its endpoints change: what they collide with is told now and then.
    for (const { level, message } of composed.problems) log.everyMinute(message.split(",", 1)[0]!, level, message);
    if (!this.#isLoaded) this.#applyAll(composed);
    else await this.#applyChange(composed, pace);
    pace.step();
    const change = certificates?.takeChange() ?? null;
    if (change !== null) onCertificates(change);
    this.#ingressStatus?.changed(changes.map(({ key }) => key));
  }

  #report({ key, source, translation, isRenewal }: TranslationChange): void {
    if (isRenewal) return;
    const { certificates, translator } = this.#options;
    const problems = [...(translation?.problems ?? [])];
    if (translation !== null && certificates !== null) problems.push(...certificates.offer(translation.certificates));
    if (translation?.isRejected === true) this.#rejected.add(key);
    else this.#rejected.delete(key);
    this.#reports.report(key, source, problems);
    if (this.#groupStatus === null || !key.startsWith("RouteGroup ")) return;
    const group = source?.kind === "RouteGroup" && translator.isSelected(source) ? source : null;
    this.#groupStatus.judge(key.slice("RouteGroup ".length), group, translation);
  }

  #applyAll({ upserts }: ComposedChange): void {
    const { log, translator } = this.#options;
    const selected = (kind: RouteSource["kind"]) =>
      [...this.state.all(kind)].filter((source) => translator.isSelected(source)).length;
    log.debug(`filtered ingresses by ingress class: ${selected("Ingress")}`);
    log.debug(`filtered valid routegroups by routegroups class: ${selected("RouteGroup")}`);
    log.debug(`all routes loaded and mapped: ${upserts.length}`);
    this.#isLoaded = true;
    this.#host!.apply(true, (transaction) => {
      transaction.reset();
      for (const route of upserts) transaction.upsert(route);
    });
    this.#firstAttemptOver();
  }

  /** Applied in parts, what is new before what goes, so that no request misses a route that only moves. */
  async #applyChange({ upserts, deletes }: ComposedChange, pace: Pace): Promise<void> {
    if (upserts.length + deletes.length === 0) return;
    this.#options.log.info(`diff taken, inserts/updates: ${upserts.length}, deletes: ${deletes.length}`);
    for (let from = 0; from < upserts.length + deletes.length && !this.#stopped; from += SLICE) {
      if (pace.isOver) await pace.pause();
      this.#host!.apply(false, (transaction) => {
        for (const route of stepwise(upserts.slice(from, from + SLICE), pace)) transaction.upsert(route);
        const first = Math.max(from - upserts.length, 0);
        const end = Math.max(from + SLICE - upserts.length, 0);
        for (const id of deletes.slice(first, end)) transaction.delete(id);
      });
    }
  }

  /** Reads the directory now and after each poll interval. */
  async #readDefaultFilters(): Promise<void> {
    const { defaultFiltersDir, log, pollMs } = this.#options;
    if (defaultFiltersDir === "") {
      log.debug("default filters are disabled");
      return;
    }
    const files = new DefaultFilterFiles(defaultFiltersDir, log);
    let known: ReadonlyMap<string, string> | null = null;
    const read = async (): Promise<void> => {
      const texts = await files.read();
      if (texts !== known) this.state.setDefaultFilters(texts);
      known = texts;
      if (!this.#stopped) this.#filtersTimer = setTimeout(() => void read(), pollMs);
    };
    await read();
  }
}

function kindsOf({ routes, endpointSlices, certificates }: KubernetesOptions): Kind[] {
  const kinds: Kind[] = ["Ingress", "RouteGroup"];
  if (routes) kinds.push("Service", endpointSlices ? "EndpointSlice" : "Endpoints");
  if (certificates !== null) kinds.push("Secret");
  return kinds;
}

function keyOfSource({ kind, metadata }: RouteSource): SourceKey {
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}
