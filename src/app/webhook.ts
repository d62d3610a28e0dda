// The webhook command: the admission webhook without a proxy, for clusters that want it in a process of its own.

import type { ApplicationLog } from "../observability/log.ts";
import { type RunningAdmission, startAdmission } from "./admission.ts";
import type { WebhookSettings } from "./webhook-flags.ts";

/** Rejects with a message for the fatal line. */
export function startWebhook(settings: WebhookSettings, log: ApplicationLog): Promise<RunningAdmission> {
  const { address, certFile, keyFile } = settings;
  return startAdmission(
    { address, certFile, keyFile, runtimeMetrics: true, routeGroupChecks: [], ingressChecks: [] },
    log,
  );
}
