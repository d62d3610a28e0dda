// The admission webhook as both programs run it, `webhook` and the proxy: handlers, listener, and its certificate, which is read again
// when its files change.

import { loadKeyPairs } from "../config/certificates.ts";
import { Invalid } from "../config/option.ts";
import { startAdmissionServer } from "../kubernetes/admission/admission-server.ts";
import type { Check } from "../kubernetes/admission/admitter.ts";
import { makeAdmitter } from "../kubernetes/admission/admitter.ts";
import { admissionHandler } from "../kubernetes/admission/handler.ts";
import { decodeIngress, decodeRouteGroup } from "../kubernetes/admission/review-objects.ts";
import type { Ingress, RouteGroup } from "../kubernetes/objects.ts";
import { validateIngress } from "../kubernetes/validate-ingress.ts";
import { validateRouteGroup } from "../kubernetes/validate-route-group.ts";
import { PrometheusAdmissionMetrics } from "../observability/admission-metrics.ts";
import type { ApplicationLog } from "../observability/log.ts";
import { watchCertificates } from "./watch-certificates.ts";
import { listenAddress } from "./worker-settings.ts";

export interface AdmissionSettings {
  /** `host:port`, `:port`. */
  readonly address: string;
  /** Files in PEM; both "": plain HTTP. */
  readonly certFile: string;
  readonly keyFile: string;
  /** Also shows the metrics of the process. */
  readonly runtimeMetrics: boolean;
  /** Checks beyond those of a load of the cluster. */
  readonly routeGroupChecks: readonly Check<RouteGroup>[];
  readonly ingressChecks: readonly Check<Ingress>[];
}

export interface RunningAdmission {
  /** Answers what has begun, and ends. */
  stop(): Promise<void>;
}

/** Requests that take longer than this are broken off at the end. */
const STOP_LIMIT_MS = 20_000;

/** Rejects with a message for the fatal line. */
export async function startAdmission(settings: AdmissionSettings, log: ApplicationLog): Promise<RunningAdmission> {
  const { certFile, keyFile } = settings;
  const files = { tlsCert: certFile, tlsKey: keyFile };
  const pairs = await loadKeyPairs(certFile, keyFile);
  if (pairs instanceof Invalid) throw new Error(pairs.message);
  const address = listenAddress(settings.address);
  const handler = admissionHandler({
    admitters: new Map([
      ["/routegroups", makeAdmitter("routegroup", decodeRouteGroup, validateRouteGroup, ...settings.routeGroupChecks)],
      ["/ingresses", makeAdmitter("ingress", decodeIngress, validateIngress, ...settings.ingressChecks)],
    ]),
    metrics: new PrometheusAdmissionMetrics(settings.runtimeMetrics),
    log,
  });
  const server = await startAdmissionServer(handler, address, pairs[0] ?? null);
  log.info(`Starting server on ${settings.address}`);
  const certificates = watchCertificates(files, pairs, log, ([pair]) => {
    if (pair !== undefined) server.replaceCertificate(pair);
  });
  return {
    async stop() {
      log.info("Shutting down...");
      certificates.stop();
      await server.stop(STOP_LIMIT_MS);
    },
  };
}
