// `Methods` (spec predicates 5).

import { type ArgKind, Refused, rest } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";

const ALLOWED = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"];

const methodName: ArgKind<string> = {
  kind: "method",
  expected: "a method",
  accepts: ["GET", "patch"],
  refuses: ["FOO", "", 1],
  parse: (value) => {
    if (typeof value === "number") return new Refused("only string values are allowed");
    const upper = value.toUpperCase();
    return ALLOWED.includes(upper) ? upper : new Refused(`method: ${upper} is not allowed`);
  },
};

export const methods = definePredicate({
  name: "Methods",
  summary: "Matches when the method is one of the given ones.",
  details: "Letter case does not count, neither here nor in the request. `GET` does not include `HEAD`.",
  args: [rest("methods", methodName, 1)],
  examples: ['read: Methods("GET", "HEAD") -> "http://backend.test";'],
  create:
    ([methods]) =>
    (request) =>
      methods.includes(request.method) || methods.includes(request.method.toUpperCase()),
});
