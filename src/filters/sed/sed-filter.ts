// What the four sed filters share: their arguments and the step that puts an editor into the body.

import { bytes, number, oneOf, regexp } from "../../spec/arg-kinds.ts";
import { one, optional } from "../../spec/args.ts";
import type { Filter } from "../../spec/filter.ts";
import type { CompiledRegexp } from "../../util/regexp.ts";
import { BodyEditor, type EditorSettings, type Handling } from "./editor.ts";

const DEFAULT_MAX_BYTES = 2_097_152;

export const sedDetails =
  "The replacement is literal, empty matches are not replaced, and a match may lie across the pieces in which the body arrives. Up to the buffer limit in bytes (0 or less: 2 MiB) is kept while a match may still grow; beyond it the kept text is edited as if it ended there (best-effort) or the body breaks off (abort). Content-Length is removed.";

const limits = [optional("buffer limit", number), optional("handling", oneOf("best-effort", "abort"))] as const;

export const sedArgs = [one("pattern", regexp), one("replacement", bytes), ...limits] as const;
export const sedDelimArgs = [
  one("pattern", regexp),
  one("replacement", bytes),
  one("delimiter", bytes),
  ...limits,
] as const;

/** `delimiter` "": the body is one text. */
export function sedFilter(
  phase: "request" | "response",
  pattern: CompiledRegexp,
  replacement: string,
  delimiter: string,
  limit: number | undefined,
  handling: Handling = "best-effort",
): Filter {
  const maxBytes = limit !== undefined && limit >= 1 ? Math.trunc(limit) : DEFAULT_MAX_BYTES;
  const settings: EditorSettings = { pattern, replacement, delimiter, maxBytes, handling };
  if (phase === "request") {
    return {
      request(ctx) {
        ctx.request.headers.delete("Content-Length");
        ctx.transformRequestBody(new BodyEditor(settings));
      },
    };
  }
  return {
    response(ctx) {
      ctx.response.headers.delete("Content-Length");
      ctx.transformResponseBody(new BodyEditor(settings));
    },
  };
}
