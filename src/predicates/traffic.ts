// `Traffic` (spec predicates 11).

import { cookieValue } from "../http/cookies.ts";
import { bytes, numberBetween } from "../spec/arg-kinds.ts";
import { one, optional } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";

export const traffic = definePredicate({
  name: "Traffic",
  summary: "Matches with the given probability.",
  details:
    "With a cookie and a group, a request that has the cookie matches exactly when its value is the group. The draw is made anew each time the predicate is asked. The cookie is not set here.",
  args: [one("chance", numberBetween(0, 1)), optional("cookie", bytes), optional("group", bytes)],
  examples: [
    'canary: Traffic(0.1) -> "http://backend.test";',
    'sticky: Traffic(0.1, "canary", "A") -> "http://backend.test";',
  ],
  check: ([, cookie, group]) => ((cookie === undefined) === (group === undefined) ? "" : "a cookie needs a group"),
  create([chance, cookie, group], env) {
    if (cookie === undefined || group === undefined || group === "") return () => env.random() < chance;
    return (request) => {
      const value = cookieValue(request.headers, cookie);
      return value === undefined ? env.random() < chance : value === group;
    };
  },
});
