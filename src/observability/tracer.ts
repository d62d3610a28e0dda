// What the parts of the product see of tracing: spans that are begun, described and ended. Nothing here waits for a collector, and
// nothing fails because of it. Where there is no tracing there is no tracer: null stands for it.

/** Numbers that are whole are exported as integers. */
export type TagValue = string | number | boolean;

/** One piece of work. After `end` nothing changes it; a span that is never ended is never exported. */
export interface TracedSpan {
  /** The last value of a name counts. `error` true makes it the span of a failure. */
  setTag(name: string, value: TagValue): void;
  /** Something that happened at this moment. */
  log(fields: Readonly<Record<string, TagValue>>): void;
  end(): void;
}

export interface Tracer {
  /** Begins a span that is the root of a trace. */
  startSpan(name: string): TracedSpan;
  /** Exports the spans that have ended, for some seconds at most. Later ones are dropped. Never rejects. */
  shutdown(): Promise<void>;
}
