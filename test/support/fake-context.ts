// A FilterContext without a proxy, and a small chain runner, for unit tests of filters: the request steps from left to right until
// one serves, a given response in place of a backend, the response steps from right to left, body transforms applied at the end.

import { parseFilters } from "../../src/eskip/parser.ts";
import type { Arg, Call } from "../../src/eskip/route.ts";
import { filterSpecs } from "../../src/filters/index.ts";
import { createLua } from "../../src/filters/lua/create-lua.ts";
import { luaWith } from "../../src/filters/lua/lua.ts";
import { COMMAND_OPTIONS, ScriptFiles } from "../../src/filters/lua/script-files.ts";
import { ScriptTexts } from "../../src/filters/lua/script-texts.ts";
import { Headers } from "../../src/http/headers.ts";
import { decodePath, patchPath } from "../../src/http/path.ts";
import { ReferenceResponseStore } from "../../src/response-store/response-store.reference.ts";
import { checkArgs } from "../../src/spec/args.ts";
import type {
  AccessLogDecision,
  Body,
  BodyTransform,
  FilterContext,
  FilterRequest,
  FilterResponse,
  RequestCopy,
  Span,
  Transformed,
} from "../../src/spec/context.ts";
import type { CopyBody, CopyEnd, FilterEnv } from "../../src/spec/env.ts";
import type { Filter, FilterSpec } from "../../src/spec/filter.ts";
import type { RouteQueue, RouteQueues } from "../../src/spec/route-queue.ts";

export type HeaderList = readonly (readonly [string, string])[];

export interface FakeRequest {
  readonly method?: string;
  /** Path and query as in a request line. */
  readonly target?: string;
  /** The target in absolute form, when the client sent it so. */
  readonly absolute?: string;
  readonly host?: string;
  readonly headers?: HeaderList;
  readonly body?: readonly string[];
  readonly remoteAddress?: string;
  readonly pathParams?: Readonly<Record<string, string>>;
  readonly backendHost?: string;
  readonly backendScheme?: string;
  /** As with -proxy-preserve-host. */
  readonly preserveHost?: boolean;
}

export interface FakeResponse {
  readonly status?: number;
  readonly headers?: HeaderList;
  readonly body?: readonly string[];
}

export class FakeContext implements FilterContext {
  readonly request: FilterRequest & { path: string };
  readonly response: FilterResponse = { status: 0, headers: new Headers() };
  readonly routeId = "test";
  outgoingHost: string;
  readonly backendHost: string;
  readonly backendScheme: string;
  readonly stateBag = new Map<string, unknown>();
  hasResponse = false;
  served = false;
  dynamicUrl = "";
  dynamicHost = "";
  dynamicScheme = "";
  backendTimeoutMs = Number.NaN;
  readTimeoutMs = Number.NaN;
  writeTimeoutMs = Number.NaN;
  hashKey = "";
  hashBalanceFactor = 0;
  backendIsProxy = false;
  fastCgiFilename = "";
  span: Span | null = null;
  backendSpanName = "";
  accessLog: AccessLogDecision | null = null;
  accessLogMaskedQuery: Set<string> | null = null;
  body: Body = null;
  requestTransforms: BodyTransform[] = [];
  responseTransforms: BodyTransform[] = [];
  requestBodyLength = 0;
  /** Calls of rerun(). */
  reruns = 0;
  /** What is to run at the end of the exchange. */
  readonly releases: (() => void)[] = [];
  #fixedHead: (() => void) | null = null;
  readonly #pathParams: Readonly<Record<string, string>>;

  constructor(given: FakeRequest = {}) {
    const target = given.target ?? "/";
    const question = target.indexOf("?");
    const rawPath = question < 0 ? target : target.slice(0, question);
    const headers = new Headers();
    for (const [name, value] of given.headers ?? []) headers.append(name, value);
    this.request = {
      method: given.method ?? "GET",
      target: given.absolute ?? target,
      protocol: "HTTP/1.1",
      host: given.host ?? "example.org",
      path: decodePath(rawPath),
      rawPath,
      rawQuery: question < 0 ? "" : target.slice(question + 1),
      headers,
      remoteAddress: given.remoteAddress ?? "127.0.0.1",
      remotePort: 4711,
      tls: false,
      clientCertificates: [],
      baggage: () => null,
      patched: false,
      contentLength: (given.body ?? []).join("").length,
      patchPath() {
        this.path = patchPath(this.path, this.rawPath);
      },
    };
    this.backendHost = given.backendHost ?? "backend.test";
    this.backendScheme = given.backendScheme ?? "";
    this.outgoingHost = given.preserveHost === true ? this.request.host : this.backendHost;
    this.requestBodyLength = this.request.contentLength;
    this.#pathParams = given.pathParams ?? {};
  }

