// What a tracer is made of, as plain data: config/ reads it from the options of tracing, open-telemetry-tracer.ts builds it.

import type { TagValue } from "./tracer.ts";

/** Which of the traces that begin here are recorded. */
export type SamplerSettings =
  | { readonly type: "always" | "never" }
  /** 0 to 1. */
  | { readonly type: "ratio"; readonly ratio: number }
  /** More than 0. */
  | { readonly type: "rate"; readonly perSecond: number };

/** Where spans go. */
export type ExporterSettings =
  | { readonly type: "none" }
  /** OTLP over http/protobuf; `url` is the whole address. */
  | { readonly type: "otlp"; readonly url: string; readonly headers: Readonly<Record<string, string>> }
  /** JSON lines on standard output, each behind `prefix`, after `firstLine` (none when empty). */
  | { readonly type: "console"; readonly prefix: string; readonly firstLine: string }
  /** Lines of the application log at level debug. */
  | { readonly type: "debug" };

/** Spans are exported in batches. Those that find the queue full are dropped. */
export interface BatchSettings {
  /** How long a span waits for others at most, in milliseconds. */
  readonly delayMs: number;
  /** The longest export, in milliseconds. */
  readonly timeoutMs: number;
  /** In spans, from 1 on. */
  readonly queueSize: number;
  /** From 1 to `queueSize`. */
  readonly batchSize: number;
}

export interface TracingSettings {
  /** Attributes of the process; `service.name` among them. */
  readonly resource: Readonly<Record<string, TagValue>>;
  readonly sampler: SamplerSettings;
  readonly exporter: ExporterSettings;
  readonly batch: BatchSettings;
  /** Log events that a span keeps, the latest; 0: none. */
  readonly maxEvents: number;
}

export const DEFAULT_BATCH: BatchSettings = { delayMs: 5000, timeoutMs: 30_000, queueSize: 2048, batchSize: 512 };
export const DEFAULT_EVENTS = 128;
