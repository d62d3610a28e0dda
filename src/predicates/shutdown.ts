// `Shutdown` (spec predicates 12): lets a health check fail while connections drain.

import { definePredicate } from "../spec/predicate.ts";

export const shutdown = definePredicate({
  name: "Shutdown",
  summary: "Matches once the process was told to terminate.",
  details: "From SIGTERM on, while the listener still serves and waits for the health check to notice.",
  args: [],
  examples: ['down: Path("/ready") && Shutdown() -> status(503) -> <shunt>;'],
  create: (_, env) => () => env.shuttingDown(),
});
