// A cache filter over a series of requests, without a proxy: a clock that is set, a backend whose answers are given, and in short what
// came of each request.

import {
  bodyText,
  FakeContext,
  type FakeEnv,
  type FakeRequest,
  fakeEnv,
  type HeaderList,
  makeFilters,
} from "../../../test/support/fake-context.ts";
import { Headers } from "../../http/headers.ts";
import type { Filter } from "../../spec/filter.ts";
import type { SecondLevel } from "../../spec/second-level.ts";

export interface Answer {
  readonly status?: number;
  readonly headers?: HeaderList;
  readonly body?: string;
}

/** 2026-01-01, and a fraction of a second: dates in headers have none. */
export const START_MS = Date.UTC(2026, 0, 1) + 700;

export function httpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

export class Scenario {
  nowMs = START_MS;
  readonly env: FakeEnv;
  /** Calls of `count`, `<filter>.<key>`. */
  readonly counted: Record<string, number> = {};
  readonly filters: Filter[];

  constructor(chain: string, secondLevel: SecondLevel | null = null) {
    const { counted } = this;
    this.env = {
      ...fakeEnv(),
      secondLevel,
      now: () => this.nowMs,
      count: (name, key, by) => {
        counted[`${name}.${key}`] = (counted[`${name}.${key}`] ?? 0) + by;
      },
    };
    this.filters = makeFilters(chain, this.env);
  }

  /** The request steps; true when one has served. */
  async begin(ctx: FakeContext): Promise<boolean> {
    for (const filter of this.filters) {
      await filter.request?.(ctx);
      if (ctx.served) return true;
    }
    return false;
  }

  /** The response steps, and the body to its end. */
  async finish(ctx: FakeContext, answer: Answer | null): Promise<string> {
    if (answer !== null) {
      ctx.respond(answer.status ?? 200, answer.headers ?? []);
      const hasBody = ctx.request.method !== "HEAD" && ![204, 304].includes(ctx.response.status);
      ctx.body = hasBody ? Buffer.from(answer.body ?? "", "latin1") : null;
    }
    ctx.hasResponse = true;
    for (const filter of this.filters.toReversed()) await filter.response?.(ctx);
    // No transform sees a body that there is not.
    const text = ctx.body === null ? "" : await bodyText(ctx.body, ctx.responseTransforms);
    for (const release of ctx.releases) release();
    return text;
  }

  /** One request: `200 MISS v0`, `200 HIT age=3 v0`, `504 MISS`; a `-` in place of X-Cache-Status when there is none. */
  async ask(request: FakeRequest, answer: Answer): Promise<string> {
    const ctx = new FakeContext(request);
    const served = await this.begin(ctx);
    return this.summary(ctx, await this.finish(ctx, served ? null : answer));
  }

  summary(ctx: FakeContext, body: string): string {
    const { status, headers } = ctx.response;
    const age = headers.get("X-Cache-Status") === "MISS" ? undefined : headers.get("Age");
    const parts = [status, headers.get("X-Cache-Status") ?? "-", age === undefined ? "" : `age=${age}`, body];
    return parts.filter((part) => part !== "").join(" ");
  }

  /** Sends the copies that were asked for, as the proxy would, and answers them. */
  async refresh(answer: Answer): Promise<number> {
    const copies = this.env.copies.splice(0);
    for (const { copy } of copies) {
      const headers: [string, string][] = [];
      copy.headers.forEach((name, value) => void headers.push([name, value]));
      await this.ask({ method: copy.method, headers, target: "/" }, answer);
    }
    return copies.length;
  }
}

export function headersOf(list: HeaderList): Headers {
  const headers = new Headers();
  for (const [name, value] of list) headers.append(name, value);
  return headers;
}
