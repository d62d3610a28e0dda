// The text form of what filters left in the request context (spec filters 4), for the setContext* and appendContext* filters.
// What has a field of its own in the context is read there under its state bag key; everything else lies in the state bag.

import type { FilterContext } from "../../spec/context.ts";
import { toByteString } from "../../util/bytes.ts";
import { formatDuration } from "../../util/duration.ts";

/** The value under a state bag key as a byte string, undefined when there is none. */
export function contextValueText(ctx: FilterContext, key: string): string | undefined {
  switch (key) {
    case "backend:dynamic:url":
      return ctx.dynamicUrl || undefined;
    case "backend:dynamic:host":
      return ctx.dynamicHost || undefined;
    case "backend:dynamic:scheme":
      return ctx.dynamicScheme || undefined;
    case "backend:timeout":
      return durationText(ctx.backendTimeoutMs);
    case "read:timeout":
      return durationText(ctx.readTimeoutMs);
    case "write:timeout":
      return durationText(ctx.writeTimeoutMs);
    case "consistentHashKey":
      return ctx.hashKey || undefined;
    case "consistentHashBalanceFactor":
      return ctx.hashBalanceFactor === 0 ? undefined : String(ctx.hashBalanceFactor);
    case "statebag:opentracing:proxy:span":
      return ctx.backendSpanName || undefined;
    case "fastCgiFilename":
      return ctx.fastCgiFilename || undefined;
    default:
      return valueText(ctx.stateBag.get(key));
  }
}

function durationText(ms: number): string | undefined {
  return Number.isNaN(ms) ? undefined : toByteString(formatDuration(ms));
}

function valueText(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string") return value;
  if (value instanceof Map) {
    const names = [...value.keys()].map(String).sort();
    return `map[${names.map((name) => `${name}:${valueText(value.get(name)) ?? ""}`).join(" ")}]`;
  }
  if (value instanceof Error) return toByteString(value.message);
  return toByteString(String(value));
}
