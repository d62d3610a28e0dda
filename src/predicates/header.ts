// `Header` (spec predicates 6).

import { headerName, headerValue } from "../spec/arg-kinds.ts";
import { one } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";

export const header = definePredicate({
  name: "Header",
  summary: "Matches when a header line has exactly this value.",
  details: "Any line of that name will do; a line is not split at commas. The letter case of the value counts.",
  args: [one("name", headerName), one("value", headerValue)],
  examples: ['beta: Header("X-Beta", "on") -> "http://backend.test";'],
  create:
    ([name, value]) =>
    (request) => {
      const first = request.headers.get(name);
      return first === value || (first !== undefined && request.headers.getAll(name).includes(value));
    },
});
