// From the document of -open-telemetry and the environment variables of OpenTelemetry to the settings of the tracer (spec observability
// 9.2): the document wins, and a variable fills what it leaves out. Imported only when there is such a document.

import {
  type BatchSettings,
  DEFAULT_BATCH,
  DEFAULT_EVENTS,
  type ExporterSettings,
  type SamplerSettings,
  type TracingSettings,
} from "../observability/tracing-settings.ts";
import { LONGEST_TIMER_MS } from "../util/longest-timer.ts";
import type { OpenTelemetryDocument } from "./open-telemetry-document.ts";
import { Invalid } from "./option.ts";
import { decimal } from "./option-kinds.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

type Document = OpenTelemetryDocument["values"];

const EXPORTERS = ["otlp", "console", "skipper-debug"];
const VARIABLE_EXPORTERS = ["otlp", "console", "none"];
const PROTOCOL = "http/protobuf";
const PROPAGATORS = ["tracecontext", "baggage", "b3", "b3multi", "jaeger", "xray", "ottrace", "none"];
/** Where a collector listens that nobody named. */
const LOCAL_ENDPOINT = "http://localhost:4318";

/** `program` is the name of the service when nothing says another. */
export function openTelemetrySettings(
  { values }: OpenTelemetryDocument,
  environment: Environment,
  program: string,
): TracingSettings | Invalid {
  const { propagators = [] } = values;
  const named = propagators.length > 0 ? propagators : words(variable(environment, "OTEL_PROPAGATORS"));
  const unknown = named.find((name) => !PROPAGATORS.includes(name));
  if (unknown !== undefined) return new Invalid(`unknown propagator ${JSON.stringify(unknown)}`);
  const exporter = exporterSettings(values, environment);
  if (exporter instanceof Invalid) return exporter;
  const batch = batchSettings(values, environment);
  if (batch instanceof Invalid) return batch;
  const sampler = samplerSettings(environment);
  if (sampler instanceof Invalid) return sampler;
  const attributes = pairs(environment, "OTEL_RESOURCE_ATTRIBUTES");
  if (attributes instanceof Invalid) return attributes;
  const serviceName = variable(environment, "OTEL_SERVICE_NAME");
  const service = serviceName === "" ? {} : { "service.name": serviceName };
  const resource = { "service.name": program, ...attributes, ...service, ...values.resourceAttributes };
  return { resource, sampler, exporter, batch, maxEvents: DEFAULT_EVENTS };
}

/** The address of the collector that the variables name, "" when they name none. */
export function endpointOfEnvironment(environment: Environment): string {
  const own = variable(environment, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  if (own !== "") return own;
  const base = variable(environment, "OTEL_EXPORTER_OTLP_ENDPOINT");
  return base === "" ? "" : tracesUrl(base);
}

export function tracesUrl(base: string): string {
  return `${base.replace(/\/+$/, "")}/v1/traces`;
}

/** Settings of OTLP; what is wrong with an address or a header is found here and not with every export. */
export function otlpSettings(url: string, headers: Readonly<Record<string, string>>): ExporterSettings | Invalid {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    return new Invalid(`OTLP endpoint: expected an http or https URL, got ${JSON.stringify(url)}`);
  }
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
      return new Invalid(`OTLP headers: expected the name of a header, got ${JSON.stringify(name)}`);
    }
    // The value may be a secret.
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      return new Invalid(`OTLP headers: the value of ${name} has characters that no header can have`);
    }
  }
  return { type: "otlp", url: new URL(url).href, headers };
}

