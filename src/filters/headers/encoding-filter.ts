// The common part of encodeRequestHeader and encodeResponseHeader (spec filters 6.1).

import type { Headers } from "../../http/headers.ts";
import { stringKind } from "../../spec/arg-kinds.ts";
import { type ArgKind, Refused } from "../../spec/args.ts";
import type { FilterEnv } from "../../spec/env.ts";
import type { Filter } from "../../spec/filter.ts";
import { fromByteString } from "../../util/bytes.ts";
import { codePage, codePageNames, encodeCodePage } from "../../util/code-pages.ts";

/** The name of a single byte character set, exactly as the program writes it. */
export const charset: ArgKind<string> = stringKind({
  kind: `character set, one of ${codePageNames.join(", ")}`,
  expected: "a single byte character set",
  accepts: ["ISO8859_1", "Windows1252", "CodePage1047"],
  refuses: ["iso8859_1", "UTF8", "ISO8859_12", "toString", "", 1],
  parse: (name) => (codePageNames.includes(name) ? name : new Refused(`Unknown encoder for ${JSON.stringify(name)}`)),
});

export function encodingFilter(
  message: "request" | "response",
  filterName: string,
  name: string,
  charset: string,
  log: FilterEnv["log"],
): Filter {
  const page = codePage(charset)!;
  const apply = (headers: Headers): void => {
    const value = headers.get(name);
    if (!value) return;
    const encoded = encodeCodePage(page, fromByteString(value));
    if (encoded === null) log.error(`${filterName}: header ${name} holds a character that ${charset} lacks`);
    headers.set(name, encoded ?? "");
  };
  return message === "request"
    ? { request: (ctx) => apply(ctx.request.headers) }
    : { response: (ctx) => apply(ctx.response.headers) };
}
