// Tables of filter behaviour: a chain in eskip, a request, what a backend answers, and what must come of it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type FakeContext, type FakeRequest, type FakeResponse, fakeEnv, runChain } from "./fake-context.ts";

export interface FilterCase {
  readonly title: string;
  readonly chain: string;
  readonly request?: FakeRequest;
  readonly answer?: FakeResponse;
  /** Random numbers in turn, the last for ever. */
  readonly random?: readonly number[];
  readonly expect: {
    readonly status?: number;
    /** All response headers, names in lower case, one value or several. */
    readonly headers?: Readonly<Record<string, string | readonly string[]>>;
    readonly body?: string;
    /** All request headers. */
    readonly requestHeaders?: Readonly<Record<string, string | readonly string[]>>;
    readonly requestBody?: string;
    readonly path?: string;
    readonly rawQuery?: string;
    readonly served?: boolean;
    /** Fields of the context. */
    readonly ctx?: Partial<FakeContext>;
    /** Log lines with their level in front. */
    readonly logged?: readonly (string | RegExp)[];
  };
}

/** One test for each case. */
export function testFilters(cases: readonly FilterCase[]): void {
  for (const one of cases) test(`${one.title}: ${one.chain}`, () => check(one));
}

async function check({ chain, request, answer, random, expect }: FilterCase): Promise<void> {
  let drawn = 0;
  const env = fakeEnv(random === undefined ? Math.random : () => random[Math.min(drawn++, random.length - 1)]!);
  const got = await runChain(chain, request, answer, env);
  const { ctx } = got;
  if (expect.status !== undefined) assert.equal(got.status, expect.status, "status");
  if (expect.headers !== undefined) assert.deepEqual(got.headers, lists(expect.headers), "response headers");
  if (expect.body !== undefined) assert.equal(got.body, expect.body, "body");
  if (expect.requestHeaders !== undefined) {
    assert.deepEqual(got.requestHeaders, lists(expect.requestHeaders), "request headers");
  }
  if (expect.requestBody !== undefined) assert.equal(got.requestBody, expect.requestBody, "request body");
  if (expect.path !== undefined) assert.equal(ctx.request.path, expect.path, "path");
  if (expect.rawQuery !== undefined) assert.equal(ctx.request.rawQuery, expect.rawQuery, "query");
  if (expect.served !== undefined) assert.equal(ctx.served, expect.served, "served");
  for (const [name, value] of Object.entries(expect.ctx ?? {})) {
    assert.deepEqual(ctx[name as keyof FakeContext], value, name);
  }
  if (expect.logged !== undefined) {
    assert.equal(env.logged.length, expect.logged.length, env.logged.join("\n"));
    for (const [i, line] of expect.logged.entries()) {
      if (typeof line === "string") assert.equal(env.logged[i], line);
      else assert.match(env.logged[i]!, line);
    }
  }
}

function lists(record: Readonly<Record<string, string | readonly string[]>>): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(record).map(([k, v]) => [k, typeof v === "string" ? [v] : v]));
}
