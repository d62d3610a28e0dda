// What the counts of a period say about an endpoint (spec resilience 7.2). Called by endpoint-registry.ts at the end of a period.

/** Settings of `-passive-health-check`; probabilities and the ratio lie between 0 and 1. */
export interface HealthSettings {
  readonly periodMs: number;
  readonly minRequests: number;
  readonly minDropProbability: number;
  readonly maxDropProbability: number;
  readonly maxUnhealthyEndpointsRatio: number;
}

export interface Health {
  /** Part of the requests that the endpoint should not get. */
  readonly drop: number;
  /** 1 for a healthy endpoint, less for one whose attempts fail. */
  readonly weight: number;
  /** Failed attempts of all attempts. */
  readonly failureRatio: number;
}

const healthy: Health = { drop: 0, weight: 1, failureRatio: 0 };

/** `failed` of `requests` attempts of a period brought no response head. */
export function judgeHealth(settings: HealthSettings, requests: number, failed: number): Health {
  if (requests <= settings.minRequests || requests === 0) return healthy;
  const failureRatio = failed / requests;
  const loss = Math.min(failureRatio, settings.maxDropProbability);
  return { drop: failureRatio > settings.minDropProbability ? loss : 0, weight: 1 - loss, failureRatio };
}
