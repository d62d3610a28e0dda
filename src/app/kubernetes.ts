// The Kubernetes side of the proxy, put together from the options: the data client, and the certificates of the cluster. With
// -kubernetes-enable-tls alone there are certificates and no routes.

import type { Options } from "../config/options.ts";
import { pollIntervalMs } from "../data-clients/build.ts";
import type { Route } from "../eskip/route.ts";
import { type ApiAccess, apiAccess } from "../kubernetes/api-access.ts";
import { ApiClient } from "../kubernetes/api-client.ts";
import { CertificateRegistry } from "../kubernetes/certificate-registry.ts";
import { CertificateTranslator } from "../kubernetes/certificate-translator.ts";
import { KubernetesDataClient } from "../kubernetes/data-client.ts";
import type { KubernetesMetrics } from "../kubernetes/metrics.ts";
import { parseTranslationSettings } from "../kubernetes/parse-settings.ts";
import type { TranslationSettings } from "../kubernetes/settings.ts";
import { ClusterTranslator } from "../kubernetes/translator.ts";
import type { ApplicationLog } from "../observability/log.ts";
import type { MetricsHub } from "../observability/metrics-hub.ts";
import type { HostCertificateChange } from "../proxy/server-certificates.ts";
import type { DataClient, DataClientHost } from "../spec/data-client.ts";

export interface KubernetesParts {
  /** The source of routes; null when only certificates are wished for. */
  readonly source: DataClient | null;
  /** Everything that is known; null when certificates of the cluster are not served. */
  hostCertificates(): HostCertificateChange | null;
  /** Starts what is no source of routes; resolves when its first attempt is over. */
  start(): Promise<void>;
  /** Ends it again. */
  stop(): void;
  /** The addresses of a Service's endpoints as they are known now, sorted, without ports. */
  serviceAddresses(namespace: string, name: string): readonly string[];
  /** Up to where the changes of each kind are in the routes that were delivered: `ingresses=7, services=9`; "" before the first. */
  routesVersions(): string;
  /** The same for the routes that are being delivered, or were the last time. */
  deliveredVersions(): string;
  /** All routes that were delivered; null amid a delivery. */
  deliveredRoutes(): readonly Route[] | null;
  /** Routes were delivered, and every kind is seen. */
  isInStep(): boolean;
}

export interface KubernetesEnvironment {
  /** Variables of a pod, and of proxies. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly log: ApplicationLog;
  readonly hub: MetricsHub;
  onCertificates(change: HostCertificateChange): void;
  /** False: nothing is written to the API, and what is wrong with objects is only logged. */
  readonly writes: boolean;
}

/** For options with -kubernetes or -kubernetes-enable-tls; throws with the message of the fatal line. */
export function buildKubernetes(options: Options, environment: KubernetesEnvironment): KubernetesParts {
  try {
    return build(options, environment);
  } catch (cause) {
    throw new Error(`error while creating kubernetes data client: ${(cause as Error).message}`, { cause });
  }
}

function build(options: Options, environment: KubernetesEnvironment): KubernetesParts {
  const { variables, log, hub, onCertificates, writes } = environment;
  const settings = parseTranslationSettings(options);
  const access = apiAccess(
    {
      inCluster: options.kubernetesInCluster,
      url: options.kubernetesUrl,
      tokenFile: options.kubernetesTokenFile,
    },
    variables,
  );
  const certificates = options.kubernetesEnableTls ? new CertificateRegistry(log) : null;
  const translator = new ClusterTranslator(settings, (message) => log.error(message));
  const client = new KubernetesDataClient({
    client: new ApiClient({ access, log }),
    translator: options.kubernetes ? translator : new CertificateTranslator(translator),
    routes: options.kubernetes,
    namespace: options.kubernetesNamespace,
    selectors: {},
    endpointSlices: settings.endpointSlices,
    topologyZone: settings.topologyZone,
    watch: options.kubernetesWatch,
    pollMs: pollIntervalMs(options.sourcePollTimeout),
    defaultFiltersDir: options.defaultFiltersDir,
    statusFromService: options.kubernetesStatusFromService,
    writes,
    certificates,
    onCertificates,
    log,
    metrics: metricsOf(hub),
    description: describe(options, access, settings),
  });
  return {
    source: options.kubernetes ? client : null,
    hostCertificates: () => certificates?.everything() ?? null,
    start: () => (options.kubernetes ? Promise.resolve() : client.start(withoutRoutes(log))),
    stop: () => {
      if (!options.kubernetes) client.stop();
    },
    serviceAddresses: (namespace, name) => client.serviceAddresses(namespace, name),
    routesVersions: () => client.routesVersions(),
    deliveredVersions: () => client.deliveredVersions,
    deliveredRoutes: () => (client.isDelivering ? null : translator.routes()),
    isInStep: () => client.isInStep,
  };
}

/** Takes the place of the routing table. */
function withoutRoutes(log: ApplicationLog): DataClientHost {
  const transaction = { reset() {}, upsert() {}, delete() {} };
  return {
    apply: (_initial, write) => write(transaction),
    failed: (_initial, reason) => log.error(`error while receiving certificates;${reason}`),
  };
}

function metricsOf(hub: MetricsHub): KubernetesMetrics {
  return {
    gauge: (key, value) => hub.main.customGauge(key).set(value),
    count: (key) => hub.main.customCounter(key).add(1),
  };
}

function describe(options: Options, access: ApiAccess, settings: TranslationSettings): string {
  return [
    `running in-cluster: ${options.kubernetesInCluster}`,
    `api server url: ${access.url}`,
    `provide health check: ${settings.healthcheck}`,
    `ingress.class filter: ${settings.ingressClass.source}`,
    `routegroup.class filter: ${settings.routeGroupClass.source}`,
    `namespace: ${options.kubernetesNamespace}`,
  ].join(". ");
}