  get fromBackend(): boolean {
    return !this.served;
  }

  rerun(): void {
    this.reruns++;
  }

  copyRequest(): RequestCopy {
    return { method: this.request.method, headers: this.request.headers.clone() };
  }

  pathParam(name: string): string {
    return this.#pathParams[name] ?? "";
  }

  serve(status: number, headers: HeaderList, body: Body): void {
    this.served = true;
    this.respond(status, headers);
    this.body = body;
    this.responseTransforms = [];
  }

  respond(status: number, headers: HeaderList): void {
    this.response.status = status;
    this.response.headers.clear();
    for (const [name, value] of headers) this.response.headers.append(name, value);
  }

  fixResponseHead(status: number, headers: HeaderList): void {
    this.#fixedHead ??= () => this.respond(status, headers);
  }

  atEnd(release: () => void): void {
    this.releases.push(release);
  }

  /** What the proxy does when all response filters have run. */
  applyFixedHead(): void {
    this.#fixedHead?.();
  }

  replaceResponseBody(body: Body): void {
    this.body = body;
    this.responseTransforms = [];
  }

  transformResponseBody(transform: BodyTransform): void {
    this.responseTransforms.push(transform);
  }

  transformRequestBody(transform: BodyTransform): void {
    this.requestTransforms.push(transform);
  }
}

/** Queues in which everybody passes. */
function openQueues(): RouteQueues {
  const queue: RouteQueue = { enter: () => ({ outcome: "passed", leave() {} }), close() {} };
  return { open: () => queue };
}

export interface FakeEnv extends FilterEnv {
  readonly logged: string[];
  /** `<filter>.custom.<key>` for each count. */
  readonly counted: string[];
  /** What routeCopy() was called with, and what it resolves to. */
  readonly copies: { copy: RequestCopy; body: CopyBody | null }[];
  copyEnd: CopyEnd;
}

