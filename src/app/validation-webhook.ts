// The admission webhook inside of the proxy (-validation-webhook-enabled): what the proxy knows becomes its deeper checks. Imported
// only when the option is set, so that other proxies stay small.

import type { Options } from "../config/options.ts";
import {
  advancedIngressCheck,
  advancedRouteGroupCheck,
  type CheckRoute,
} from "../kubernetes/admission/advanced-validation.ts";
import type { ApplicationLog } from "../observability/log.ts";
import type { MetricsHub } from "../observability/metrics-hub.ts";
import { checkRoute } from "../routing/check-route.ts";
import { preProcess } from "../routing/pre-processors/pre-processing.ts";
import type { PreProcessor } from "../spec/processor.ts";
import type { Registry } from "../spec/registry.ts";
import { type RunningAdmission, startAdmission } from "./admission.ts";
import { validationFailures } from "./validation-failures.ts";

export interface ProxyParts {
  readonly registry: Registry;
  readonly preProcessors: readonly PreProcessor[];
  readonly hub: MetricsHub;
  readonly log: ApplicationLog;
}

/** Rejects with a message for the fatal line. */
export async function startValidationWebhook(options: Options, parts: ProxyParts): Promise<RunningAdmission> {
  const { validationWebhookCertFile: certFile, validationWebhookKeyFile: keyFile } = options;
  if (certFile === "" || keyFile === "") {
    throw new Error("validation webhook requires TLS: cert file or key file not provided");
  }
  const check: CheckRoute = (route) => firstProblem(parts, route);
  const report = validationFailures(parts.hub);
  const isAdvanced = options.enableAdvancedValidation;
  return startAdmission(
    {
      address: options.validationWebhookAddress,
      certFile,
      keyFile,
      runtimeMetrics: false,
      routeGroupChecks: isAdvanced ? [advancedRouteGroupCheck(check, report)] : [],
      ingressChecks: isAdvanced ? [advancedIngressCheck(check, report)] : [],
    },
    parts.log,
  );
}

/** As the routing table would see the route. */
function firstProblem({ registry, preProcessors }: ProxyParts, route: Parameters<CheckRoute>[0]) {
  for (const made of [preProcess(preProcessors, route)].flat()) {
    const problem = checkRoute(made, registry);
    if (problem !== null) return problem;
  }
  return null;
}
