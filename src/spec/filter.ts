// The contract of a filter: a declaration, and an instance with up to two steps. A step returns nothing when it is done and a
// promise only when it must wait. Instances are shared by routes and requests, so they hold settings and no state of a request.

import type { AnyArgSpec, ArgValues } from "./args.ts";
import type { FilterContext } from "./context.ts";
import type { FilterEnv } from "./env.ts";

export interface Filter {
  request?(ctx: FilterContext): void | Promise<void>;
  response?(ctx: FilterContext): void | Promise<void>;
  /** Releases what the instance holds; called once, after the last request that uses it. */
  close?(): void;
  /** True when the response step must also run after the proxy itself failed the request (spec proxy 7). */
  readonly onError?: boolean;
}

/** An example of a filter: runs as a test against a backend that echoes, and stands in the reference. */
export interface FilterExample {
  /** A whole eskip route; the backend address `http://backend.test` is replaced by a running one. */
  readonly route: string;
  readonly send?: {
    readonly method?: string;
    readonly path?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  };
  readonly expect: {
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    /** What the backend must have seen. */
    readonly backend?: {
      readonly target?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    };
  };
}

export interface FilterSpec {
  readonly name: string;
  readonly summary: string;
  readonly details: string;
  readonly args: readonly AnyArgSpec[];
  readonly anyArgs: boolean;
  readonly examples: readonly FilterExample[];
  /** "" or the text after "deprecated: ". */
  readonly deprecated: string;
  /** Names of the flags that change what it does. */
  readonly options: readonly string[];
  check(values: readonly unknown[]): string;
  create(values: readonly unknown[], env: FilterEnv): Filter;
}

/** Declares a filter (style 5). `check` holds the rules between arguments and gives the message of what is wrong, or "". */
export function defineFilter<const S extends readonly AnyArgSpec[]>(declaration: {
  name: string;
  summary: string;
  details?: string;
  args: S;
  anyArgs?: boolean;
  examples?: readonly FilterExample[];
  deprecated?: string;
  options?: readonly string[];
  check?: (values: ArgValues<S>) => string;
  create: (values: ArgValues<S>, env: FilterEnv) => Filter;
}): FilterSpec {
  return {
    name: declaration.name,
    summary: declaration.summary,
    details: declaration.details ?? "",
    args: declaration.args,
    anyArgs: declaration.anyArgs ?? false,
    examples: declaration.examples ?? [],
    deprecated: declaration.deprecated ?? "",
    options: declaration.options ?? [],
    // The values come from checkArgs over the same `args`, so they have the types of S.
    check: (declaration.check ?? (() => "")) as FilterSpec["check"],
    create: declaration.create as FilterSpec["create"],
  };
}
