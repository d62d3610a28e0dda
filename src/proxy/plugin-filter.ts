// A filter of a plugin, fenced in: each promise that its request waits for has a limit, and a context that it has seen is not used for
// another request, as it may still hold it. Built by app/worker-plugins when a route is built.

import type { BodyTransform, FilterContext, Transformed } from "../spec/context.ts";
import type { Filter } from "../spec/filter.ts";
import { LONGEST_TIMER_MS } from "../util/longest-timer.ts";
import { FilterTimeout } from "./proxy-error.ts";
import type { RequestContext } from "./request-context.ts";

type Step = NonNullable<Filter["request"]>;

/** `limitMs`: Infinity for none. */
export function pluginFilter(filter: Filter, name: string, limitMs: number): Filter {
  const limit = new Limit(name, limitMs);
  const contained = (step: Step | undefined): Step | undefined =>
    typeof step === "function" ? (ctx) => runStep(filter, step, ctx as RequestContext, limit) : undefined;
  const request = contained(filter.request);
  const response = contained(filter.response);
  return {
    ...(request === undefined ? {} : { request }),
    ...(response === undefined ? {} : { response }),
    onError: filter.onError === true,
    close: () => close(filter),
  };
}

function runStep(filter: Filter, step: Step, ctx: RequestContext, limit: Limit): void | Promise<void> {
  ctx.lent = true;
  const { requestTransforms, responseTransforms } = ctx;
  const requestFrom = requestTransforms?.length ?? 0;
  const responseFrom = responseTransforms?.length ?? 0;
  const settle = (): void => {
    limitTransforms(ctx.requestTransforms, ctx.requestTransforms === requestTransforms ? requestFrom : 0, limit);
    limitTransforms(ctx.responseTransforms, ctx.responseTransforms === responseTransforms ? responseFrom : 0, limit);
  };
  const waiting: unknown = step.call(filter, ctx as FilterContext);
  if (!isThenable(waiting)) {
    settle();
    return;
  }
  return limit.of(waiting).then(settle);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function close(filter: Filter): void {
  try {
    filter.close?.();
  } catch {
    // Nobody waits for it, and the next version is in force already.
  }
}

/** A limit of time for promises. */
class Limit {
  readonly #name: string;
  readonly #ms: number;

  constructor(name: string, ms: number) {
    this.#name = name;
    this.#ms = ms;
  }

  /** Follows the promise; rejects with FilterTimeout when it takes too long. */
  of<T>(waiting: PromiseLike<T>): Promise<T> {
    if (this.#ms === Number.POSITIVE_INFINITY) return Promise.resolve(waiting);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new FilterTimeout(this.#name, this.#ms)),
        Math.min(this.#ms, LONGEST_TIMER_MS),
      );
      waiting.then(
        (value) => {
          clearTimeout(timer);
          resolve(value);
        },
        (error: unknown) => {
          clearTimeout(timer);
          reject(error);
        },
      );
    });
  }
}

/** The transforms from `from` on are those of the step that just ran. */
function limitTransforms(transforms: BodyTransform[] | null, from: number, limit: Limit): void {
  if (transforms === null) return;
  for (let i = from; i < transforms.length; i++) {
    if (!(transforms[i] instanceof LimitedTransform)) transforms[i] = new LimitedTransform(transforms[i]!, limit);
  }
}

class LimitedTransform implements BodyTransform {
  readonly keepsLength: boolean;
  readonly #inner: BodyTransform;
  readonly #limit: Limit;

  constructor(inner: BodyTransform, limit: Limit) {
    this.#inner = inner;
    this.#limit = limit;
    this.keepsLength = inner.keepsLength === true;
  }

  write(chunk: Uint8Array): Transformed {
    return this.#limited(this.#inner.write(chunk));
  }

  end(): Transformed {
    return this.#limited(this.#inner.end());
  }

  destroy(): void {
    try {
      this.#inner.destroy?.();
    } catch {
      // The stream has broken off already.
    }
  }

  #limited(result: Transformed): Transformed {
    if (result === null || result instanceof Uint8Array) return result;
    if (isThenable(result)) return this.#limit.of(result);
    const pieces = result[Symbol.asyncIterator]();
    const limited: AsyncIterator<Uint8Array> = {
      next: () => this.#limit.of(pieces.next()),
      return: async () => (await pieces.return?.()) ?? { done: true, value: undefined },
    };
    return { [Symbol.asyncIterator]: () => limited };
  }
}
