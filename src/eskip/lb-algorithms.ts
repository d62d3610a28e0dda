// The load balancing algorithms that a load balanced backend may name (spec eskip 5.3), for whoever checks a name before a route is
// built: the routing table, and the objects of Kubernetes.

export const LB_ALGORITHMS: ReadonlySet<string> = new Set([
  "roundRobin",
  "random",
  "consistentHash",
  "powerOfRandomNChoices",
  "weightedRoundRobin",
  "leastRequests",
]);
