// The admission webhook as a handler of node:http (spec kubernetes 14): endpoints, limits, statuses, logs. The API server waits for its
// answer with every object, and whoever reaches the port may send anything: bodies, log lines and labels have limits.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { LogLevel } from "../../observability/log.ts";
import { DecodeFault } from "../decode.ts";
import type { Admitter } from "./admitter.ts";
import { parseReview, ReviewFault, type ReviewRequest, reviewAnswer } from "./review.ts";

/** What is counted, by the name of the admitter (spec kubernetes 14). */
export interface AdmissionMetrics {
  requested(admitter: string): void;
  /** It was no review. */
  invalid(admitter: string): void;
  decided(admitter: string, review: ReviewLabels, allowed: boolean, seconds: number): void;
  /** The Prometheus text and its content type. */
  exposition(): Promise<{ readonly contentType: string; readonly text: string }>;
}

export type ReviewLabels = Pick<ReviewRequest, "operation" | "group" | "version" | "resource" | "subResource">;

/** The part of the application log that is needed here. */
export interface AdmissionLog {
  enabled(level: LogLevel): boolean;
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  everyMinute(key: string, level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface AdmissionOptions {
  /** By path. */
  readonly admitters: ReadonlyMap<string, Admitter>;
  readonly metrics: AdmissionMetrics;
  readonly log: AdmissionLog;
}

/** Bytes of a body; objects in etcd are half as large. */
export const MAX_BODY_BYTES = 3_145_728;
/** Bytes of all bodies being read; one that would be more is refused like one that is too large. */
const MAX_HELD_BYTES = 64 * 1_048_576;
/** Bytes that are read of a body that is refused. */
const MAX_READ_BYTES = 4 * MAX_BODY_BYTES;
/** Characters of a text from a client in a log line. */
const MAX_LOGGED = 500;

export type AdmissionHandler = (request: IncomingMessage, response: ServerResponse) => void;

export function admissionHandler(options: AdmissionOptions): AdmissionHandler {
  const { admitters, metrics, log } = options;
  const bodies = new BodyReader();

  async function review(admitter: Admitter, request: IncomingMessage, response: ServerResponse): Promise<void> {
    metrics.requested(admitter.name);
    const refuse = (status: number, message: string, fields?: Readonly<Record<string, unknown>>): void => {
      metrics.invalid(admitter.name);
      if (message !== "") {
        const [sort] = message.split(":", 1);
        log.everyMinute(`admission: ${sort}`, "error", message.slice(0, MAX_LOGGED), fields);
      }
      answer(response, status);
    };
    if (request.method !== "POST" || request.headers["content-type"] !== "application/json") return refuse(400, "");
    const body = await bodies.read(request);
    if (typeof body !== "string") return refuse(500, `Failed to read request: ${body.error}`);
    const parsed = parseReview(body);
    if (parsed instanceof ReviewFault) return refuse(400, parsed.message);
    const started = performance.now();
    const faults = parsed.object === null && parsed.operation === "DELETE" ? [] : admitter.admit(parsed.object);
    if (faults instanceof DecodeFault)
      return refuse(400, `Failed to admit request: ${faults.message}`, fieldsOf(parsed));
    if (log.enabled("debug")) log.debug(faults.length === 0 ? "Allowed" : "Rejected", fieldsOf(parsed));
    metrics.decided(admitter.name, parsed, faults.length === 0, (performance.now() - started) / 1000);
    answer(response, 200, "application/json", reviewAnswer(parsed.uid, faults));
  }

  async function showMetrics(response: ServerResponse): Promise<void> {
    const { contentType, text } = await metrics.exposition();
    answer(response, 200, contentType, text);
  }

  return (request, response) => {
    // The API server adds a query with its timeout.
    const path = request.url!.split("?", 1)[0]!;
    const admitter = admitters.get(path);
    let done: Promise<void> | null = null;
    if (admitter !== undefined) done = review(admitter, request, response);
    else if (path === "/metrics") done = showMetrics(response);
    else if (path === "/healthz") answer(response, 200, "text/plain; charset=utf-8", "ok");
    else answer(response, 404);
    done?.catch((cause: unknown) => {
      const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
      log.everyMinute("admission", "error", `admission webhook: ${path.slice(0, MAX_LOGGED)}: ${text}`);
      response.destroy();
    });
  };
}

function answer(response: ServerResponse, status: number, contentType = "", body = ""): void {
  if (contentType !== "") response.setHeader("Content-Type", contentType);
  // What is left of a body that is refused unread is not worth reading.
  if (!response.req.complete) response.setHeader("Connection", "close");
  response.writeHead(status, { "Content-Length": Buffer.byteLength(body) }).end(body);
}

/** What the log says of a request. */
function fieldsOf({ operation, kind, namespace, name, user }: ReviewRequest): Readonly<Record<string, string>> {
  const fields = Object.entries({ operation, kind, namespace, name, user });
  return Object.fromEntries(fields.map(([field, text]) => [field, text.slice(0, MAX_LOGGED)]));
}

/** Reads bodies into memory, within the limits of one and of all. */
class BodyReader {
  #held = 0;

  async read(request: IncomingMessage): Promise<string | { readonly error: string }> {
    const chunks: Buffer[] = [];
    let size = 0;
    let held = 0;
    try {
      // Left early the stream stays whole: it is the socket of the response.
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        size += chunk.length;
        // A client that is still writing reads no answer, so a body that is not too long is read to its end all the same.
        if (size > MAX_READ_BYTES) break;
        if (size > MAX_BODY_BYTES || this.#held + chunk.length > MAX_HELD_BYTES) continue;
        held += chunk.length;
        this.#held += chunk.length;
        chunks.push(chunk);
      }
      if (size > MAX_BODY_BYTES) return { error: `the body is larger than ${MAX_BODY_BYTES} bytes` };
      if (size > held) return { error: "too many requests at a time" };
      return Buffer.concat(chunks, size).toString("utf8");
    } catch (cause) {
      return { error: cause instanceof Error ? cause.message : String(cause) };
    } finally {
      this.#held -= held;
    }
  }
}
