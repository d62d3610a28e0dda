// The tracer that the options ask for (spec observability 9). What reads the settings, and the SDK, are imported only when there is
// something to trace: other processes do not pay for them.

import { Invalid } from "../config/option.ts";
import type { Options } from "../config/options.ts";
import type { ApplicationLog } from "../observability/log.ts";
import type { Tracer } from "../observability/tracer.ts";
import type { TracingSettings } from "../observability/tracing-settings.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Null: nothing is traced. Rejects with the message of the fatal line. `program` is also the name of the instrumentation. */
export async function openTracer(
  options: Options,
  program: string,
  environment: Environment,
  log: ApplicationLog,
): Promise<Tracer | null> {
  const read = await readSettings(options, program, environment);
  if (read === null) return null;
  for (const warning of read.warnings) log.warn(warning);
  const { openTelemetryTracer } = await import("../observability/open-telemetry-tracer.ts");
  const tracer = openTelemetryTracer(read.settings, program, log);
  if (options.openTelemetry !== null) log.info("OpenTelemetry configured");
  return tracer;
}

/** For a program that begins no spans: wrong options are refused as they would be elsewhere, and right ones do not pass in silence. */
export async function refuseTracing(
  options: Options,
  program: string,
  environment: Environment,
  log: ApplicationLog,
): Promise<void> {
  if ((await readSettings(options, program, environment)) === null) return;
  const flag = options.openTelemetry === null ? "opentracing" : "open-telemetry";
  log.warn(`${flag}: without effect, ${program} does not trace requests yet`);
}

/** Null: nothing is to be traced. */
async function readSettings(
  { openTelemetry, opentracing }: Options,
  program: string,
  environment: Environment,
): Promise<{ readonly settings: TracingSettings; readonly warnings: readonly string[] } | null> {
  if (openTelemetry !== null) {
    const { openTelemetrySettings } = await import("../config/open-telemetry.ts");
    const settings = openTelemetrySettings(openTelemetry, environment, program);
    if (settings instanceof Invalid) throw new Error(`failed to setup OpenTelemetry: ${settings.message}`);
    const { unknown } = openTelemetry;
    return { settings, warnings: unknown.length === 0 ? [] : [`open-telemetry: unknown keys: ${unknown.join(", ")}`] };
  }
  if (/^\s*(?:noop(?:\s.*)?)?$/s.test(opentracing)) return null;
  const { openTracingSettings } = await import("../config/opentracing.ts");
  const vendor = openTracingSettings(opentracing, environment);
  if (vendor instanceof Invalid) throw new Error(vendor.message);
  return vendor;
}
