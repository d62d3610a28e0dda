// `OTelBaggage` (spec predicates 12). Works without any tracing.

import { bytes } from "../spec/arg-kinds.ts";
import { one, optional } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";

export const otelBaggage = definePredicate({
  name: "OTelBaggage",
  summary: "Matches when the W3C baggage of the request has a member, with this value when one is given.",
  details: "The baggage is read as it arrived; filters do not change it.",
  args: [one("key", bytes), optional("value", bytes)],
  examples: ['gold: OTelBaggage("tenant", "gold") -> "http://backend.test";'],
  create([key, value = ""]) {
    if (key === "") return () => value === "";
    return (request) => {
      const member = request.baggage()?.get(key);
      return member !== undefined && (value === "" || member === value);
    };
  },
});
