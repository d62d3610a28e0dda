// What the load generator is told and what it answers: the two sides are different processes, so both shapes are plain JSON.

export interface LoadPlan {
  readonly port: number;
  readonly connections: number;
  /** Length of the measured run; it ends by itself. */
  readonly seconds: number;
  /** Requests per second over all connections; 0: every connection sends its next request as soon as it has its answer. */
  readonly ratePerSecond: number;
  /** Whole request heads with their empty line, as byte strings; sent in turn. */
  readonly heads: readonly string[];
  /** Length in bytes of the body sent after each head, 0 for none. */
  readonly bodyBytes: number;
  readonly expectStatus: number;
  /** Expected length of the response body in bytes, -1 when it does not matter. */
  readonly expectBytes: number;
}

export interface LoadResult {
  /** Complete answers with the expected status and length. */
  readonly requests: number;
  /** Wrong answers and broken connections, counted by what was wrong. */
  readonly errors: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly bytesReceived: number;
  readonly latencyMicros: { readonly p50: number; readonly p90: number; readonly p99: number; readonly max: number };
  /** 99th percentile of each whole second of the run, in microseconds. */
  readonly p99MicrosBySecond: readonly number[];
  /**
   * The same of the requests that were sent while the machine had its usual speed (machine-speed.ts); null for a second with hardly
   * any of them, or in which the host took time away. Empty without a rate.
   */
  readonly steadyP99MicrosBySecond: readonly (number | null)[];
}

/** The head of a GET request as common clients send it. */
export function getHead(host: string, target: string): string {
  return `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n`;
}

/** The head of a POST request with a body of the given length. */
export function postHead(host: string, target: string, bodyBytes: number): string {
  return `POST ${target} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\nContent-Length: ${bodyBytes}\r\n\r\n`;
}
