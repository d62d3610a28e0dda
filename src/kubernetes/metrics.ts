// What the data client counts beside what routing measures of every source (spec kubernetes 19): how long the cluster has not been
// seen, and how many objects cannot be used.

/** Custom metrics by their key (spec observability 6). */
export interface KubernetesMetrics {
  gauge(key: string, value: number): void;
  count(key: string): void;
}
