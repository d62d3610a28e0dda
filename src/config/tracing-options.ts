// Options of tracing (spec observability 9).

import { openTelemetryDocument } from "./open-telemetry-document.ts";
import { option } from "./option.ts";
import { string } from "./option-kinds.ts";

export const tracingOptions = [
  option(
    "opentracing",
    string,
    "noop",
    "Tracer of routesrv: noop, basic, jaeger, lightstep or instana, and its options, separated by blanks; the proxy traces nothing yet.",
  ),
  option(
    "open-telemetry",
    openTelemetryDocument,
    null,
    "Tracing of routesrv by OpenTelemetry, a mapping in flow style; {}: as the environment variables OTEL_* say. -opentracing does not count then.",
  ),
] as const;
