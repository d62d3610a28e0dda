// The common part of the filters that queue requests (spec resilience 2). A request has one slot in a queue, however many filters of
// its routes name that queue: it keeps the slot until the response step of the leftmost of them, or to its end when one says so.

import type { FilterContext } from "../../spec/context.ts";
import type { FilterEnv } from "../../spec/env.ts";
import type { Filter } from "../../spec/filter.ts";
import type { QueueKind, QueueOutcome, QueuePlace, RouteQueue } from "../../spec/route-queue.ts";

/** State bag: the places of the request. */
const PLACES = "filter.scheduler.places";

const STATUS: Readonly<Record<Exclude<QueueOutcome, "passed">, number>> = { full: 503, timeout: 502, closed: 500 };

/** A place of a request, and how many response steps are still to come before it is left. */
interface Held {
  readonly queue: RouteQueue;
  readonly place: QueuePlace;
  steps: number;
  /** It is kept until the response was sent. */
  toEnd: boolean;
}

/** `group`: the name of a group, null for the queue of the route. `withBody`: the slot is held until the response was sent. */
export function queueFilter(kind: QueueKind, group: string | null, withBody: boolean, env: FilterEnv): Filter {
  // Opened by the first request, which knows the route.
  let queue: RouteQueue | null = null;
  return {
    onError: true,
    request(ctx) {
      queue ??= env.queues.open(kind, group ?? ctx.routeId);
      const places = placesOf(ctx);
      const held = places.find((each) => each.queue === queue);
      if (held !== undefined) {
        held.steps++;
        held.toEnd ||= withBody;
        return;
      }
      const place = queue.enter();
      places.push({ queue, place, steps: 1, toEnd: withBody });
      const { outcome } = place;
      if (typeof outcome === "string") answer(ctx, outcome);
      else return outcome.then((waited) => answer(ctx, waited));
    },
    response(ctx) {
      const places = placesOf(ctx);
      const at = places.findIndex((each) => each.queue === queue);
      if (at < 0 || --places[at]!.steps > 0 || places[at]!.toEnd) return;
      const [held] = places.splice(at, 1);
      held!.place.leave();
    },
    close: () => queue?.close(),
  };

  function answer(ctx: FilterContext, outcome: QueueOutcome): void {
    if (outcome === "passed") return;
    ctx.span?.setTag("error", "true");
    env.log.debug(`route ${ctx.routeId}: ${kind} queue: ${outcome}`);
    ctx.serve(STATUS[outcome], [], "");
  }
}

/** The places of the request; all that are left at its end are given up then. */
function placesOf(ctx: FilterContext): Held[] {
  const known = ctx.stateBag.get(PLACES) as Held[] | undefined;
  if (known !== undefined) return known;
  const places: Held[] = [];
  ctx.stateBag.set(PLACES, places);
  ctx.atEnd(() => {
    for (const { place } of places) place.leave();
  });
  return places;
}