function exporterSettings(values: Document, environment: Environment): ExporterSettings | Invalid {
  const given = values.tracesExporter ?? "";
  if (given !== "" && !EXPORTERS.includes(given)) return notOneOf("tracesExporter", EXPORTERS, given);
  const ofVariable = variable(environment, "OTEL_TRACES_EXPORTER");
  const name = given || ofVariable || "otlp";
  if (given === "" && !VARIABLE_EXPORTERS.includes(name)) {
    return notOneOf("OTEL_TRACES_EXPORTER", VARIABLE_EXPORTERS, name);
  }
  if (name === "none") return { type: "none" };
  if (name === "console") return { type: "console", prefix: "", firstLine: "" };
  if (name === "skipper-debug") return { type: "debug" };
  const { protocol, endpoint = "", headers } = values.exporterOtlp ?? {};
  const spoken =
    protocol ||
    variable(environment, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") ||
    variable(environment, "OTEL_EXPORTER_OTLP_PROTOCOL") ||
    PROTOCOL;
  if (spoken === "grpc") {
    return new Invalid(
      `OTLP protocol "grpc" is not supported: there is no exporter for it here; ${PROTOCOL} is, which collectors take at port 4318`,
    );
  }
  if (spoken !== PROTOCOL) return notOneOf("OTLP protocol", [PROTOCOL], spoken);
  // Whoever names the exporter names the address too; OpenTelemetry's own default serves those who name neither.
  const fallback = given === "" ? tracesUrl(LOCAL_ENDPOINT) : "";
  const url = endpoint === "" ? endpointOfEnvironment(environment) || fallback : tracesUrl(endpoint);
  if (url === "") return new Invalid("OTLP endpoint is required");
  const ofEnvironment = pairs(environment, "OTEL_EXPORTER_OTLP_HEADERS");
  if (ofEnvironment instanceof Invalid) return ofEnvironment;
  const own = pairs(environment, "OTEL_EXPORTER_OTLP_TRACES_HEADERS");
  return own instanceof Invalid ? own : otlpSettings(url, { ...ofEnvironment, ...own, ...headers });
}

const AMOUNTS = [
  ["delayMs", "scheduleDelay", "OTEL_BSP_SCHEDULE_DELAY"],
  ["timeoutMs", "exportTimeout", "OTEL_BSP_EXPORT_TIMEOUT"],
  ["queueSize", "maxQueueSize", "OTEL_BSP_MAX_QUEUE_SIZE"],
  ["batchSize", "maxExportBatchSize", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"],
] as const;

/** Numbers above 0: of the document, else of the variable, else the default. 0 in the document: not given. */
function batchSettings({ batchSpanProcessor = {} }: Document, environment: Environment): BatchSettings | Invalid {
  const batch = { ...DEFAULT_BATCH };
  for (const [field, key, name] of AMOUNTS) {
    const given = batchSpanProcessor[key] ?? 0;
    const text = given === 0 ? variable(environment, name) : "";
    if (given < 0) return new Invalid(`batchSpanProcessor.${key}: expected more than 0, got ${given}`);
    if (text !== "" && !/^[1-9]\d{0,14}$/.test(text)) {
      return new Invalid(`${name}: expected a whole number above 0, got ${JSON.stringify(text)}`);
    }
    batch[field] = given || Number(text) || batch[field];
  }
  return boundedBatch(batch);
}

/** Within what timers and queues can do. */
export function boundedBatch({ delayMs, timeoutMs, queueSize, batchSize }: BatchSettings): BatchSettings {
  return {
    delayMs: Math.min(delayMs, LONGEST_TIMER_MS),
    timeoutMs: Math.min(timeoutMs, LONGEST_TIMER_MS),
    queueSize,
    batchSize: Math.min(batchSize, queueSize),
  };
}

/** Spans without parent are all there are: whether a sampler asks the parent first makes no difference. */
function samplerSettings(environment: Environment): SamplerSettings | Invalid {
  const name = variable(environment, "OTEL_TRACES_SAMPLER");
  switch (name.replace(/^parentbased_/, "")) {
    case "":
    case "always_on":
      return { type: "always" };
    case "always_off":
      return { type: "never" };
    case "traceidratio": {
      const text = variable(environment, "OTEL_TRACES_SAMPLER_ARG");
      const ratio = text === "" ? 1 : decimal.test(text) ? Number(text) : Number.NaN;
      if (ratio >= 0 && ratio <= 1) return { type: "ratio", ratio };
      return new Invalid(`OTEL_TRACES_SAMPLER_ARG: expected a number from 0 to 1, got ${JSON.stringify(text)}`);
    }
    default: {
      const names = ["always_on", "always_off", "traceidratio"];
      return notOneOf("OTEL_TRACES_SAMPLER", [...names, ...names.map((one) => `parentbased_${one}`)], name);
    }
  }
}

/** `k=v,k2=v2` with percent escapes. The values may be secrets. */
function pairs(environment: Environment, name: string): Readonly<Record<string, string>> | Invalid {
  const entries: [string, string][] = [];
  for (const [i, part] of words(variable(environment, name)).entries()) {
    const equals = part.indexOf("=");
    if (equals < 1) return new Invalid(`${name}: expected key=value,..., entry ${i + 1} is none`);
    entries.push([unescaped(part.slice(0, equals).trim()), unescaped(part.slice(equals + 1).trim())]);
  }
  return Object.fromEntries(entries);
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function words(text: string): string[] {
  return text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

/** "" when it is not set. */
function variable(environment: Environment, name: string): string {
  return environment[name]?.trim() ?? "";
}

function notOneOf(what: string, names: readonly string[], got: string): Invalid {
  const choice = names.length === 1 ? names[0] : `one of ${names.join(", ")}`;
  return new Invalid(`${what}: expected ${choice}, got ${JSON.stringify(got)}`);
}
