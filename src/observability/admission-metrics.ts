// The metrics of the admission webhook (spec kubernetes 14). Their labels come from whoever reaches the webhook, so the number of
// series is limited. Imported only by a process that has a webhook: the client library takes 40 ms and 20 MB.

import { Counter, collectDefaultMetrics, Histogram, Registry } from "@prometheus-io/client";
import { OTHER } from "./metric-names.ts";

const PREFIX = "routegroup_admission_admitter_";
const REVIEW_LABELS = ["admitter", "operation", "group", "version", "resource", "sub_resource"] as const;
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 5, 10];
/** Sets of label values; an API server that is set up for two resources sends four. */
const MAX_SERIES = 200;
/** Characters of a label value; names of groups and resources are at most 253 long. */
const MAX_LABEL = 253;

/** What a review is about, as it came. */
export interface ReviewLabelValues {
  readonly operation: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subResource: string;
}

export class PrometheusAdmissionMetrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<"admitter">;
  readonly #invalid: Counter<"admitter">;
  readonly #rejected: Counter<(typeof REVIEW_LABELS)[number]>;
  readonly #successful: Counter<(typeof REVIEW_LABELS)[number]>;
  readonly #durations: Histogram<(typeof REVIEW_LABELS)[number]>;
  readonly #series = new Set<string>();

  /** `runtime`: with the metrics of process and runtime, for a process that shows them nowhere else. */
  constructor(runtime: boolean) {
    const registers = [this.#registry];
    const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
      new Counter({ name: PREFIX + name, help, labelNames, registers });
    this.#requests = counter("requests", "Requests to the admitter.", ["admitter"]);
    this.#invalid = counter("invalid_requests", "Requests that are no review that can be answered.", ["admitter"]);
    this.#rejected = counter("rejected_admissions", "Objects that were rejected.", REVIEW_LABELS);
    this.#successful = counter("successful_admissions", "Objects that were allowed.", REVIEW_LABELS);
    this.#durations = new Histogram({
      name: `${PREFIX}admission_duration`,
      help: "Duration in seconds of deciding about an object.",
      labelNames: REVIEW_LABELS,
      buckets: DURATION_BUCKETS,
      registers,
    });
    if (runtime) collectDefaultMetrics({ register: this.#registry });
  }

  requested(admitter: string): void {
    this.#requests.inc({ admitter });
  }

  invalid(admitter: string): void {
    this.#invalid.inc({ admitter });
  }

  decided(admitter: string, review: ReviewLabelValues, allowed: boolean, seconds: number): void {
    const labels = this.#labelsOf(admitter, review);
    (allowed ? this.#successful : this.#rejected).inc(labels);
    this.#durations.observe(labels, seconds);
  }

  async exposition(): Promise<{ contentType: string; text: string }> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  #labelsOf(admitter: string, review: ReviewLabelValues): Record<(typeof REVIEW_LABELS)[number], string> {
    const values = [
      review.operation,
      review.group === "" ? "zalando.org" : review.group,
      review.version,
      review.resource,
      review.subResource,
    ].map((value) => value.slice(0, MAX_LABEL));
    const key = [admitter, ...values].join("\0");
    const isKnown = this.#series.has(key);
    if (!isKnown && this.#series.size < MAX_SERIES) this.#series.add(key);
    const [operation, group, version, resource, sub_resource] =
      isKnown || this.#series.has(key) ? values : values.map(() => OTHER);
    return {
      admitter,
      operation: operation!,
      group: group!,
      version: version!,
      resource: resource!,
      sub_resource: sub_resource!,
    };
  }
}
