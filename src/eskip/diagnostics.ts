// One shape for everything that can be wrong with input: a place, what was expected, what was got. Input never throws (style 9):
// whoever reads input returns diagnostics, whoever shows them calls `message`.

/** Reasons of refused routes, as they stand in logs, `/routes?invalid=true` and metrics (spec matching 13). */
export type InvalidReason =
  | "unknown_filter"
  | "invalid_filter_params"
  | "unknown_predicate"
  | "invalid_predicate_params"
  | "failed_backend_split"
  | "invalid_matcher"
  | "other";

/** Why one route cannot be used. `text` is the full text of the spec: reason, colon, detail. */
export interface RouteProblem {
  readonly reason: InvalidReason;
  readonly text: string;
}
