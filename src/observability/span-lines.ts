// Spans as lines of JSON, for people and tests: on standard output, or in the application log. Nothing waits for a reader: what a full
// pipe does not take is dropped (line-sink.ts).

import { type ExportResult, ExportResultCode, hrTimeToMilliseconds } from "@opentelemetry/core";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import { sinkOn } from "./line-sink.ts";
import type { ApplicationLog } from "./log.ts";

const STDOUT = 1;
/** How long the last lines may take. */
const CLOSE_MS = 1000;

/** By their numbers in the library. */
const KINDS = ["internal", "server", "client", "producer", "consumer"];
const STATUSES = ["unset", "ok", "error"];

class LineExporter implements SpanExporter {
  readonly #write: (json: string) => void;
  readonly #close: () => Promise<void>;

  constructor(write: (json: string) => void, close: () => Promise<void>) {
    this.#write = write;
    this.#close = close;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    for (const span of spans) this.#write(spanJson(span));
    done({ code: ExportResultCode.SUCCESS });
  }

  shutdown(): Promise<void> {
    return this.#close();
  }
}

/** A line for each span behind `prefix`; `firstLine` comes before all, unless it is empty. */
export function consoleExporter(prefix: string, firstLine: string): SpanExporter {
  // Without a reader there is no place left to say so.
  const sink = sinkOn(STDOUT, () => {});
  if (firstLine !== "") sink.add(`${firstLine}\n`);
  return new LineExporter(
    (json) => sink.add(`${prefix}${json}\n`),
    () => sink.close(CLOSE_MS),
  );
}

export function debugExporter(log: ApplicationLog): SpanExporter {
  return new LineExporter(
    (json) => log.debug(`Span: ${json}`),
    async () => {},
  );
}

function spanJson(span: ReadableSpan): string {
  const { traceId, spanId } = span.spanContext();
  return JSON.stringify({
    name: span.name,
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId,
    kind: KINDS[span.kind],
    start: isoTime(span.startTime),
    end: isoTime(span.endTime),
    durationMs: hrTimeToMilliseconds(span.duration),
    status: STATUSES[span.status.code],
    attributes: span.attributes,
    events: span.events.map(({ time, attributes }) => ({ time: isoTime(time), attributes })),
    resource: span.resource.attributes,
    scope: span.instrumentationScope.name,
  });
}

function isoTime(time: ReadableSpan["startTime"]): string {
  return new Date(hrTimeToMilliseconds(time)).toISOString();
}
