// The tracer on the OpenTelemetry SDK. This module is imported only when there is something to trace: the SDK takes memory and time at
// the start. Spans wait in a bounded queue and leave in batches; a collector that is slow or gone costs the spans that find the queue
// full, and a log line a minute.

import { DiagLogLevel, diag, ROOT_CONTEXT, type Span, SpanStatusCode } from "@opentelemetry/api";
import { setGlobalErrorHandler } from "@opentelemetry/core";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { ApplicationLog } from "./log.ts";
import { OtlpExporter } from "./otlp-exporter.ts";
import { RateLimitSampler } from "./rate-limit-sampler.ts";
import { consoleExporter, debugExporter } from "./span-lines.ts";
import type { TagValue, TracedSpan, Tracer } from "./tracer.ts";
import type { ExporterSettings, SamplerSettings, TracingSettings } from "./tracing-settings.ts";

/** Longer texts of tags and logs are cut. */
const MAX_TEXT = 4096;
/** What the last export may take when the process ends. */
const FLUSH_MS = 5000;

/** `scope`: the program, as the name of the instrumentation. */
export function openTelemetryTracer(settings: TracingSettings, scope: string, log: ApplicationLog): Tracer | null {
  const exporter = exporterOf(settings.exporter, settings.batch.timeoutMs, log);
  if (exporter === null) return null;
  listenToSdk(log);
  const { delayMs, timeoutMs, queueSize, batchSize } = settings.batch;
  const provider = new TracerProvider({
    resource: defaultResource().merge(resourceFromAttributes(settings.resource)),
    sampler: new ParentBasedSampler({ root: samplerOf(settings.sampler) }),
    spanLimits: { attributeValueLengthLimit: MAX_TEXT, eventCountLimit: settings.maxEvents },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        scheduledDelayMillis: delayMs,
        exportTimeoutMillis: timeoutMs,
        maxQueueSize: queueSize,
        maxExportBatchSize: batchSize,
      }),
    ],
  });
  const tracer = provider.getTracer(scope);
  const keepsLogs = settings.maxEvents > 0;
  return {
    startSpan: (name) => new OpenTelemetrySpan(tracer.startSpan(name, {}, ROOT_CONTEXT), keepsLogs),
    async shutdown() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<string>((resolve) => {
        timer = setTimeout(() => resolve(`not done after ${FLUSH_MS / 1000}s`), FLUSH_MS);
      });
      const problem = await Promise.race([late, provider.shutdown().then(() => "", failureText)]);
      clearTimeout(timer);
      if (problem !== "") log.error(`failed to export the last traces: ${problem}`);
    },
  };
}

class OpenTelemetrySpan implements TracedSpan {
  readonly #span: Span;
  readonly #keepsLogs: boolean;

  constructor(span: Span, keepsLogs: boolean) {
    this.#span = span;
    this.#keepsLogs = keepsLogs;
  }

  setTag(name: string, value: TagValue): void {
    this.#span.setAttribute(name, value);
    if (name === "error" && value === true) this.#span.setStatus({ code: SpanStatusCode.ERROR });
  }

  log(fields: Readonly<Record<string, TagValue>>): void {
    if (this.#keepsLogs) this.#span.addEvent("", fields);
  }

  end(): void {
    this.#span.end();
  }
}

function exporterOf(settings: ExporterSettings, limitMs: number, log: ApplicationLog): SpanExporter | null {
  switch (settings.type) {
    case "none":
      return null;
    case "otlp":
      return new OtlpExporter(settings, limitMs);
    case "console":
      return consoleExporter(settings.prefix, settings.firstLine);
    case "debug":
      return debugExporter(log);
  }
}

function samplerOf(settings: SamplerSettings): Sampler {
  switch (settings.type) {
    case "always":
      return new AlwaysOnSampler();
    case "never":
      return new AlwaysOffSampler();
    case "ratio":
      return new TraceIdRatioBasedSampler(settings.ratio);
    case "rate":
      return new RateLimitSampler(settings.perSecond, () => performance.now());
  }
}

/** What the SDK has to say of its own accord: failed exports, and spans that were dropped. */
function listenToSdk(log: ApplicationLog): void {
  setGlobalErrorHandler((cause) => {
    log.everyMinute("export of traces", "error", `failed to export traces: ${failureText(cause)}`);
  });
  const ignored = (): void => {};
  const warn = (message: string): void => {
    log.everyMinute(message.replace(/\d+/g, ""), "warning", `tracing: ${message}`);
  };
  diag.setLogger(
    { error: ignored, warn, info: ignored, debug: ignored, verbose: ignored },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}

function failureText(cause: unknown): string {
  if (!(cause instanceof Error)) return typeof cause === "string" ? cause : String(Object(cause).message ?? cause);
  // An attempt at several addresses says nothing itself.
  const first = cause instanceof AggregateError ? (cause.errors[0] as unknown) : undefined;
  if (first !== undefined) return failureText(first);
  const { code } = cause as { code?: unknown };
  return typeof code === "number" ? `status ${code} ${cause.message}`.trimEnd() : cause.message;
}
