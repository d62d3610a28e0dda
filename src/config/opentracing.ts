// From -opentracing, a vendor and its options (spec observability 9.1), to the settings of the tracer. There is one tracer, which
// speaks OTLP: what an option steers there is kept, and what it cannot do there is told at the start. Imported only when there is a
// vendor.

import {
  type BatchSettings,
  DEFAULT_BATCH,
  DEFAULT_EVENTS,
  type ExporterSettings,
  type SamplerSettings,
  type TracingSettings,
} from "../observability/tracing-settings.ts";
import { formatDuration } from "../util/duration.ts";
import { boundedBatch, type Environment, endpointOfEnvironment, otlpSettings, tracesUrl } from "./open-telemetry.ts";
import { Invalid, type OptionKind } from "./option.ts";
import { bool, decimal, duration, int, oneOf, string } from "./option-kinds.ts";

export interface VendorTracing {
  readonly settings: TracingSettings;
  /** What is not done as the vendor's own client would do it. */
  readonly warnings: readonly string[];
}

/** `noop`: nothing is traced. */
export const NO_TRACER = "noop";

interface Vendor<K extends Kinds = Kinds> {
  readonly options: K;
  /** Options that are read and change nothing. */
  readonly idle: readonly (keyof K)[];
  settings(given: Values<K>, environment: Environment): TracingSettings | Invalid;
  /** Further departures. */
  notes?(given: Values<K>): readonly string[];
}

/** How the value of one option is read; bools need none. */
type Kind<T> = Pick<OptionKind<T>, "type" | "isBool" | "fromFlag">;

interface Kinds {
  readonly [option: string]: Kind<unknown>;
}

type Values<K> = { readonly [N in keyof K]?: K[N] extends Kind<infer T> ? T : never };

function vendor<const K extends Kinds>(declared: Vendor<K>): Vendor {
  // Values are made by the kinds of the same declaration.
  return declared as unknown as Vendor;
}

const SERVICE = "skipper";

/** A whole number from `min` on. */
function count(min: number): Kind<number> {
  return restricted(int, `a whole number from ${min} on`, (value) => value >= min);
}

const positiveDuration = restricted(duration, "a duration above 0", (value) => value > 0);

