// Options whose text has a structure of its own: read once at start, used by the part of the proxy that they steer. Each function
// gives the setting or the message of what is wrong.

import { Invalid, type OptionKind } from "./option.ts";
import { decimal, duration } from "./option-kinds.ts";

const infinity = /^\+?inf(?:inity)?$/i;

/**
 * Upper bounds of a histogram, each once, in rising order; empty when the option is empty. Infinity is left out: every histogram
 * has that bucket. The message is one for all three options.
 */
export function parseBuckets(text: string): number[] | Invalid {
  if (text.trim() === "") return [];
  const bounds = new Set<number>();
  for (const part of text.split(",")) {
    const number = part.trim();
    if (infinity.test(number)) continue;
    if (!decimal.test(number)) {
      return new Invalid(`unable to parse histogram-metric-buckets: parsing ${JSON.stringify(number)}: invalid syntax`);
    }
    bounds.add(Number(number));
  }
  return [...bounds].sort((a, b) => a - b);
}

/** What -forwarded-headers asks for (spec proxy 6). Empty text: the header is left alone. */
export interface ForwardedHeaderSettings {
  for: boolean;
  host: boolean;
  method: boolean;
  uri: boolean;
  /** A port, `auto` or "". */
  port: string;
  proto: "http" | "https" | "auto" | "";
}

export function parseForwardedHeaders(names: readonly string[]): ForwardedHeaderSettings | Invalid {
  const settings: ForwardedHeaderSettings = { for: false, host: false, method: false, uri: false, port: "", proto: "" };
  for (const name of names) {
    if (name === "X-Forwarded-For") settings.for = true;
    else if (name === "X-Forwarded-Host") settings.host = true;
    else if (name === "X-Forwarded-Method") settings.method = true;
    else if (name === "X-Forwarded-Uri") settings.uri = true;
    else if (name.startsWith("X-Forwarded-Port=")) settings.port = name.slice("X-Forwarded-Port=".length);
    else if (name === "X-Forwarded-Proto=http") settings.proto = "http";
    else if (name === "X-Forwarded-Proto=https") settings.proto = "https";
    else if (name === "X-Forwarded-Proto=auto") settings.proto = "auto";
    else return new Invalid(`invalid forwarded header: ${name}`);
  }
  return settings;
}

/** Entries of -forwarded-headers-exclude-cidrs as networks: one without mask gets /32, also an IPv6 address (spec flags 4). */
export function excludedNetworks(entries: readonly string[]): string[] {
  return entries.map((entry) => (entry.includes("/") ? entry : `${entry}/32`));
}

/** A value of -tls-min-version; null for none. */
export function parseTlsVersion(text: string): "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3" | null {
  switch (text) {
    case "1.0":
    case "10":
      return "TLSv1";
    case "1.1":
    case "11":
      return "TLSv1.1";
    case "1.2":
    case "12":
      return "TLSv1.2";
    case "1.3":
    case "13":
      return "TLSv1.3";
    default:
      return null;
  }
}

/** Settings of -passive-health-check (spec flags 4). */
export interface PassiveHealthCheck {
  periodMs: number;
  minRequests: number;
  minDropProbability: number;
  maxDropProbability: number;
  maxUnhealthyEndpointsRatio: number;
}

const requiredHealthKeys = ["period", "min-requests", "max-drop-probability"];

/** Null when the option is not given. */
export function parsePassiveHealthCheck(
  given: Readonly<Record<string, string>> | null,
): PassiveHealthCheck | Invalid | null {
  if (given === null) return null;
  const settings: PassiveHealthCheck = {
    periodMs: 0,
    minRequests: 0,
    minDropProbability: 0,
    maxDropProbability: 0,
    maxUnhealthyEndpointsRatio: 1,
  };
  for (const [key, value] of Object.entries(given)) {
    if (key === "period") settings.periodMs = readNumber(duration, value);
    else if (key === "min-requests") settings.minRequests = wholeNumber(value);
    else if (key === "max-drop-probability") settings.maxDropProbability = probability(value);
    else if (key === "min-drop-probability") settings.minDropProbability = probability(value);
    else if (key === "max-unhealthy-endpoints-ratio") settings.maxUnhealthyEndpointsRatio = probability(value);
    else return new Invalid(`passive health check: invalid parameter: key=${key},value=${value}`);
    if (!Object.values(settings).every((number) => number >= 0)) {
      return new Invalid(`passive health check: invalid ${key} value: ${value}`);
    }
  }
  const missing = requiredHealthKeys.filter((key) => !(key in given));
  if (missing.length > 0)
    return new Invalid(`passive health check: missing required parameters [${missing.join(" ")}]`);
  if (settings.periodMs === 0) return new Invalid(`passive health check: invalid period value: ${given.period}`);
  if (settings.minDropProbability >= settings.maxDropProbability) {
    return new Invalid("passive health check: minDropProbability should be less than maxDropProbability");
  }
  return settings;
}

function readNumber(kind: OptionKind<number>, text: string): number {
  const value = kind.fromFlag(text, 0);
  return value instanceof Invalid ? Number.NaN : value;
}

function wholeNumber(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

function probability(text: string): number {
  const value = decimal.test(text) ? Number(text) : Number.NaN;
  return value <= 1 ? value : Number.NaN;
}
