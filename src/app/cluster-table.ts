// The routes of a cluster as a Route Server would serve them, read once, for `eskip diff`. Nothing is written to the cluster.

import { loadConfig } from "../config/load.ts";
import { ApplicationLog } from "../observability/log.ts";
import { MetricsHub } from "../observability/metrics-hub.ts";
import { defaultMetricsSettings } from "../observability/metrics-settings.ts";
import { clusterIntake } from "./cluster-intake.ts";
import { buildKubernetes } from "./kubernetes.ts";
import { optionChecks } from "./option-checks.ts";

/**
 * The lines `id: expression;`. `configFile` has the options of a proxy or a Route Server (as -config-file); "" is none. What is wrong
 * with objects goes to `write`, a line each. Rejects with the reason when the cluster cannot be read.
 */
export async function clusterLines(
  configFile: string,
  environment: Readonly<Record<string, string | undefined>>,
  write: (line: string) => void,
): Promise<readonly string[]> {
  const flags = configFile === "" ? [] : [`-config-file=${configFile}`];
  const config = await loadConfig("eskip", flags, optionChecks);
  if (config.type !== "run") throw new Error(config.type === "fatal" ? config.message : config.text);
  const options = { ...config.options, kubernetes: true, kubernetesEnableTls: false };
  const log = new ApplicationLog({ level: "error", prefix: "", json: false, terminal: false, write, now: Date.now });
  const lines = new Map<string, string>();
  let problem = "no answer";
  const intake = await clusterIntake(options, log, {
    refused() {},
    accepted(changes) {
      problem = "";
      for (const [id, served] of changes) {
        if (served === null) lines.delete(id);
        else lines.set(id, served.line);
      }
    },
    failed(reason) {
      problem = reason;
    },
  });
  const hub = new MetricsHub(defaultMetricsSettings());
  const parts = { variables: environment, log, hub, writes: false, onCertificates() {} };
  // Never null with `kubernetes` set.
  const source = buildKubernetes(options, parts).source!;
  await source.start(intake);
  source.stop();
  if (problem !== "") throw new Error(problem);
  return [...lines.values()];
}
