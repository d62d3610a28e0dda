// The load balancing algorithms by the name that a route gives; check-route.ts refuses other names before a route is built.

import type { Algorithm, AlgorithmRoute } from "./algorithm.ts";
import { ConsistentHash } from "./consistent-hash.ts";
import { LeastRequests } from "./least-requests.ts";
import { PowerOfRandomNChoices } from "./power-of-random-n-choices.ts";
import { Random } from "./random.ts";
import { RoundRobin } from "./round-robin.ts";
import { WeightedRoundRobin } from "./weighted-round-robin.ts";

/** `name` is "" for the default. */
export function makeAlgorithm(name: string, route: AlgorithmRoute): Algorithm {
  switch (name) {
    case "":
    case "roundRobin":
      return new RoundRobin(route);
    case "random":
      return new Random(route);
    case "consistentHash":
      return new ConsistentHash(route);
    case "powerOfRandomNChoices":
      return new PowerOfRandomNChoices(route);
    case "weightedRoundRobin":
      return new WeightedRoundRobin(route);
    case "leastRequests":
      return new LeastRequests(route);
    default:
      throw new Error(`unsupported algorithm: ${name}`);
  }
}
