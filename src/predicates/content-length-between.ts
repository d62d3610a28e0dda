// `ContentLengthBetween` (spec predicates 12).

import { nonNegativeInt } from "../spec/arg-kinds.ts";
import { one } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";

export const contentLengthBetween = definePredicate({
  name: "ContentLengthBetween",
  summary: "Matches when the declared length of the body is at least the first number and below the second.",
  details: "A request without body has the length 0; a body without declared length never matches.",
  args: [one("min", nonNegativeInt), one("max", nonNegativeInt)],
  examples: ['small: ContentLengthBetween(0, 4096) -> "http://backend.test";'],
  check: ([min, max]) => (min < max ? "" : "the first number must be below the second"),
  create:
    ([min, max]) =>
    (request) =>
      min <= request.contentLength && request.contentLength < max,
});
