// A data client on a stand-in for the API, for tests: quick timing, a host and a log that can be read, and conditions to wait for.

import assert from "node:assert/strict";
import { KubernetesApi } from "../../test/support/kubernetes-api.ts";
import { endpoints, ingress, routeGroup, service } from "../../test/support/kubernetes-objects.ts";
import type { StoredObject } from "../../test/support/kubernetes-store.ts";
import { RecordingHost } from "../../test/support/recording-host.ts";
import { printExpression } from "../eskip/printer.ts";
import { ApplicationLog, type LogLevel } from "../observability/log.ts";
import { ApiClient } from "./api-client.ts";
import type { ApiTimeouts } from "./api-connection.ts";
import { ClusterState, type SourceKey } from "./cluster-state.ts";
import { KubernetesDataClient, type KubernetesOptions, type Translator } from "./data-client.ts";
import { KINDS } from "./objects.ts";
import { FixtureTranslator } from "./translator.fixture.ts";

/** Long: only where a test is about an API that does not answer they are shorter. */
const PATIENT: ApiTimeouts = { dialMs: 20_000, handshakeMs: 20_000, headerMs: 20_000, bodyMs: 20_000 };
const POLL_MS = 30;

/** A cluster with something of each kind. */
export const small = [
  ingress("a", "a.test", "web"),
  ingress("b", "b.test", "shop"),
  ingress("team/c", "c.test", "web"),
  ingress("d", "d.test", "web"),
  routeGroup("rg", ["shop.test", "web.test"]),
  service("web"),
  service("shop"),
  service("team/web"),
  endpoints("web", "10.0.0.1"),
  endpoints("shop", "10.0.0.2", "10.0.0.3"),
  endpoints("team/web", "10.0.0.4"),
];

/** `makeTranslator`: another translation than the plain one; a new one for each call. `answerMs`: how long an answer is waited for. */
export type ClusterOptions = Partial<KubernetesOptions> & {
  readonly makeTranslator?: () => Translator;
  readonly answerMs?: number;
};

export class TestCluster {
  readonly api: KubernetesApi;
  readonly host = new RecordingHost();
  readonly lines: string[] = [];
  readonly gauges = new Map<string, number>();
  readonly translator: FixtureTranslator;
  readonly client: KubernetesDataClient;
  readonly #makeTranslator: () => Translator;
  readonly #waiting = new Set<() => void>();

  private constructor(api: KubernetesApi, options: ClusterOptions, tokenFile: string, level: LogLevel) {
    const { makeTranslator, answerMs = PATIENT.headerMs, ...rest } = options;
    this.api = api;
    this.translator = new FixtureTranslator(options.endpointSlices);
    this.#makeTranslator = makeTranslator ?? (() => new FixtureTranslator(options.endpointSlices));
    const log = new ApplicationLog({
      level,
      prefix: "",
      json: false,
      terminal: false,
      write: (line) => {
        this.lines.push(line.replace(/^time="[^"]*" /, "").trimEnd());
        for (const look of this.#waiting) look();
      },
      now: Date.now,
    });
    const access = { url: api.url, ca: "", tokenFile, proxyEnv: null };
    this.client = new KubernetesDataClient({
      client: new ApiClient({ access, log, timeouts: { ...PATIENT, headerMs: answerMs }, pageSize: 3 }),
      translator: makeTranslator === undefined ? this.translator : makeTranslator(),
      routes: true,
      namespace: "",
      selectors: {},
      endpointSlices: false,
      topologyZone: "",
      watch: true,
      pollMs: POLL_MS,
      defaultFiltersDir: "",
      statusFromService: "",
      writes: true,
      certificates: null,
      onCertificates: () => {},
      log,
      metrics: { gauge: (key, value) => void this.gauges.set(key, value), count: () => {} },
      description: "test",
      ...rest,
      timing: { idleMs: 20_000, retryWatchMs: 60_000, batchMs: 1, restMs: 0, graceMs: 0, ...options.timing },
    });
  }

  /** Starts a data client; resolves when its first attempt is over. */
  static async start(
    objects: readonly StoredObject[],
    options: ClusterOptions = {},
    prepare: (api: KubernetesApi) => void = () => {},
    tokenFile = "",
    level: LogLevel = "info",
  ): Promise<TestCluster> {
    const api = await KubernetesApi.start();
    api.put(...objects);
    prepare(api);
    try {
      const cluster = new TestCluster(api, options, tokenFile, level);
      await cluster.client.start(cluster.host);
      return cluster;
    } catch (error) {
      await api.down();
      throw error;
    }
  }

  /** Resolves when every kind is watched. */
  watching(): Promise<void> {
    return this.api.until(() => this.api.watches() === 4);
  }

  async stop(): Promise<void> {
    this.client.stop();
    await this.api.down();
  }

  /** The routes in force. */
  routes(): Record<string, string> {
    const ids = [...this.host.routes.keys()].sort();
    return Object.fromEntries(ids.map((id) => [id, printExpression(this.host.routes.get(id)!)]));
  }

  /** The routes that a full translation of what the API holds now makes. */
  expected(): Record<string, string> {
    const state = new ClusterState(() => {});
    const translator = this.#makeTranslator();
    for (const kind of KINDS) {
      if (kind === "RouteGroup" && this.api.hasRouteGroups !== true) continue;
      for (const object of this.api.store.all(kind)) {
        const decoded = translator.decode(kind, object);
        if (decoded !== null) state.store(kind).put(decoded);
      }
    }
    const changes = [...state.all("Ingress"), ...state.all("RouteGroup")].map((source) => ({
      key: `${source.kind} ${source.metadata.namespace}/${source.metadata.name}` as SourceKey,
      source,
      translation: translator.translate(source, state.view()),
    }));
    const routes = [...translator.compose(changes).upserts].sort((a, b) => (a.id < b.id ? -1 : 1));
    return Object.fromEntries(routes.map((route) => [route.id, printExpression(route)]));
  }

  isInStep(): boolean {
    return JSON.stringify(this.routes()) === JSON.stringify(this.expected());
  }

  /** Resolves when the routes are those of the objects that the API holds. */
  inStep(): Promise<void> {
    return this.host.until(() => this.isInStep());
  }

  /** Resolves when the routes have been in step for some polls; fails with the difference. */
  async settled(): Promise<void> {
    const limit = performance.now() + 20_000;
    for (let calm = 0; calm < 5; ) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      calm = this.isInStep() ? calm + 1 : 0;
      if (calm === 0 && performance.now() > limit) assert.deepEqual(this.routes(), this.expected());
    }
  }

  /** Resolves when a log line holds a text; rejects after twenty seconds. */
  untilLogged(text: string): Promise<void> {
    if (this.logged(text).length > 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`not logged: ${text}\n${this.lines.join("\n")}`)), 20_000);
      const look = (): void => {
        if (this.logged(text).length === 0) return;
        clearTimeout(limit);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  /** Log lines that hold a text. */
  logged(text: string): string[] {
    return this.lines.filter((line) => line.includes(text));
  }
}
