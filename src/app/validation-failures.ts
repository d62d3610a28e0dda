// What advanced validation refuses, in the metric of invalid routes (spec kubernetes 14): 1 from the refusal until the same object is
// seen without that fault. A series is never removed, so there is a limit to them.

import type { ReportFailures } from "../kubernetes/admission/advanced-validation.ts";
import { METRICS } from "../observability/metric-names.ts";
import type { MetricsHub } from "../observability/metrics-hub.ts";
import type { GaugeHandle } from "../observability/worker-metrics.ts";

/** Refused parts that get a series; further ones get none. */
const MAX_SERIES = 1000;
/** Characters of an id: objects of clients may hold any number of filters. */
const MAX_ID = 500;

export function validationFailures(hub: MetricsHub): ReportFailures {
  const ids = new Set<string>();
  const raised = new Map<string, readonly GaugeHandle[]>();
  const isNamed = (id: string): boolean => {
    if (ids.size < MAX_SERIES) ids.add(id);
    return ids.has(id);
  };
  return (object, failures) => {
    for (const gauge of raised.get(object) ?? []) gauge.set(0);
    raised.delete(object);
    const gauges: GaugeHandle[] = [];
    for (const { id, reason } of failures) {
      const label = id.slice(0, MAX_ID);
      if (!isNamed(`${label}\0${reason}`)) continue;
      const gauge = hub.main.gauge(METRICS.routeInvalid, [label, reason]);
      gauge.set(1);
      gauges.push(gauge);
    }
    if (gauges.length > 0) raised.set(object, gauges);
  };
}
