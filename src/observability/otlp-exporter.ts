// Spans to a collector, OTLP over http/protobuf. The library sends and repeats; this file adds that an export ends in time whatever the
// other side does: a collector that sends its answer byte by byte would otherwise hold a connection, and a batch, for ever.

import type { Agent } from "node:http";
import type { ExportResult } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import { http, https } from "../util/lazy-builtin.ts";

export interface OtlpTarget {
  /** The whole address. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The time of one export, its repetitions included; less when the whole of it may take less. */
const EXPORT_MS = 10_000;

export class OtlpExporter implements SpanExporter {
  readonly #agent: Agent;
  readonly #exporter: OTLPTraceExporter;
  readonly #limitMs: number;

  /** `limitMs`: the longest that an export may take. */
  constructor({ url, headers }: OtlpTarget, limitMs: number) {
    const { Agent: AgentOfUrl } = url.startsWith("https:") ? https() : http();
    const agent = new AgentOfUrl({ keepAlive: true });
    this.#agent = agent;
    this.#limitMs = limitMs;
    this.#exporter = new OTLPTraceExporter({
      url,
      headers: { ...headers },
      timeoutMillis: Math.min(EXPORT_MS, limitMs),
      httpAgentOptions: () => agent,
    });
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    // The connections of the exports that are under way; the library does not begin anew so late.
    const limit = setTimeout(() => this.#agent.destroy(), this.#limitMs);
    this.#exporter.export(spans, (result) => {
      clearTimeout(limit);
      done(result);
    });
  }

  async shutdown(): Promise<void> {
    await this.#exporter.shutdown();
    this.#agent.destroy();
  }
}
