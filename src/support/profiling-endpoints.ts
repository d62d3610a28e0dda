// What there is below /debug/pprof/, as data: checks of the query and the index page come from it (spec observability 8).

import type { ProfiledThread } from "../observability/profiling/profiled-thread.ts";

export interface ProfilingEndpoint {
  readonly summary: string;
  /** How long it takes when nothing is asked for; null: it takes no time. */
  readonly seconds: number | null;
  /** Name of the format beside pprof's. */
  readonly chromeFormat: "cpuprofile" | "heapprofile" | null;
  /** Threads that it is about when none is named; null: it is about the process. */
  readonly threads: "all" | "one" | null;
  /** Whether `debug=1` gives text. */
  readonly hasText: boolean;
}

export const PROFILING_ENDPOINTS: ReadonlyMap<string, ProfilingEndpoint> = new Map([
  [
    "profile",
    {
      summary: "CPU profile: where threads spend their time",
      seconds: 30,
      chromeFormat: "cpuprofile",
      threads: "all",
      hasText: false,
    },
  ],
  [
    "heap",
    {
      summary: "what is allocated in that time and still alive at its end, by sample",
      seconds: 5,
      chromeFormat: "heapprofile",
      threads: "all",
      hasText: true,
    },
  ],
  [
    "allocs",
    {
      summary: "everything that is allocated in that time, by sample",
      seconds: 5,
      chromeFormat: "heapprofile",
      threads: "all",
      hasText: true,
    },
  ],
  [
    "heapsnapshot",
    {
      summary: "all objects of one thread, for Chrome DevTools; the thread stands still meanwhile",
      seconds: null,
      chromeFormat: null,
      threads: "one",
      hasText: false,
    },
  ],
  [
    "goroutine",
    {
      summary: "active handles and requests by kind: sockets, timers, file operations",
      seconds: null,
      chromeFormat: null,
      threads: "all",
      hasText: true,
    },
  ],
  [
    "trace",
    {
      summary:
        "trace events of all threads: garbage collections, turns of event loops; for chrome://tracing or Perfetto",
      seconds: 1,
      chromeFormat: null,
      threads: null,
      hasText: false,
    },
  ],
  [
    "cmdline",
    {
      summary: "the command line, separated by NUL",
      seconds: null,
      chromeFormat: null,
      threads: null,
      hasText: false,
    },
  ],
  [
    "symbol",
    {
      summary: "says to pprof that names stand in the profiles",
      seconds: null,
      chromeFormat: null,
      threads: null,
      hasText: false,
    },
  ],
] satisfies [string, ProfilingEndpoint][]);

/** A checked query. */
export interface ProfileQuestion {
  readonly seconds: number;
  readonly threads: readonly ProfiledThread[];
  readonly format: "pprof" | "chrome" | "text";
}

/** Why a query is refused: a line for the client. */
export class BadQuestion {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

const LONGEST_SECONDS = 600;

/** Reads `seconds`, `format`, `debug` and `thread`; other parameters count for nothing. `present` begins with the main thread. */
export function readQuestion(
  endpoint: ProfilingEndpoint,
  query: string,
  present: readonly ProfiledThread[],
): ProfileQuestion | BadQuestion {
  const parameters = new URLSearchParams(query);
  const seconds = readSeconds(endpoint, parameters.get("seconds"));
  if (seconds instanceof BadQuestion) return seconds;
  const format = readFormat(endpoint, parameters.get("format"));
  if (format instanceof BadQuestion) return format;
  const asText = endpoint.hasText && format === "pprof" && Number(parameters.get("debug")) > 0;
  const threads = readThreads(endpoint, format, parameters.get("thread"), present);
  if (threads instanceof BadQuestion) return threads;
  return { seconds, threads, format: asText ? "text" : format };
}

function readSeconds({ seconds }: ProfilingEndpoint, text: string | null): number | BadQuestion {
  if (seconds === null) return 0;
  if (text === null) return seconds;
  const value = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= LONGEST_SECONDS
    ? value
    : refused("seconds", `a whole number from 1 to ${LONGEST_SECONDS}`, text);
}

function readFormat({ chromeFormat }: ProfilingEndpoint, text: string | null): "pprof" | "chrome" | BadQuestion {
  if (text === null || text === "pprof" || chromeFormat === null) return "pprof";
  return text === chromeFormat ? "chrome" : refused("format", `pprof or ${chromeFormat}`, text);
}

function readThreads(
  { threads }: ProfilingEndpoint,
  format: "pprof" | "chrome",
  text: string | null,
  present: readonly ProfiledThread[],
): readonly ProfiledThread[] | BadQuestion {
  if (threads === null) return [];
  // The formats of Chrome are about one thread.
  const isOne = threads === "one" || format === "chrome";
  // The workers see the requests; a Route Server has none.
  if (text === null) return isOne ? [present[1] ?? present[0]!] : present;
  if (text === "all" && !isOne) return present;
  const named = present.filter(({ name }) => name === text);
  const names = [...(isOne ? [] : ["all"]), ...present.map(({ name }) => name)];
  return named.length > 0 ? named : refused("thread", `one of ${names.join(", ")}`, text);
}

function refused(parameter: string, expected: string, got: string): BadQuestion {
  return new BadQuestion(`${parameter}: expected ${expected}, got ${JSON.stringify(got)}`);
}
