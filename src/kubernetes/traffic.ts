// The predicates that divide requests among backends by weight (spec kubernetes 7.6). The arithmetic is that of IEEE doubles in the
// order of the spec: the numbers stand in the routes.

import type { Call } from "../eskip/route.ts";
import type { TrafficAlgorithm } from "./settings.ts";

export interface TrafficShare {
  readonly predicates: readonly Call[];
  /** No request comes to this backend. */
  readonly isNone: boolean;
}

const all: TrafficShare = { predicates: [], isNone: false };

/** The shares of backends, in their order. A name that stands twice counts as its last one or, by segments, its first one. */
export function trafficShares(
  algorithm: TrafficAlgorithm,
  backends: readonly { readonly name: string; readonly weight: number }[],
): readonly TrafficShare[] {
  const shares = algorithm === "traffic-predicate" ? byChance(backends) : bySegment(backends);
  return backends.map(({ name }) => shares.get(name)!);
}

type Shares = Map<string, TrafficShare>;

function byChance(backends: readonly { readonly name: string; readonly weight: number }[]): Shares {
  const given = backends.map(({ weight }) => weight);
  const total = given.reduce((sum, weight) => sum + weight, 0);
  const weights = total === 0 ? given.map(() => 1) : given;
  let left = total === 0 ? weights.length : total;
  const last = weights.findLastIndex((weight) => weight > 0);
  const shares: Shares = new Map();
  for (const [i, { name }] of backends.entries()) {
    const weight = weights[i]!;
    const value = i === last ? 1 : weight === 0 ? 0 : weight / left;
    left -= weight;
    shares.set(name, chance(value, weights.length - i - 2));
  }
  return shares;
}

/** `balance`: how many True() make it as heavy as those before it. */
function chance(value: number, balance: number): TrafficShare {
  if (value === 1) return all;
  const padding = new Array<Call>(Math.max(balance, 0)).fill({ name: "True", args: [] });
  return { predicates: [{ name: "Traffic", args: [value] }, ...padding], isNone: value <= 0 };
}

function bySegment(backends: readonly { readonly name: string; readonly weight: number }[]): Shares {
  const weights = new Map<string, number>();
  for (const { name, weight } of backends) if (!weights.has(name)) weights.set(name, weight);
  let total = 0;
  for (const weight of weights.values()) total += weight;
  const even = total === 0;
  if (even) total = weights.size;
  const shares: Shares = new Map();
  let sum = 0;
  for (const [name, weight] of weights) {
    const min = sum / total;
    sum += even ? 1 : weight;
    const max = sum / total;
    const predicates = min === 0 && max === 1 ? [] : [{ name: "TrafficSegment", args: [min, max] }];
    shares.set(name, { predicates, isNone: max <= min });
  }
  return shares;
}
