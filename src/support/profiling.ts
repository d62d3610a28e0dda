// /debug/pprof and what lies below it on the support listener (spec observability 8), with -enable-profile. One profile is taken at a
// time; it ends when its client leaves. Before somebody asks nothing of it runs, in any thread.

import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { encodePprof, type ValueType } from "../observability/profiling/pprof.ts";
import { printResources, printStacks } from "../observability/profiling/profile-text.ts";
import type { ProfiledThread } from "../observability/profiling/profiled-thread.ts";
import { cpuSamples, heapSamples, type StackSample } from "../observability/profiling/stack-samples.ts";
import { type ThreadAnswer, takeProfiles } from "../observability/profiling/take-profiles.ts";
import type { ProfilingOrder } from "../observability/profiling/thread-profiler.ts";
import { traceEvents } from "../observability/profiling/trace-events.ts";
import { zlib } from "../util/lazy-builtin.ts";
import { type AnswerHeaders, answer } from "./answer.ts";
import { BadQuestion, PROFILING_ENDPOINTS, type ProfileQuestion, readQuestion } from "./profiling-endpoints.ts";
import { profilingIndex } from "./profiling-index.ts";

export interface ProfilingSettings {
  /** The threads of the moment, the main thread first. */
  threads(): readonly ProfiledThread[];
  readonly commandLine: readonly string[];
  /** Mean bytes between two samples of the heap; null: the heap is not sampled. */
  readonly heapIntervalBytes: number | null;
}

export interface ProfilingHandler {
  (request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Breaks off the profile that is being taken. */
  close(): void;
}

export const PROFILING_PATH = "/debug/pprof";

const TEXT: AnswerHeaders = { "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff" };
const HTML: AnswerHeaders = { "Content-Type": "text/html; charset=utf-8", "X-Content-Type-Options": "nosniff" };

/** A sample each millisecond, up to so many of each thread; longer profiles have them further apart. */
const CPU_INTERVAL_US = 1000;
const CPU_SAMPLES = 60_000;

/** Trace events that the client has not taken, in bytes; further ones are dropped and counted. */
const UNREAD_TRACE_BYTES = 32 << 20;

export function createProfilingHandler(settings: ProfilingSettings): ProfilingHandler {
  const profiling = new Profiling(settings);
  const handler = (request: IncomingMessage, response: ServerResponse) => profiling.handle(request, response);
  return Object.assign(handler, { close: () => profiling.close() });
}

class Profiling {
  readonly #settings: ProfilingSettings;
  /** Waits for the profile that is being taken; null when there is none. */
  #client: ServerResponse | null = null;

  constructor(settings: ProfilingSettings) {
    this.#settings = settings;
  }

  close(): void {
    this.#client?.destroy();
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path, query = ""] = request.url!.split("?", 2) as [string, string?];
    const name = path.slice(PROFILING_PATH.length + 1);
    const endpoint = PROFILING_ENDPOINTS.get(name);
    if (name !== "" && endpoint === undefined) return answer(response, 404, TEXT, "Unknown profile\n");
    // pprof sends addresses to `symbol`.
    const methods = name === "symbol" ? ["GET", "HEAD", "POST"] : ["GET", "HEAD"];
    if (!methods.includes(request.method!)) return answer(response, 405, { Allow: methods.join(", ") });
    const threads = this.#settings.threads();
    if (endpoint === undefined) return answer(response, 200, HTML, profilingIndex(PROFILING_PATH, threads));
    const question = readQuestion(endpoint, query, threads);
    if (question instanceof BadQuestion) return answer(response, 400, TEXT, `${question.message}\n`);
    switch (name) {
      case "cmdline":
        return answer(response, 200, TEXT, this.#settings.commandLine.join("\0"));
      case "symbol":
        return answer(response, 200, TEXT, "num_symbols: 1\n");
      case "goroutine":
        return await serveResources(question, response);
      case "trace":
        return await this.#take(request, response, file("trace.json"), (signal) =>
          serveTrace(response, question.seconds, signal),
        );
      case "heapsnapshot": {
        const thread = question.threads[0]!;
        return await this.#take(request, response, file(`${thread.name}.heapsnapshot`), (signal) =>
          serveSnapshot(thread, response, signal),
        );
      }
      case "profile":
        return await this.#sample(cpuProfile(question.seconds), question, request, response);
    }
    const intervalBytes = this.#settings.heapIntervalBytes;
    if (intervalBytes === null) return answer(response, 404, TEXT, "switched off by -memory-profile-rate\n");
    await this.#sample(heapProfile(name === "allocs" ? name : "heap", intervalBytes), question, request, response);
  }

  async #sample(
    kind: SampledKind,
    question: ProfileQuestion,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const name = question.format === "chrome" ? `${question.threads[0]!.name}.${kind.chrome}` : `${kind.name}.pb.gz`;
    const headers = question.format === "text" ? TEXT : file(name);
    await this.#take(request, response, headers, async (signal) => {
      const startMs = Date.now();
      const before = performance.now();
      const answers = await takeProfiles(question.threads, kind.start, { seconds: question.seconds, signal });
      const result = { answers, startMs, durationMs: performance.now() - before };
      await serveSamples(kind, question.format, result, response);
    });
  }

  /** Runs `take` alone, as long as the client is there; it writes the response with the headers that are set here. */
  async #take(
    request: IncomingMessage,
    response: ServerResponse,
    headers: AnswerHeaders,
    take: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    if (request.method === "HEAD") {
      response.writeHead(200, headers).end();
      return;
    }
    if (this.#client !== null) return answer(response, 409, TEXT, "another profile is being taken\n");
    this.#client = response;
    const left = new AbortController();
    response.once("close", () => left.abort());
    response.setHeaders(new Map(Object.entries(headers)));
    try {
      await take(left.signal);
    } catch (cause) {
      if (left.signal.aborted) return;
      if (response.headersSent) throw cause;
      fail(response, cause instanceof Error ? cause.message : String(cause));
    } finally {
      this.#client = null;
    }
  }
}

