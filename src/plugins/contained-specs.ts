// The declarations of plugins with a fence around them: what their functions throw or give instead of what they should is a refused
// argument, a test that is false or a filter that fails its request, and never ends a transaction, a lookup or a thread.

import type { Arg } from "../eskip/route.ts";
import { type AnyArgSpec, Refused } from "../spec/args.ts";
import type { Filter, FilterSpec } from "../spec/filter.ts";
import type { PredicateSpec, PredicateTest } from "../spec/predicate.ts";

export interface Containment {
  /** Puts the limits of a request around a filter of a plugin; `name` for messages. */
  guard(filter: Filter, name: string): Filter;
  /** Takes what went wrong, and whose fault it is; must bound what it writes of each. */
  report(text: string, who: string): void;
}

export function containFilter(spec: FilterSpec, { guard, report }: Containment): FilterSpec {
  return {
    ...spec,
    args: spec.args.map(containArg),
    anyArgs: spec.anyArgs === true,
    check: containCheck(spec),
    create(values, env) {
      let filter: unknown;
      try {
        filter = spec.create(values, env);
      } catch (error) {
        report(`filter ${spec.name}: create: ${stackOf(error)}`, spec.name);
        return failing(new Error(`filter ${spec.name} could not be created: ${messageOf(error)}`));
      }
      if (typeof filter !== "object" || filter === null || filter instanceof Promise) {
        const got = filter instanceof Promise ? "a promise" : String(filter);
        return failing(
          new Error(`filter ${spec.name}: create: expected an object with request, response or both, got ${got}`),
        );
      }
      return guard(filter, spec.name);
    },
  };
}

function failing(error: Error): Filter {
  return {
    request() {
      throw error;
    },
  };
}

export function containPredicate(spec: PredicateSpec, { report }: Containment): PredicateSpec {
  return {
    ...spec,
    args: spec.args.map(containArg),
    anyArgs: spec.anyArgs === true,
    check: containCheck(spec),
    weight(values) {
      try {
        const weight = spec.weight(values);
        return Number.isFinite(weight) ? Math.trunc(weight) : 1;
      } catch {
        return 1;
      }
    },
    create(values, env) {
      let test: unknown;
      try {
        test = spec.create(values, env);
      } catch (error) {
        report(`predicate ${spec.name}: create: ${stackOf(error)}`, spec.name);
        return never;
      }
      if (typeof test !== "function") {
        report(
          `predicate ${spec.name}: create: expected a function from the request to true or false, got ${String(test)}`,
          spec.name,
        );
        return never;
      }
      return containTest(spec.name, test as PredicateTest, report);
    },
  };
}

function never(): boolean {
  return false;
}

function containTest(name: string, test: PredicateTest, report: Containment["report"]): PredicateTest {
  return (request) => {
    let result: unknown;
    try {
      result = test(request);
    } catch (error) {
      report(`predicate ${name}: ${stackOf(error)}`, name);
      return false;
    }
    if (typeof result === "boolean") return result;
    const got = result instanceof Promise ? "a promise" : String(result);
    report(`predicate ${name}: expected true or false, got ${got}`, name);
    if (result instanceof Promise) result.catch(() => {});
    return false;
  };
}

function containArg(spec: AnyArgSpec): AnyArgSpec {
  const { kind } = spec;
  const parse = (value: Arg): unknown => {
    try {
      return kind.parse(value);
    } catch (error) {
      return new Refused(messageOf(error));
    }
  };
  return {
    name: spec.name,
    occurs: spec.occurs,
    min: spec.min ?? (spec.occurs === "one" ? 1 : 0),
    kind: {
      kind: String(kind.kind),
      expected: String(kind.expected),
      accepts: kind.accepts,
      refuses: kind.refuses,
      parse,
    },
  };
}

function containCheck(spec: Pick<FilterSpec, "name" | "check">): FilterSpec["check"] {
  return (values) => {
    try {
      const problem: unknown = spec.check(values);
      return typeof problem === "string" ? problem : "";
    } catch (error) {
      return `check: ${messageOf(error)}`;
    }
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
