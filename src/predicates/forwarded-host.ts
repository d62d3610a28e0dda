// `ForwardedHost` (spec predicates 9).

import { parseForwarded } from "../http/forwarded.ts";
import { nonEmptyRegexp } from "../spec/arg-kinds.ts";
import { one } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";

export const forwardedHost = definePredicate({
  name: "ForwardedHost",
  summary: "Searches a regular expression in the host of the Forwarded header.",
  details: "Only the first Forwarded line counts; without one there is no match.",
  args: [one("pattern", nonEmptyRegexp)],
  examples: ['com: ForwardedHost("^example[.]com$") -> "http://backend.test";'],
  create:
    ([pattern]) =>
    (request) => {
      const line = request.headers.get("Forwarded");
      return line !== undefined && line !== "" && pattern.test(parseForwarded(line).host);
    },
});