function file(name: string): AnswerHeaders {
  return {
    "Content-Type": "application/octet-stream",
    "Content-Disposition": `attachment; filename="${name}"`,
    "X-Content-Type-Options": "nosniff",
  };
}

/** No profile came of it: 503 with the reason in place of the file. */
function fail(response: ServerResponse, problem: string): void {
  response.removeHeader("Content-Disposition");
  answer(response, 503, TEXT, `${problem}\n`);
}

interface SampledKind {
  readonly name: string;
  readonly chrome: "cpuprofile" | "heapprofile";
  readonly start: ProfilingOrder & { readonly do: "start" };
  readonly valueTypes: readonly ValueType[];
  readonly periodType: ValueType;
  readonly period: number;
}

function cpuProfile(seconds: number): SampledKind {
  const intervalUs = Math.max(CPU_INTERVAL_US, Math.ceil((seconds * 1e6) / CPU_SAMPLES));
  const cpu = { type: "cpu", unit: "nanoseconds" };
  return {
    name: "profile",
    chrome: "cpuprofile",
    start: { do: "start", profile: "cpu", intervalUs },
    valueTypes: [{ type: "samples", unit: "count" }, cpu],
    periodType: cpu,
    period: intervalUs * 1000,
  };
}

function heapProfile(profile: "heap" | "allocs", intervalBytes: number): SampledKind {
  return {
    name: profile,
    chrome: "heapprofile",
    start: { do: "start", profile, intervalBytes },
    valueTypes: [{ type: profile === "heap" ? "inuse_space" : "alloc_space", unit: "bytes" }],
    periodType: { type: "space", unit: "bytes" },
    period: intervalBytes,
  };
}

interface Taken {
  readonly answers: readonly ThreadAnswer[];
  readonly startMs: number;
  readonly durationMs: number;
}

async function serveSamples(
  kind: SampledKind,
  format: ProfileQuestion["format"],
  { answers, startMs, durationMs }: Taken,
  response: ServerResponse,
): Promise<void> {
  const missing = answers.flatMap(({ answer }) => (answer.type === "failed" ? [answer.problem] : []));
  if (missing.length === answers.length) return fail(response, missing.join("\n"));
  if (format === "chrome") {
    for (const { answer } of answers) if ("profile" in answer) response.end(JSON.stringify(answer.profile));
    return;
  }
  const samples = answers.flatMap(samplesOf);
  if (format === "text") {
    response.end(printStacks(`${kind.name}, one sample for ${kind.period} bytes`, samples, missing));
    return;
  }
  const { valueTypes, periodType, period } = kind;
  const comments = missing.map((problem) => `missing: ${problem}`);
  response.end(await compressed({ valueTypes, samples, periodType, period, startMs, durationMs, comments }));
}

function samplesOf({ thread, answer }: ThreadAnswer): StackSample[] {
  if (answer.type === "cpu") return cpuSamples(thread, answer.profile);
  return answer.type === "heap" ? heapSamples(thread, answer.profile) : [];
}

function compressed(profile: Parameters<typeof encodePprof>[0]): Promise<Buffer> {
  return promisify(zlib().gzip)(encodePprof(profile));
}

/** Takes no time, so any number may ask. */
async function serveResources({ threads, format }: ProfileQuestion, response: ServerResponse): Promise<void> {
  const answers = await Promise.all(
    threads.map(async (thread) => ({ thread: thread.name, answer: await thread.order({ do: "resources" }) })),
  );
  if (format === "text") return answer(response, 200, TEXT, printResources(answers));
  const handles = { type: "handles", unit: "count" };
  const samples = answers.flatMap(({ thread, answer }) =>
    answer.type !== "resources"
      ? []
      : Object.entries(answer.counts).map(([name, count]) => ({
          thread,
          frames: [{ name, file: "", line: 0 }],
          values: [count],
        })),
  );
  const body = await compressed({
    valueTypes: [handles],
    samples,
    periodType: handles,
    period: 1,
    startMs: Date.now(),
    durationMs: 0,
    comments: [],
  });
  response.writeHead(200, { ...file("goroutine.pb.gz"), "Content-Length": body.length }).end(body);
}

async function serveSnapshot(thread: ProfiledThread, response: ServerResponse, signal: AbortSignal): Promise<void> {
  const answer = await thread.order({ do: "snapshot" });
  if (signal.aborted) return;
  if (answer.type !== "snapshot") throw new Error(answer.type === "failed" ? answer.problem : answer.type);
  const length = answer.parts.reduce((sum, part) => sum + part.length, 0);
  response.setHeader("Content-Length", length);
  await pipeline(Readable.from(answer.parts), response);
}

async function serveTrace(response: ServerResponse, seconds: number, signal: AbortSignal): Promise<void> {
  let before = '{"traceEvents":[';
  let droppedEvents = 0;
  await traceEvents({ seconds, signal }, (events) => {
    if (events.length === 0) return;
    if (response.writableLength > UNREAD_TRACE_BYTES) {
      droppedEvents += events.length;
      return;
    }
    response.write(before + events.map((event) => JSON.stringify(event)).join(",\n"));
    before = ",\n";
  });
  const begin = before.startsWith("{") ? before : "";
  response.end(`${begin}],"otherData":${JSON.stringify({ droppedEvents })}}\n`);
}
