// The cluster as the source of routes for the time when no Route Server gives them (-routes-fallback-kubernetes): what -kubernetes builds,
// made anew for each time. Certificates are no part of it, and it writes nothing: a fleet would write the same hundreds of times.

import type { Options } from "../config/options.ts";
import type { OtherSource } from "../data-clients/route-fallback.ts";
import { buildKubernetes, type KubernetesEnvironment } from "./kubernetes.ts";

/** The first one is made at once, so that settings that cannot be used stop the start with the message of the fatal line. */
export function fallbackSource(options: Options, environment: KubernetesEnvironment): () => OtherSource {
  if (options.kubernetes) throw new Error("-routes-fallback-kubernetes: -kubernetes reads the cluster already");
  const build = () => {
    const wished = { ...options, kubernetes: true, kubernetesEnableTls: false, kubernetesStatusFromService: "" };
    return buildKubernetes(wished, environment);
  };
  let first: ReturnType<typeof build> | null = build();
  return () => {
    const { source, deliveredVersions, deliveredRoutes, isInStep } = first ?? build();
    first = null;
    // Never null with -kubernetes.
    return { client: source!, versions: deliveredVersions, routes: deliveredRoutes, isInStep };
  };
}
