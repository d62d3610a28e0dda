// `ForwardedProtocol` (spec predicates 9).

import { parseForwarded } from "../http/forwarded.ts";
import { oneOf } from "../spec/arg-kinds.ts";
import { one } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";

export const forwardedProtocol = definePredicate({
  name: "ForwardedProtocol",
  summary: "Matches the protocol of the Forwarded header.",
  details: "Only the first Forwarded line counts; without one there is no match.",
  args: [one("protocol", oneOf("http", "https"))],
  examples: ['secure: ForwardedProtocol("https") -> "http://backend.test";'],
  create:
    ([protocol]) =>
    (request) => {
      const line = request.headers.get("Forwarded");
      return line !== undefined && parseForwarded(line).proto === protocol;
    },
});
