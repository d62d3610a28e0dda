// Which connections a draining process waits for although no request runs on them: a client that has just connected, or has sent
// a part of a head, is about to be lost otherwise. All others are idle.

/** How long a draining process waits for the request of a new connection, and for the rest of a head. */
const ARRIVING_MS = 1000;

/** When the wait ends, in milliseconds of the clock; null for an idle connection. `requests` it had, `waiting` bytes are here. */
export function arrivalLimit(nowMs: number, acceptedMs: number, requests: number, waiting: number): number | null {
  if (requests > 0) return waiting > 0 ? nowMs + ARRIVING_MS : null;
  return acceptedMs + ARRIVING_MS > nowMs ? acceptedMs + ARRIVING_MS : null;
}
