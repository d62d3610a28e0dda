// `Methods` (spec predicates 5).

import { stringKind } from "../spec/arg-kinds.ts";
import { type ArgKind, Refused, rest } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";

const ALLOWED = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"];

const methodName: ArgKind<string> = stringKind({
  kind: "method",
  expected: "a method",
  accepts: ["GET", "patch"],
  refuses: ["FOO", "", 1],
  parse: (text) => {
    const upper = text.toUpperCase();
    return ALLOWED.includes(upper) ? upper : new Refused(`method: ${upper} is not allowed`);
  },
});

export const methods = definePredicate({
  name: "Methods",
  summary: "Matches when the method is one of the given ones.",
  details: "At least one. Letter case does not count, neither here nor in the request. `GET` does not include `HEAD`.",
  args: [rest("methods", methodName)],
  examples: ['read: Methods("GET", "HEAD") -> "http://backend.test";'],
  check: ([methods]) => (methods.length > 0 ? "" : "at least one method should be specified"),
  create:
    ([methods]) =>
    (request) =>
      methods.includes(request.method) || methods.includes(request.method.toUpperCase()),
});