/** host:port; the host may be an address in brackets. */
const address = restricted(string, "host:port", (text) => {
  const found = /^(?:\[[0-9a-fA-F:.]+\]|[^\s:/[\]@?#]+):(\d{1,5})$/.exec(text);
  return found !== null && Number(found[1]) > 0 && Number(found[1]) < 65_536;
});

/** `tag=name=value`, any number of times. */
const tags: Kind<Readonly<Record<string, string>>> = {
  type: "name=value",
  fromFlag(text, previous = {}) {
    const equals = text.indexOf("=");
    return equals < 1 ? new Invalid("") : { ...previous, [text.slice(0, equals)]: text.slice(equals + 1) };
  },
};

const SAMPLER_TYPES = "const, probabilistic:<0 to 1>, rateLimiting:<traces per second> or remote:<0 to 1>";

/** What a sampling server would be asked for begins with a ratio. */
type JaegerSampler = SamplerSettings | { readonly type: "ratio"; readonly ratio: number; readonly remote: true };
const REMOTE: JaegerSampler = { type: "ratio", ratio: 0.001, remote: true };

const jaegerSampler: Kind<JaegerSampler> = {
  type: SAMPLER_TYPES,
  fromFlag(text) {
    if (text === "const") return { type: "always" };
    const colon = text.indexOf(":");
    const kind = text.slice(0, Math.max(colon, 0));
    const parameter = text.slice(colon + 1);
    const number = decimal.test(parameter) ? Number(parameter) : -1;
    if (kind === "rateLimiting" && number >= 0) {
      return number === 0 ? { type: "never" } : { type: "rate", perSecond: number };
    }
    if (number < 0 || number > 1) return new Invalid("");
    if (kind === "probabilistic") return { type: "ratio", ratio: number };
    return kind === "remote" ? { type: "ratio", ratio: number, remote: true } : new Invalid("");
  },
};

const basic = vendor({
  options: {
    "drop-all-logs": bool,
    "sample-modulo": count(1),
    "max-logs-per-span": count(0),
    recorder: oneOf("in-memory"),
  },
  idle: [],
  settings: (given) => ({
    resource: { "service.name": SERVICE },
    sampler: { type: "ratio", ratio: 1 / (given["sample-modulo"] ?? 1) },
    exporter: { type: "console", prefix: "SAMPLED=", firstLine: "DO NOT USE IN PRODUCTION" },
    batch: { ...DEFAULT_BATCH, delayMs: 1000 },
    maxEvents: given["drop-all-logs"] === true ? 0 : given["max-logs-per-span"] || DEFAULT_EVENTS,
  }),
});

/** Where agents of Jaeger take UDP, which nothing speaks any more. */
const AGENT_PORTS = [5775, 6831, 6832];
const OTLP_PORT = 4318;

const jaeger = vendor({
  options: {
    "service-name": string,
    "use-rpc-metrics": bool,
    "sampler-type": jaegerSampler,
    "sampler-url": string,
    "reporter-queue": count(1),
    "reporter-interval": positiveDuration,
    "local-agent": address,
    tag: tags,
  },
  idle: ["use-rpc-metrics", "sampler-url"],
  settings: (given, environment) =>
    overOtlp({
      resource: { "service.name": given["service-name"] ?? SERVICE, ...given.tag },
      sampler: given["sampler-type"] ?? REMOTE,
      url: urlOf(given["local-agent"] === undefined ? "" : `http://${agentAddress(given["local-agent"])}`, environment),
      headers: {},
      batch: {
        ...DEFAULT_BATCH,
        delayMs: given["reporter-interval"] ?? 1000,
        queueSize: given["reporter-queue"] ?? DEFAULT_BATCH.queueSize,
      },
      maxEvents: DEFAULT_EVENTS,
    }),
  notes: ({ "sampler-type": sampler = REMOTE }) =>
    "remote" in sampler ? [`no sampling server is asked, ${sampler.ratio} of all traces are recorded`] : [],
});

/** An agent's UDP port stands for the port where Jaeger takes OTLP; another one is taken as it is. */
function agentAddress(given: string): string {
  const colon = given.lastIndexOf(":");
  return AGENT_PORTS.includes(Number(given.slice(colon + 1))) ? `${given.slice(0, colon)}:${OTLP_PORT}` : given;
}

const LIGHTSTEP = "https://ingest.lightstep.com";
/** Collectors of the vendor that take its own protocol alone. */
const LIGHTSTEP_COLLECTORS = /^collector(?:-grpc)?\.lightstep\.com:/;
const LIGHTSTEP_PROPAGATORS = ["ls", "lightstep", "b3"];

const lightstep = vendor({
  options: {
    token: string,
    "component-name": string,
    collector: address,
    plaintext: bool,
    protocol: oneOf("grpc", "http"),
    "grpc-max-msg-size": count(1),
    "min-period": positiveDuration,
    "max-period": positiveDuration,
    tag: tags,
    "cmd-line": string,
    "log-events": bool,
    "max-buffered-spans": count(1),
    "max-log-key-len": count(1),
    "max-log-value-len": count(1),
    "max-logs-per-span": count(0),
    propagators: string,
  },
  idle: [
    "protocol",
    "grpc-max-msg-size",
    "min-period",
    "log-events",
    "max-log-key-len",
    "max-log-value-len",
    "propagators",
  ],
  settings(given, environment) {
    if (given.token === undefined) return new Invalid("missing token= option");
    const minMs = given["min-period"] ?? 500;
    const maxMs = given["max-period"] ?? 2500;
    if (minMs > maxMs) {
      return new Invalid(`wrong periods settings ${formatDuration(minMs)} > ${formatDuration(maxMs)}`);
    }
    const propagators = (given.propagators ?? "ls").split(",");
    const unknown = propagators.find((name) => !LIGHTSTEP_PROPAGATORS.includes(name));
    if (unknown !== undefined) return new Invalid(`unknown propagator ${JSON.stringify(unknown)}`);
    if (propagators.length > 2) {
      return new Invalid(`invalid argument for propagators option: expected at most two, got ${propagators.length}`);
    }
    const { collector = "", plaintext = false } = given;
    const own = collector === "" || LIGHTSTEP_COLLECTORS.test(collector) ? "" : collector;
    const base = own === "" ? "" : `${plaintext ? "http" : "https"}://${own}`;
    const command = given["cmd-line"] === undefined ? {} : { "lightstep.command_line": given["cmd-line"] };
    return overOtlp({
      resource: { "service.name": given["component-name"] ?? SERVICE, ...command, ...given.tag },
      sampler: { type: "always" },
      url: urlOf(base, environment, LIGHTSTEP),
      headers: { "lightstep-access-token": given.token },
      batch: { ...DEFAULT_BATCH, delayMs: maxMs, queueSize: given["max-buffered-spans"] ?? 1000 },
      maxEvents: given["max-logs-per-span"] ?? 500,
    });
  },
});

const instana = vendor({
  options: { "service-name": string },
  idle: [],
  settings: (given, environment) =>
    overOtlp({
      resource: { "service.name": given["service-name"] ?? SERVICE },
      sampler: { type: "always" },
      // The variable of Instana's clients; its agent takes OTLP at the usual port.
      url: urlOf("", environment, `http://${environment.INSTANA_AGENT_HOST || "localhost"}:${OTLP_PORT}`),
      headers: {},
      batch: DEFAULT_BATCH,
      maxEvents: DEFAULT_EVENTS,
    }),
});

/** By their names. */
export const vendors: Readonly<Record<string, Vendor>> = { basic, jaeger, lightstep, instana };

/** What `text`, the value of the flag, asks for. Null: nothing. */
export function openTracingSettings(text: string, environment: Environment): VendorTracing | Invalid | null {
  const [name = NO_TRACER, ...words] = text.split(/\s+/).filter((word) => word !== "");
  if (name === NO_TRACER) return null;
  const found = Object.hasOwn(vendors, name) ? vendors[name] : undefined;
  if (found === undefined) return new Invalid(`tracer '${name}' not supported`);
  const read = readOptions(found.options, words);
  if (read instanceof Invalid) return read;
  const settings = found.settings(read.values, environment);
  if (settings instanceof Invalid) return settings;
  const { exporter } = settings;
  const idle = found.idle.filter((option) => option in read.values);
  const notes = [
    ...(exporter.type === "otlp" ? [`spans go by OTLP to ${exporter.url}, not by the vendor's protocol`] : []),
    ...(idle.length === 0 ? [] : [`options without effect: ${idle.join(", ")}`]),
    ...(read.unknown.length === 0 ? [] : [`unknown options: ${read.unknown.join(", ")}`]),
    ...(found.notes?.(read.values) ?? []),
  ];
  return { settings, warnings: notes.map((note) => `opentracing: ${name}: ${note}`) };
}

function readOptions(
  kinds: Kinds,
  words: readonly string[],
): { readonly values: Values<Kinds>; readonly unknown: readonly string[] } | Invalid {
  const values: Record<string, unknown> = {};
  const unknown: string[] = [];
  for (const word of words) {
    const equals = word.indexOf("=");
    const key = equals < 0 ? word : word.slice(0, equals);
    const kind = Object.hasOwn(kinds, key) ? kinds[key] : undefined;
    if (kind === undefined) {
      unknown.push(key);
      continue;
    }
    const text = equals < 0 ? "" : word.slice(equals + 1);
    if (text === "" && (equals >= 0 || kind.isBool !== true)) return new Invalid(`missing argument for ${key} option`);
    const value = kind.fromFlag(text === "" ? "true" : text, values[key]);
    if (value instanceof Invalid) {
      const type = kind.type === "" ? "true or false" : kind.type;
      return new Invalid(`invalid argument for ${key} option: expected ${type}, got ${JSON.stringify(text)}`);
    }
    values[key] = value;
  }
  return { values, unknown };
}

/** The kind with a narrower range; `type` says which. */
function restricted<T>(kind: Kind<T>, type: string, isAllowed: (value: T) => boolean): Kind<T> {
  return {
    ...kind,
    type,
    fromFlag(text, previous) {
      const value = kind.fromFlag(text, previous);
      return value instanceof Invalid || isAllowed(value) ? value : new Invalid("");
    },
  };
}

/** The collector that the options name, else the one of the environment, else the usual one. */
function urlOf(base: string, environment: Environment, usual = `http://localhost:${OTLP_PORT}`): string {
  return base === "" ? endpointOfEnvironment(environment) || tracesUrl(usual) : tracesUrl(base);
}

interface OverOtlp extends Omit<TracingSettings, "exporter"> {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

function overOtlp({ url, headers, batch, ...rest }: OverOtlp): TracingSettings | Invalid {
  const exporter: ExporterSettings | Invalid = otlpSettings(url, headers);
  const bounded: BatchSettings = boundedBatch(batch);
  return exporter instanceof Invalid ? exporter : { ...rest, exporter, batch: bounded };
}