/** An environment with a log that can be read; random numbers come from `random`. */
export function fakeEnv(random: () => number = Math.random): FakeEnv {
  const logged: string[] = [];
  const write = (level: string) => (message: string) => void logged.push(`${level} ${message}`);
  const copies: FakeEnv["copies"] = [];
  const counted: string[] = [];
  const shared = new Map<string, unknown>();
  return {
    copies,
    counted,
    shared: (name, make) => {
      if (!shared.has(name)) shared.set(name, make());
      return shared.get(name) as ReturnType<typeof make>;
    },
    copyEnd: { outcome: "complete", status: 200 },
    async routeCopy(copy, body) {
      copies.push({ copy, body });
      return this.copyEnd;
    },
    options: {
      compressEncodings: [],
      maxMatcherBufferBytes: 2_097_152,
      maxAuditBodyBytes: 1024,
      mtlsAuthorities: [],
      mtlsTrustsSystem: false,
      lua: COMMAND_OPTIONS,
    },
    logged,
    audit: (line) => void logged.push(`audit ${line}`),
    log: { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") },
    now: Date.now,
    random,
    queues: openQueues(),
    count: (name, key, by) => {
      for (let i = 0; i < by; i++) counted.push(`${name}.custom.${key}`);
    },
    cache: new ReferenceResponseStore(64 * 2 ** 20),
    secondLevel: null,
  };
}

const lua = luaWith({ create: createLua(new ScriptTexts([])), check: new ScriptFiles(COMMAND_OPTIONS).check });
const specs: ReadonlyMap<string, FilterSpec> = new Map(
  filterSpecs.map((spec) => [spec.name, spec.name === lua.name ? lua : spec]),
);

/** What is wrong with the call, or "". */
export function callProblem(call: Call): string {
  const spec = specs.get(call.name);
  if (spec === undefined) return `unknown filter ${call.name}`;
  return argsProblem(spec, call.args);
}

/** What is wrong with arguments, or "". */
export function argsProblem(spec: FilterSpec, args: readonly Arg[]): string {
  const checked = checkArgs(spec.args, spec.anyArgs ? [] : args);
  return "error" in checked ? checked.error.message : spec.check(checked.values);
}

/** The filters of a chain in eskip; throws for one that is not valid. */
export function makeFilters(chain: string, env: FilterEnv = fakeEnv()): Filter[] {
  const { filters, error } = parseFilters(chain);
  if (error !== null) throw new Error(`${chain}: ${error.message}`);
  return filters.map((call) => {
    const problem = callProblem(call);
    if (problem !== "") throw new Error(`${chain}: ${problem}`);
    const spec = specs.get(call.name)!;
    const checked = checkArgs(spec.args, spec.anyArgs ? [] : call.args);
    if ("error" in checked) throw new Error(checked.error.message);
    return spec.create(checked.values, env);
  });
}

export interface ChainResult {
  readonly ctx: FakeContext;
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string[]>>;
  readonly body: string;
  /** What the backend would have seen. */
  readonly requestHeaders: Readonly<Record<string, string[]>>;
  readonly requestBody: string;
}

/** Runs a chain over one request; `answer` is what the backend says when no filter serves. */
export async function runChain(
  chain: string,
  request: FakeRequest = {},
  answer: FakeResponse = {},
  env: FilterEnv = fakeEnv(),
): Promise<ChainResult> {
  const filters = makeFilters(chain, env);
  const ctx = new FakeContext(request);
  let executed = 0;
  for (const filter of filters) {
    executed++;
    await filter.request?.(ctx);
    if (ctx.served) break;
  }
  const requestHeaders = headerRecord(ctx.request.headers);
  const requestBody = await transformed(pieces(request.body ?? []), ctx.requestTransforms);
  if (!ctx.served) {
    ctx.respond(answer.status ?? 200, answer.headers ?? []);
    ctx.body = streamOf(answer.body ?? []);
  }
  ctx.hasResponse = true;
  for (let i = executed - 1; i >= 0; i--) await filters[i]!.response?.(ctx);
  ctx.applyFixedHead();
  return {
    ctx,
    status: ctx.response.status,
    headers: headerRecord(ctx.response.headers),
    body: await bodyText(ctx.body, ctx.responseTransforms),
    requestHeaders,
    requestBody,
  };
}

async function* streamOf(texts: readonly string[]): AsyncGenerator<Uint8Array> {
  yield* pieces(texts);
}

function pieces(texts: readonly string[]): Uint8Array[] {
  return texts.map((text) => Buffer.from(text, "latin1"));
}

/** All of a body as a byte string. */
export async function bodyText(body: Body, transforms: readonly BodyTransform[] = []): Promise<string> {
  if (body === null) return transformed([], transforms);
  if (typeof body === "string") return transformed(pieces([body]), transforms);
  if (body instanceof Uint8Array) return transformed([body], transforms);
  const list: Uint8Array[] = [];
  for await (const chunk of body) list.push(Buffer.from(chunk));
  return transformed(list, transforms);
}

async function transformed(input: readonly Uint8Array[], transforms: readonly BodyTransform[]): Promise<string> {
  let current = input;
  for (const transform of transforms) {
    const next: Uint8Array[] = [];
    for (const chunk of current) {
      next.push(...(await piecesOf(transform.write(chunk))));
    }
    next.push(...(await piecesOf(transform.end())));
    current = next;
  }
  return Buffer.concat(current).toString("latin1");
}

async function piecesOf(result: Transformed): Promise<Uint8Array[]> {
  if (result !== null && Symbol.asyncIterator in result) return Array.fromAsync(result);
  const piece = await result;
  return piece === null ? [] : [piece];
}

/** Header values by name in lower case. */
export function headerRecord(headers: Headers): Record<string, string[]> {
  const record: Record<string, string[]> = {};
  headers.forEach((name, value) => {
    (record[name.toLowerCase()] ??= []).push(value);
  });
  return record;
}
