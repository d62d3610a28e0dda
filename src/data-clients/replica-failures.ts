// Why replicas gave no table, for one line of the log: each of them with its reason, as long as the line stays short.

import type { Replica } from "./route-replicas.ts";

export interface ReplicaFailure {
  readonly replica: Replica;
  readonly reason: string;
}

/** Of a longer reason among several the begin is shown. */
const MAX_REASON = 200;
/** Replicas behind so many characters are only counted. */
const MAX_TEXT = 1200;

/** The URL of a replica, with its address when the name has several. */
export function placeOf({ url, address }: Replica): string {
  return address === "" ? url : `${url} at ${address}`;
}

/** At least one failure: the reason of a single one as it is, of several each behind its replica. */
export function failureText(failures: readonly ReplicaFailure[]): string {
  if (failures.length === 1) return failures[0]!.reason;
  let text = "";
  for (const [i, { replica, reason }] of failures.entries()) {
    if (text.length > MAX_TEXT) return `${text}; and ${failures.length - i} more`;
    // The replica stands in front of it already.
    const own = reason.replace(`Get ${JSON.stringify(replica.url)}: `, "");
    const shown = own.length > MAX_REASON ? `${own.slice(0, MAX_REASON)}...` : own;
    text += `${i === 0 ? "" : "; "}${placeOf(replica)}: ${shown}`;
  }
  return text;
}
