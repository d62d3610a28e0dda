// The queues of requests that the filters fifo and lifo put in front of a route (spec resilience 2), as a filter sees them. One queue
// is shared by all workers; resilience/scheduler/ has the implementation.

export type QueueKind = "fifo" | "lifo" | "lifoGroup";

/** How an attempt to pass came out: `full` also for one that had to make place for a newer one. */
export type QueueOutcome = "passed" | "full" | "timeout" | "closed";

/** The place of one request in a queue. */
export interface QueuePlace {
  /** How it came out: at once, or later; a request that leaves while it waits is never told. */
  readonly outcome: QueueOutcome | Promise<QueueOutcome>;
  /** Lets the next one pass, or gives up waiting. A second call does nothing. */
  leave(): void;
}

export interface RouteQueue {
  /** A request comes. */
  enter(): QueuePlace;
  /** The caller of `open` does not need it any more; places that are taken stay valid. */
  close(): void;
}

export interface RouteQueues {
  /** The queue of a route id, or of a group. Its settings come from the routing table. All who name one get the same object. */
  open(kind: QueueKind, name: string): RouteQueue;
}
